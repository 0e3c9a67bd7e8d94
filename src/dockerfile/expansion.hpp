#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::dockerfile {

inline constexpr std::size_t kExpansionDepthMax = 50;
inline constexpr std::size_t kExpansionBytesMax = 1U << 20U;
/// Pattern times value of all `${x%p}` and their like in one word, in bytes.
inline constexpr std::size_t kPatternWorkMax = 8U << 20U;

/// Names with values in the order in which they were set first; setting again keeps the place.
class Variables {
public:
    Variables() = default;

    explicit Variables(const std::vector<std::pair<std::string, std::string>>& items);

    std::optional<std::string> find(std::string_view name) const;
    void set(std::string_view name, std::string value);
    void erase(std::string_view name);

    const std::vector<std::pair<std::string, std::string>>& items() const noexcept {
        return items_;
    }

private:
    std::vector<std::pair<std::string, std::string>> items_;
    std::map<std::string, std::size_t, std::less<>> index_;
};

/// Of "NAME=value", as an image's configuration has them; what has no '=' is left out.
Variables variables_of(const std::vector<std::string>& env);

/// Nothing for a variable that is not set.
using VariableLookup = std::function<std::optional<std::string>(std::string_view name)>;

enum class Quotes : std::uint8_t {
    Remove,  ///< words of instructions
    Plain    ///< text of here documents: quotes mean nothing
};

struct ExpansionOptions {
    char escape = '\\';
    Quotes quotes = Quotes::Remove;
};

struct Expansion {
    std::string text;
    /// `text` split at blanks that were neither quoted nor escaped, values of variables included.
    std::vector<std::string> words;
    std::set<std::string> used;  ///< variables that were asked for and are set
    std::set<std::string>
        unset;  ///< asked for without `-`, `+` or `?`, and not set: they give nothing
};

/// `$x ${x} ${x:-w} ${x-w} ${x:+w} ${x+w} ${x:?w} ${x?w} ${x#p} ${x##p} ${x%p} ${x%%p} ${x/p/r} ${x//p/r}`, quotes and
/// the escape character, as BuildKit does it. Throws Error{InvalidArgument} for a bad substitution, an open quote
/// or a required variable that is missing, Error{ResourceExhausted} past the limits above.
Expansion expand(
    std::string_view raw, const VariableLookup& lookup, const ExpansionOptions& options = {});

/// expand() for those who need the text only.
std::string expand_text(
    std::string_view raw, const VariableLookup& lookup, const ExpansionOptions& options = {});

}  // namespace nacre::dockerfile
