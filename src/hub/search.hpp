#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

enum class SearchSubject : std::uint8_t { Package, Build, Tag, Target, User, Host };

enum class SearchMatch : std::uint8_t {
    Exact,
    Glob  ///< '*' and '?', any case
};

struct SearchHit {
    std::int64_t id = 0;
    std::string name;
};

/// Koji's search: the id and the name of what matches, by name unless the options say otherwise. Builds are found
/// by an index of the three-letter pieces of their names: a pattern with no three letters in a row reads all of
/// them. Fault 1000 "empty search terms".
std::vector<SearchHit> search(
    Call& call,
    SearchSubject subject,
    SearchMatch match,
    std::string_view terms,
    const QueryOptions& options = {});

}  // namespace nacre::hub
