#include "http/content.hpp"

#include "base/text.hpp"
#include "http/date.hpp"
#include "http/range.hpp"

#include <algorithm>

namespace nacre::http {
namespace {

/// Ends after a number of bytes, whatever its source still has.
class LimitedSource final : public ByteSource {
public:
    LimitedSource(std::unique_ptr<ByteSource> source, std::uint64_t rest)
        : source_{std::move(source)},
          rest_{rest} {}

    std::size_t read(std::span<std::byte> buffer) override {
        if (rest_ == 0) return 0;
        const auto wanted = std::min<std::uint64_t>(buffer.size(), rest_);
        const std::size_t count = source_->read(buffer.first(static_cast<std::size_t>(wanted)));
        rest_ -= count;
        return count;
    }

private:
    std::unique_ptr<ByteSource> source_;
    std::uint64_t rest_;
};

bool lists_etag(std::string_view field, std::string_view etag) {
    for (const std::string& piece : split(field, ',')) {
        std::string_view tag = trim(piece);
        if (tag == "*") return true;
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag) return true;
    }
    return false;
}

bool is_unmodified(const Request& request, const Content& content) {
    if (const auto tags = request.headers.find("If-None-Match"))
        return !content.etag.empty() && lists_etag(*tags, content.etag);
    const auto since = request.headers.find("If-Modified-Since");
    if (!since || !content.last_modified) return false;
    const auto time = parse_date(*since);
    return time && *content.last_modified <= *time;
}

Range find_range(const Request& request, const Content& content) {
    const auto field = request.headers.find("Range");
    if (!field || request.method != "GET") return {};
    if (const auto condition = request.headers.find("If-Range")) {
        const bool same_date =
            content.last_modified && parse_date(*condition) == content.last_modified;
        if (!same_date && (content.etag.empty() || *condition != content.etag)) return {};
    }
    return parse_range(*field, content.size);
}

void describe(const Content& content, Response& response) {
    response.headers.set("Accept-Ranges", "bytes");
    if (!content.etag.empty()) response.headers.set("ETag", content.etag);
    if (content.last_modified)
        response.headers.set("Last-Modified", render_date(*content.last_modified));
}

}  // namespace

Response respond_with(const Request& request, const Content& content) {
    Response response;
    describe(content, response);
    if (is_unmodified(request, content)) {
        response.status = 304;
        return response;
    }
    const std::string total = std::to_string(content.size);
    Range range = find_range(request, content);
    if (range.kind == RangeKind::Unsatisfiable) {
        response = Response::plain(416, "the content has " + total + " bytes\n");
        response.headers.set("Content-Range", "bytes */" + total);
        return response;
    }
    if (range.kind == RangeKind::Part) {
        response.status = 206;
        response.headers.set(
            "Content-Range",
            "bytes " + std::to_string(range.first) + "-"
                + std::to_string(range.first + range.length - 1) + "/" + total);
    } else {
        range = {RangeKind::Whole, 0, content.size};
    }
    response.headers.set("Content-Type", content.type);
    response.source_size = range.length;
    if (request.method != "HEAD")
        response.source = std::make_unique<LimitedSource>(content.open(range.first), range.length);
    return response;
}

Response method_not_allowed(std::string_view allowed) {
    Response response =
        Response::plain(405, "method not allowed, expected " + std::string{allowed} + "\n");
    response.headers.set("Allow", allowed);
    return response;
}

std::string escape_html(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                escaped.push_back(c);
        }
    }
    return escaped;
}

}  // namespace nacre::http
