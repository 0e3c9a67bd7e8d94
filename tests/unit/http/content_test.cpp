#include "http/content.hpp"

#include "http/date.hpp"
#include "http/range.hpp"

#include <gtest/gtest.h>

namespace nacre::http {
namespace {

constexpr Range kWhole{};
constexpr Range kNone{RangeKind::Unsatisfiable};

Range part(std::uint64_t first, std::uint64_t length) {
    return {RangeKind::Part, first, length};
}

TEST(Range, HonoursOneRangeOfBytes) {
    EXPECT_EQ(parse_range("bytes=0-0", 10), part(0, 1));
    EXPECT_EQ(parse_range("bytes=2-", 10), part(2, 8));
    EXPECT_EQ(parse_range("bytes=2-99", 10), part(2, 8));
    EXPECT_EQ(parse_range("bytes=-3", 10), part(7, 3));
    EXPECT_EQ(parse_range("bytes=-99", 10), part(0, 10));
    EXPECT_EQ(parse_range(" BYTES= 1-2 ", 10), part(1, 2));
    EXPECT_EQ(parse_range("bytes=1-99999999999999999999999", 10), part(1, 9));
}

TEST(Range, KnowsWhatCannotBeSatisfied) {
    EXPECT_EQ(parse_range("bytes=10-", 10), kNone);
    EXPECT_EQ(parse_range("bytes=99999999999999999999999-", 10), kNone);
    EXPECT_EQ(parse_range("bytes=-0", 10), kNone);
    EXPECT_EQ(parse_range("bytes=0-", 0), kNone);
    EXPECT_EQ(parse_range("bytes=-5", 0), kNone);
}

TEST(Range, IgnoresOtherUnitsListsAndWrongSyntax) {
    for (const char* field :
         {"",
          "bytes",
          "bytes=",
          "bytes=-",
          "bytes=a-b",
          "bytes=3-2",
          "bytes=1-2,4-5",
          "items=0-1",
          "bytes=+1-2",
          "bytes=1-2x",
          "bytes=--1",
          "bytes=1 - 2"})
        EXPECT_EQ(parse_range(field, 10), kWhole) << field;
}

TEST(HttpDate, RoundTrips) {
    EXPECT_EQ(render_date(1795508222), "Tue, 24 Nov 2026 08:17:02 GMT");
    for (const std::int64_t time : {0L, 951782400L, 1795508222L, 4102444799L})
        EXPECT_EQ(parse_date(render_date(time)), time);
}

TEST(HttpDate, IsNotReadFromAnotherForm) {
    for (const char* text :
         {"",
          "Tue, 24 Nov 2026 08:17:02 UTC",
          "Tue, 24 Nov 26 08:17:02 GMT",
          "Tue, 31 Feb 2026 08:17:02 GMT",
          "Tue, 24 Nov 2026 24:17:02 GMT",
          "Tue, xx Nov 2026 08:17:02 GMT",
          "Tuesday, 24-Nov-26 08:17:02 GMT"})
        EXPECT_FALSE(parse_date(text).has_value()) << text;
}

Response ask(
    const std::vector<std::pair<std::string, std::string>>& fields, std::string method = "GET") {
    static constexpr std::string_view kText = "0123456789";
    Request request;
    request.method = std::move(method);
    for (const auto& [name, value] : fields)
        request.headers.add(name, value);
    Content content;
    content.size = kText.size();
    content.etag = "\"v1\"";
    content.last_modified = 1000;
    content.open = [](std::uint64_t offset) {
        return std::make_unique<StringSource>(kText.substr(offset));
    };
    return respond_with(request, content);
}

std::string body_of(Response& response) {
    std::string text;
    std::array<std::byte, 3> buffer{};
    while (const std::size_t count = response.source->read(buffer))
        text.append(as_text(Bytes{buffer}.first(count)));
    return text;
}

TEST(Content, IsSentWholeOrInPart) {
    Response whole = ask({});
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(body_of(whole), "0123456789");
    Response part = ask({{"Range", "bytes=2-4"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.headers.find("Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(part.source_size, 3U);
    EXPECT_EQ(body_of(part), "234");
    const Response beyond = ask({{"Range", "bytes=10-"}});
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.headers.find("Content-Range"), "bytes */10");
}

TEST(Content, IsNotOpenedForHead) {
    const Response head = ask({{"Range", "bytes=2-4"}}, "HEAD");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.source_size, 10U);
    EXPECT_EQ(head.source, nullptr);
}

TEST(Content, HonoursConditions) {
    EXPECT_EQ(ask({{"If-None-Match", "\"v0\", W/\"v1\""}}).status, 304);
    EXPECT_EQ(ask({{"If-None-Match", "*"}}).status, 304);
    EXPECT_EQ(ask({{"If-None-Match", "\"v0\""}}).status, 200);
    EXPECT_EQ(ask({{"If-Modified-Since", render_date(1000)}}).status, 304);
    EXPECT_EQ(ask({{"If-Modified-Since", render_date(999)}}).status, 200);
    EXPECT_EQ(
        ask({{"If-None-Match", "\"v0\""}, {"If-Modified-Since", render_date(1000)}}).status, 200);
}

TEST(Content, SendsARangeOnlyOfTheVersionThatIfRangeNames) {
    EXPECT_EQ(ask({{"Range", "bytes=2-4"}, {"If-Range", "\"v1\""}}).status, 206);
    EXPECT_EQ(ask({{"Range", "bytes=2-4"}, {"If-Range", "\"v0\""}}).status, 200);
    EXPECT_EQ(ask({{"Range", "bytes=2-4"}, {"If-Range", render_date(1000)}}).status, 206);
    EXPECT_EQ(ask({{"Range", "bytes=2-4"}, {"If-Range", "yesterday"}}).status, 200);
}

TEST(EscapeHtml, LeavesNothingThatEndsATextOrAnAttribute) {
    EXPECT_EQ(escape_html("<a b=\"c\" d='e'>&"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
}

}  // namespace
}  // namespace nacre::http
