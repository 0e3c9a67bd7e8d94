#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "hub/search.hpp"
#include "koji/fault.hpp"

#include <array>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

constexpr std::array kSubjects{
    std::pair{std::string_view{"package"}, hub::SearchSubject::Package},
    std::pair{std::string_view{"build"}, hub::SearchSubject::Build},
    std::pair{std::string_view{"tag"}, hub::SearchSubject::Tag},
    std::pair{std::string_view{"target"}, hub::SearchSubject::Target},
    std::pair{std::string_view{"user"}, hub::SearchSubject::User},
    std::pair{std::string_view{"host"}, hub::SearchSubject::Host},
};

/// Kinds of things that Koji knows and that do not exist here: nothing is found.
constexpr std::array<std::string_view, 4> kSubjectsOfNone{"rpm", "maven", "win", "file"};

std::optional<hub::SearchSubject> subject_of(const Parameters& parameters) {
    const std::string type = parameters.get_text("type");
    for (const auto& [name, subject] : kSubjects)
        if (name == type) return subject;
    for (const std::string_view name : kSubjectsOfNone)
        if (name == type) return std::nullopt;
    throw Fault{FaultCode::GenericError, "No such search type: " + type};
}

Value search(Context& context, const Parameters& parameters) {
    const std::string terms = parameters.get_text("terms");
    if (terms.empty()) throw Fault{FaultCode::GenericError, "empty search terms"};
    const std::string match = parameters.get_text("matchType");
    const auto subject = subject_of(parameters);
    if (match == "regexp")
        throw Fault{
            FaultCode::GenericError,
            "left out of this hub: search by regular expression; use a glob, as in 'httpd-*'"};
    const Query query = parameters.query("queryOpts");
    std::vector<hub::SearchHit> hits;
    if (subject)
        hits = hub::search(
            context.call,
            *subject,
            match == "glob" ? hub::SearchMatch::Glob : hub::SearchMatch::Exact,
            terms,
            query.options);
    return rows_of(hits, query, [](const hub::SearchHit& hit) {
        return make_struct({{"id", hit.id}, {"name", hit.name}});
    });
}

}  // namespace

Methods search_methods() {
    return {
        reading(
            "search(terms, type, matchType, queryOpts=None)",
            search,
            "{id, name} of packages, builds, tags, targets, users or hosts that match the terms: "
            "matchType is 'glob', in any case of letters, or anything else for the exact name."),
    };
}

}  // namespace nacre::api::koji
