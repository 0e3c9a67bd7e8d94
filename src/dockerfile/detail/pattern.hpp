#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nacre::dockerfile::detail {

enum class Reach : std::uint8_t { Shortest, Longest };
enum class Count : std::uint8_t { First, All };

/// What all patterns of one word may cost together: pattern length times value length, in bytes.
class PatternWork {
public:
    /// Throws Error{ResourceExhausted} past kPatternWorkMax.
    void spend(std::size_t amount);

private:
    std::size_t spent_ = 0;
};

/// A shell pattern of `${x#p}` and its like: '*' any run, '?' one byte, '\' takes the next byte as it is.
std::string remove_prefix(
    std::string_view value, std::string_view pattern, Reach reach, PatternWork& work);
std::string remove_suffix(
    std::string_view value, std::string_view pattern, Reach reach, PatternWork& work);

struct Replacement {
    std::string_view pattern;
    std::string_view text;
    Count count = Count::First;
};

std::string replace_matches(
    std::string_view value, const Replacement& replacement, PatternWork& work);

}  // namespace nacre::dockerfile::detail
