#include "api/distgit/multipart.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::api::distgit {
namespace {

constexpr std::size_t kBoundaryBytesMax = 70;  // RFC 2046, 5.1.1
constexpr std::size_t kParametersMax = 16;

[[noreturn]] void refuse(const std::string& why) {
    throw Error{ErrorCode::InvalidArgument, "invalid multipart body: " + why};
}

struct Parameter {
    std::string name;  ///< lower case
    std::string value;
};

/// A quoted-string, without the quotes; removes it from `rest`. Nothing when it does not end.
std::optional<std::string> take_quoted(std::string_view& rest) {
    std::string value;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '"') {
            rest.remove_prefix(i + 1);
            return value;
        }
        // Only quotes and backslashes are escaped: a file name of DOS keeps its backslashes.
        if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\'))
            ++i;
        value += rest[i];
    }
    return std::nullopt;
}

/// The next "; name=value"; removes it from `rest`. Nothing when there is none.
std::optional<Parameter> take_parameter(std::string_view& rest) {
    rest = trim(rest);
    if (!rest.starts_with(';')) return std::nullopt;
    rest = trim(rest.substr(1));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Parameter parameter{to_lower(trim(rest.substr(0, equals))), {}};
    rest = trim(rest.substr(equals + 1));
    if (rest.starts_with('"')) {
        auto value = take_quoted(rest);
        if (!value) return std::nullopt;
        parameter.value = std::move(*value);
        return parameter;
    }
    const std::size_t end = std::min(rest.find(';'), rest.size());
    parameter.value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return parameter;
}

/// The first parameter of that name after the leading word of a header field, if all of the field can be read.
std::optional<std::string> find_parameter(std::string_view text, std::string_view name) {
    std::string_view rest = text.substr(std::min(text.find(';'), text.size()));
    std::optional<std::string> found;
    for (std::size_t i = 0; i < kParametersMax && !trim(rest).empty(); ++i) {
        auto parameter = take_parameter(rest);
        if (!parameter) return std::nullopt;
        if (!found && parameter->name == name) found = std::move(parameter->value);
    }
    return found;
}

bool has_value(std::string_view field, std::string_view value) {
    return equals_ignoring_case(trim(field.substr(0, field.find(';'))), value);
}

bool is_boundary_character(char c) noexcept {
    return c > ' ' && c < 0x7f && std::string_view{"\"\\<>@[]"}.find(c) == std::string_view::npos;
}

PartHead parse_head(std::string_view text) {
    for (const std::string& line : split(text, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        if (!equals_ignoring_case(trim(line.substr(0, colon)), "Content-Disposition")) continue;
        if (auto head = parse_disposition(trim(std::string_view{line}.substr(colon + 1))))
            return std::move(*head);
    }
    refuse("a part has no 'Content-Disposition: form-data' with a name");
}

}  // namespace

std::optional<std::string> find_boundary(std::string_view content_type) {
    if (!has_value(content_type, "multipart/form-data")) return std::nullopt;
    auto boundary = find_parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > kBoundaryBytesMax
        || !std::ranges::all_of(*boundary, is_boundary_character))
        return std::nullopt;
    return boundary;
}

std::optional<PartHead> parse_disposition(std::string_view text) {
    if (!has_value(text, "form-data")) return std::nullopt;
    const auto name = find_parameter(text, "name");
    if (!name) return std::nullopt;
    return PartHead{*name, find_parameter(text, "filename")};
}

MultipartParser::MultipartParser(std::string_view boundary, PartSink& sink)
    : delimiter_{"\r\n--" + std::string{boundary}},
      sink_{sink} {}

void MultipartParser::feed(Bytes bytes) {
    if (stage_ == Stage::Epilogue) return;
    pending_.append(as_text(bytes));
    while (advance()) {
    }
}

void MultipartParser::finish() const {
    if (stage_ != Stage::Epilogue) refuse("it ends before the closing boundary");
}

/// Returns false when more bytes are needed.
bool MultipartParser::advance() {
    switch (stage_) {
        case Stage::Preamble:
            return skip_preamble();
        case Stage::AfterBoundary:
            return leave_boundary();
        case Stage::Head:
            return read_head();
        case Stage::Body:
            return read_body();
        case Stage::Epilogue:
            break;
    }
    return false;
}

bool MultipartParser::skip_preamble() {
    const std::size_t at = pending_.find(delimiter_);
    if (at == std::string::npos) {
        const std::size_t keep = std::min(pending_.size(), delimiter_.size() - 1);
        pending_.erase(0, pending_.size() - keep);
        return false;
    }
    pending_.erase(0, at + delimiter_.size());
    stage_ = Stage::AfterBoundary;
    return true;
}

bool MultipartParser::leave_boundary() {
    if (pending_.starts_with("--")) {
        pending_.clear();
        stage_ = Stage::Epilogue;
        return false;
    }
    const std::size_t end = pending_.find_first_not_of(" \t");
    if (end == std::string::npos || pending_.size() < end + 2) {
        if (pending_.size() > kPartHeaderBytesMax) refuse("a boundary does not end");
        return false;
    }
    if (pending_.compare(end, 2, "\r\n") != 0) refuse("a boundary is followed by other text");
    if (++parts_ > kPartsMax) refuse("more than " + std::to_string(kPartsMax) + " parts");
    // The line end stays: a head without any field is an empty line at once.
    pending_.erase(0, end);
    stage_ = Stage::Head;
    return true;
}

bool MultipartParser::read_head() {
    const std::size_t end = pending_.find("\r\n\r\n");
    if (std::min(end, pending_.size()) > kPartHeaderBytesMax)
        refuse(
            "the head of a part has more than " + std::to_string(kPartHeaderBytesMax) + " bytes");
    if (end == std::string::npos) return false;
    sink_.begin(parse_head(std::string_view{pending_}.substr(0, end)));
    pending_.erase(0, end + 4);
    stage_ = Stage::Body;
    return true;
}

bool MultipartParser::read_body() {
    const std::size_t at = pending_.find(delimiter_);
    if (at == std::string::npos) {
        const std::size_t keep = std::min(pending_.size(), delimiter_.size() - 1);
        const std::size_t ready = pending_.size() - keep;
        if (ready > 0) sink_.write(as_bytes(std::string_view{pending_}.substr(0, ready)));
        pending_.erase(0, ready);
        return false;
    }
    if (at > 0) sink_.write(as_bytes(std::string_view{pending_}.substr(0, at)));
    sink_.end();
    pending_.erase(0, at + delimiter_.size());
    stage_ = Stage::AfterBoundary;
    return true;
}

}  // namespace nacre::api::distgit
