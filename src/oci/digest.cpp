#include "oci/digest.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace nacre::oci {
namespace {

struct Algorithm {
    std::string_view name;
    std::size_t digits;
};

constexpr std::array<Algorithm, 2> kAlgorithms{{{"sha256", 64}, {"sha512", 128}}};

bool is_lower_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_well_formed(std::string_view text) noexcept {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view digits = text.substr(colon + 1);
    return std::ranges::any_of(kAlgorithms, [&](const Algorithm& known) {
        return text.substr(0, colon) == known.name && digits.size() == known.digits
               && std::ranges::all_of(digits, is_lower_hex);
    });
}

}  // namespace

Digest Digest::parse(std::string_view text) {
    if (!is_well_formed(text))
        throw Error{
            ErrorCode::InvalidArgument,
            "invalid digest " + quoted(text)
                + ", needed is 'sha256:' and 64, or 'sha512:' and 128, lower-case hex digits"};
    return Digest{text};
}

std::optional<Digest> Digest::try_parse(std::string_view text) noexcept {
    if (!is_well_formed(text)) return std::nullopt;
    return Digest{text};
}

std::string_view Digest::algorithm() const noexcept {
    return std::string_view{text_}.substr(0, text_.find(':'));
}

std::string_view Digest::hex() const noexcept {
    return std::string_view{text_}.substr(text_.find(':') + 1);
}

}  // namespace nacre::oci
