#include "koji/nvr.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::koji {
namespace {

bool is_field_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
           || c == '_' || c == '+' || c == '~' || c == '^';
}

bool is_field(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kNvrFieldMax && text != "." && text != ".."
           && std::all_of(text.begin(), text.end(), is_field_character);
}

bool is_name(std::string_view text) noexcept {
    if (text.empty() || !is_field_character(text.front())) return false;
    std::string joined{text};
    joined.erase(std::remove(joined.begin(), joined.end(), '-'), joined.end());
    return text.size() <= kNvrFieldMax && is_field(joined);
}

[[noreturn]] void refuse(std::string_view field, std::string_view text) {
    throw Error{
        ErrorCode::InvalidArgument,
        std::string{field} + " " + quoted(text) + " is not one of a build"}
        .with_hint("1 to 128 letters, digits and . _ + ~ ^, hyphens in the name only");
}

struct Pieces {
    std::string_view name;
    std::string_view version;
    std::string_view release;
};

std::optional<Pieces> find_pieces(std::string_view text) noexcept {
    const std::size_t last = text.rfind('-');
    if (last == std::string_view::npos || last == 0) return std::nullopt;
    const std::size_t first = text.rfind('-', last - 1);
    if (first == std::string_view::npos) return std::nullopt;
    return Pieces{
        .name = text.substr(0, first),
        .version = text.substr(first + 1, last - first - 1),
        .release = text.substr(last + 1)};
}

}  // namespace

Nvr::Nvr(std::string name, std::string version, std::string release)
    : name_{std::move(name)},
      version_{std::move(version)},
      release_{std::move(release)} {
    if (!is_name(name_)) refuse("name", name_);
    if (!is_field(version_)) refuse("version", version_);
    if (!is_field(release_)) refuse("release", release_);
}

Nvr Nvr::parse(std::string_view text) {
    const auto pieces = find_pieces(text);
    if (!pieces)
        throw Error{
            ErrorCode::InvalidArgument, "expected name-version-release, found " + quoted(text)};
    return {std::string{pieces->name}, std::string{pieces->version}, std::string{pieces->release}};
}

std::optional<Nvr> Nvr::find(std::string_view text) {
    const auto pieces = find_pieces(text);
    if (!pieces || !is_name(pieces->name) || !is_field(pieces->version)
        || !is_field(pieces->release))
        return std::nullopt;
    return Nvr{
        std::string{pieces->name}, std::string{pieces->version}, std::string{pieces->release}};
}

std::string Nvr::str() const {
    return name_ + "-" + version_ + "-" + release_;
}

}  // namespace nacre::koji
