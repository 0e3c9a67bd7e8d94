#include "http/message.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace nacre::http {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;

/// -1 for another character.
int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// RFC 3986 section 2.3.
bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
           || c == '.' || c == '_' || c == '~';
}

Error body_too_large(std::size_t limit) {
    return Error{
        ErrorCode::ResourceExhausted,
        "request body is larger than the limit of " + std::to_string(limit) + " bytes"};
}

Response with_type(int status, std::string text, std::string_view content_type) {
    Response response;
    response.status = status;
    response.text = std::move(text);
    response.headers.set("Content-Type", content_type);
    return response;
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
    std::erase_if(
        fields_, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
    add(name, value);
}

std::optional<std::string> Headers::find(std::string_view name) const {
    for (const auto& [field, value] : fields_)
        if (equals_ignoring_case(field, name)) return value;
    return std::nullopt;
}

std::optional<std::string> ClientCertificate::find(std::string_view name) const {
    std::optional<std::string> found;
    for (const auto& [key, value] : attributes) {
        if (!equals_ignoring_case(key, name)) continue;
        if (found) return std::nullopt;
        found = value;
    }
    return found;
}

std::optional<std::string> Request::find_query(std::string_view name) const {
    for (const auto& [field, value] : query)
        if (field == name) return value;
    return std::nullopt;
}

std::string Request::read_body(std::size_t limit) const {
    if (content_length && *content_length > limit) throw body_too_large(limit);
    std::string text;
    std::vector<std::byte> buffer(kReadBytes);
    while (const std::size_t count = body->read(buffer)) {
        if (count > limit - text.size()) throw body_too_large(limit);
        text.append(as_text(Bytes{buffer}.first(count)));
    }
    return text;
}

Response Response::plain(int status, std::string_view text) {
    return with_type(status, std::string{text}, "text/plain; charset=utf-8");
}

Response Response::json(int status, std::string text) {
    return with_type(status, std::move(text), "application/json");
}

Response Response::html(int status, std::string text) {
    return with_type(status, std::move(text), "text/html; charset=utf-8");
}

std::optional<BasicCredentials> find_basic_credentials(const Headers& headers) {
    const std::optional<std::string> field = headers.find("Authorization");
    if (!field) return std::nullopt;
    const std::size_t blank = field->find(' ');
    if (blank == std::string::npos
        || !equals_ignoring_case(std::string_view{*field}.substr(0, blank), "Basic"))
        return std::nullopt;
    try {
        const std::string pair = from_base64(trim(std::string_view{*field}.substr(blank + 1)));
        const std::size_t colon = pair.find(':');
        if (colon == std::string::npos) return std::nullopt;
        return BasicCredentials{pair.substr(0, colon), pair.substr(colon + 1)};
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded.push_back('%');
        encoded.push_back(kDigits[byte >> 4U]);
        encoded.push_back(kDigits[byte & 15U]);
    }
    return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return decoded;
}

}  // namespace nacre::http
