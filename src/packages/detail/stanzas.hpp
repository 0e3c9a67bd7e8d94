#pragma once

#include "packages/installed.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::packages::detail {

inline constexpr std::size_t kFindingsMax = 100;

/// The fields that share no empty line between them; the values point into the text.
struct Stanza {
    int line = 0;  ///< of its first field, from 1
    std::vector<std::pair<std::string_view, std::string_view>> fields;

    /// The first field of that name; nothing when it is absent or empty.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
};

/// Splits "Name: value" lines into stanzas. Lines that begin with a blank continue a field and are not kept. A line that is no
/// field becomes a finding, and its stanza is left out. Each stanza goes to `take`.
void read_stanzas(
    std::string_view text,
    std::string_view file,
    Diagnostics& findings,
    const std::function<void(const Stanza&)>& take);

/// Adds a finding, unless there are very many already.
void report(Diagnostics& findings, std::string_view file, int line, std::string message);

/// Letters, digits and "+-._~:@": what names, versions and architectures consist of in both worlds.
bool is_word(std::string_view text) noexcept;

/// Sorts and removes what is there twice.
void put_in_order(Inventory& inventory);

}  // namespace nacre::packages::detail
