#include "http/target.hpp"

#include "base/text.hpp"
#include "http/message.hpp"

namespace nacre::http {
namespace {

constexpr std::string_view kSchemeMark = "://";

std::optional<std::string> decode_field(std::string_view text) {
    return percent_decode(replace_all(text, "+", " "));
}

/// "http://host/path" without "http://host".
std::string_view without_authority(std::string_view text) noexcept {
    const std::size_t mark = text.find(kSchemeMark);
    if (mark == std::string_view::npos || text.starts_with('/')) return text;
    const std::string_view rest = text.substr(mark + kSchemeMark.size());
    const std::size_t path = rest.find_first_of("/?");
    return path == std::string_view::npos ? std::string_view{} : rest.substr(path);
}

}  // namespace

std::optional<QueryFields> parse_query(std::string_view text) {
    QueryFields fields;
    for (const std::string& piece : split(text, '&')) {
        if (piece.empty()) continue;
        const std::size_t mark = piece.find('=');
        const bool bare = mark == std::string::npos;
        auto name = decode_field(std::string_view{piece}.substr(0, mark));
        auto value =
            decode_field(bare ? std::string_view{} : std::string_view{piece}.substr(mark + 1));
        if (!name || !value) return std::nullopt;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

std::optional<Target> parse_target(std::string_view text) {
    const bool absolute = !text.starts_with('/');
    const std::string_view origin = without_authority(text);
    if (absolute && origin.data() == text.data()) return std::nullopt;
    const std::size_t mark = origin.find('?');
    auto path = percent_decode(origin.substr(0, mark));
    auto query =
        parse_query(mark == std::string_view::npos ? std::string_view{} : origin.substr(mark + 1));
    if (!path || !query || path->find('\0') != std::string::npos) return std::nullopt;
    if (path->empty()) *path = "/";
    return Target{std::move(*path), std::move(*query)};
}

}  // namespace nacre::http
