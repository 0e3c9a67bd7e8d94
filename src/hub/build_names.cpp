#include "hub/build_names.hpp"

#include "base/text.hpp"

namespace nacre::hub {
namespace {

/// A LIKE pattern without ESCAPE, which alone an index of letter pieces answers. It matches too much where the glob
/// has one of LIKE's own characters: an exact condition follows it.
std::string loose_pattern(std::string_view glob) {
    std::string pattern{glob};
    for (char& c : pattern) {
        if (c == '*') {
            c = '%';
        } else if (c == '?' || c == '%' || c == '\\') {
            c = '_';
        }
    }
    return pattern;
}

}  // namespace

void index_build_name(Call& call, BuildId build, const koji::Nvr& nvr) {
    call.sql().execute(
        "INSERT INTO build_names (build_id, name) VALUES (?, ?)",
        bound(build, to_lower(nvr.str())));
}

void add_build_pattern(Conditions& conditions, std::string_view glob) {
    const std::string lower = to_lower(glob);
    conditions.add(
        "b.id IN (SELECT m.build_id FROM build_names m WHERE m.name LIKE ?"
        " AND m.name LIKE ? ESCAPE '\\')",
        {loose_pattern(lower), like_pattern(lower)});
}

}  // namespace nacre::hub
