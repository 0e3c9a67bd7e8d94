#include "registry/detail/refusal.hpp"

#include "base/text.hpp"
#include "json/value.hpp"

namespace nacre::registry::detail {
namespace {

ErrorCode code_of(int status) noexcept {
    switch (status) {
        case 401:
            return ErrorCode::Unauthenticated;
        case 403:
            return ErrorCode::PermissionDenied;
        case 404:
            return ErrorCode::NotFound;
        case 405:
        case 501:
            return ErrorCode::Unsupported;
        case 408:
        case 429:
            return ErrorCode::Unavailable;
        case 409:
            return ErrorCode::Conflict;
        case 413:
            return ErrorCode::ResourceExhausted;
        default:
            return status >= 500 ? ErrorCode::Unavailable : ErrorCode::InvalidArgument;
    }
}

/// distribution-spec, "Error codes": {"errors": [{"code": …, "message": …}]}.
std::string described(std::string_view body) {
    const json::Value document = json::parse(body);
    const json::Reader reader{document, "answer"};
    std::vector<std::string> texts;
    for (const json::Value& entry : reader.get_array("errors")) {
        const json::Reader error{entry, "error"};
        const std::string message = error.get_string_or("message", "");
        texts.push_back(error.get_string_or("code", "error") + ": " + message);
    }
    return join(texts, "; ");
}

std::string text_of(std::string_view body) {
    if (trim(body).empty()) return "";
    std::string text{trim(body)};
    try {
        text = described(body);
    } catch (const Error&) {
        // Proxies answer with pages of their own: as they are, cut.
        return ": " + quoted(text);
    }
    return ": " + quoted(text);
}

}  // namespace

bool is_busy(int status) noexcept {
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::optional<std::chrono::milliseconds> find_retry_after(const http::Headers& headers) {
    constexpr std::int64_t kSecondsMax = 1'000'000;
    const auto seconds = parse_integer(trim(headers.find("Retry-After").value_or("")));
    if (!seconds || *seconds < 0) return std::nullopt;
    return std::chrono::seconds{std::min(*seconds, kSecondsMax)};
}

Error refusal(int status, std::string_view body, const std::string& what) {
    Error error{
        code_of(status), what + ": answered with status " + std::to_string(status) + text_of(body)};
    if (status == 429)
        error.set_hint("the registry limits how much is asked of it: log in, or try again later");
    return error;
}

}  // namespace nacre::registry::detail
