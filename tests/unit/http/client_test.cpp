#include "http/client.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "support/http_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace nacre::http {
namespace {

using test::FunctionHandler;
using test::HttpFixture;

ErrorCode code_of(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no error";
    return ErrorCode::Internal;
}

TEST(CurlClient, SendsEveryMethodAndGivesEveryStatusBack) {
    FunctionHandler handler{[](const Request& request) {
        return Response::plain(418, request.method + ":" + request.read_body(100));
    }};
    HttpFixture http{handler};
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        const auto answer = http.exchange({.method = method, .url = "/"});
        EXPECT_EQ(answer.status, 418);
        EXPECT_EQ(answer.body, std::string{method} + ":");
    }
    EXPECT_EQ(http.exchange({.method = "DELETE", .url = "/", .body = "b"}).body, "DELETE:b");
    EXPECT_EQ(http.exchange({.method = "HEAD", .url = "/"}).body, "");
}

TEST(CurlClient, FollowsRedirectsOfGetOnlyAndOnlyWhenAsked) {
    FunctionHandler handler{[](const Request& request) {
        Response response = Response::plain(200, request.path);
        if (request.path != "/from") return response;
        response.status = 307;
        response.headers.set("Location", "/to");
        response.headers.set("X-From", "yes");
        return response;
    }};
    HttpFixture http{handler};
    const auto followed = http.get("/from");
    EXPECT_EQ(followed.body, "/to");
    EXPECT_FALSE(followed.headers.find("X-From").has_value());
    EXPECT_EQ(http.exchange({.url = "/from", .follow_redirects = false}).status, 307);
    EXPECT_EQ(http.exchange({.method = "PUT", .url = "/from", .body = "x"}).status, 307);
}

TEST(CurlClient, RefusesAnAnswerBeyondTheLimit) {
    FunctionHandler handler{
        [](const Request&) { return Response::plain(200, std::string(1000, 'x')); }};
    HttpFixture http{handler};
    EXPECT_EQ(
        code_of([&] { http.exchange({.url = "/", .response_limit = 999}); }),
        ErrorCode::ResourceExhausted);
    EXPECT_EQ(http.exchange({.url = "/", .response_limit = 1000}).body.size(), 1000U);
}

TEST(CurlClient, GivesTheSinkTheBodyOfASuccessOnly) {
    FunctionHandler handler{[](const Request& request) {
        return Response::plain(request.path == "/good" ? 200 : 404, "text of " + request.path);
    }};
    HttpFixture http{handler};
    StringSink sink;
    EXPECT_EQ(http.exchange({.url = "/good", .response_sink = &sink}).body, "");
    EXPECT_EQ(http.exchange({.url = "/bad", .response_sink = &sink}).body, "text of /bad");
    EXPECT_EQ(sink.text(), "text of /good");
}

TEST(CurlClient, RethrowsWhatASinkOrASourceThrew) {
    class Refusing final : public ByteSink, public ByteSource {
    public:
        void write(Bytes) override { throw Error{ErrorCode::DataCorrupt, "wrong digest"}; }

        std::size_t read(std::span<std::byte>) override {
            throw Error{ErrorCode::NotFound, "file went away"};
        }
    } refusing;

    FunctionHandler handler{
        [](const Request& request) { return Response::plain(200, request.read_body(9) + "x"); }};
    HttpFixture http{handler};
    EXPECT_EQ(
        code_of([&] { http.exchange({.url = "/", .response_sink = &refusing}); }),
        ErrorCode::DataCorrupt);
    EXPECT_EQ(
        code_of([&] { http.exchange({.method = "PUT", .url = "/", .body_source = &refusing}); }),
        ErrorCode::NotFound);
}

TEST(CurlClient, StopsAtOnceWhenAsked) {
    std::latch started{1};
    FunctionHandler handler{[&](const Request& request) {
        std::latch stopped{1};
        const std::stop_callback note{request.stop, [&] { stopped.count_down(); }};
        started.count_down();
        stopped.wait();
        return Response::plain(200, "");
    }};
    HttpFixture http{handler};
    std::stop_source stop;
    ThreadGroup group;
    std::atomic<bool> cancelled{false};
    group.start("client", [&](const std::stop_token&) {
        try {
            http.client.exchange({.url = http.url("/")}, stop.get_token());
        } catch (const Cancelled&) {
            cancelled = true;
        }
    });
    started.wait();
    stop.request_stop();
    group.join();
    EXPECT_TRUE(cancelled);
}

TEST(CurlClient, SaysThatNobodyAnswers) {
    FunctionHandler handler{[](const Request&) { return Response{}; }};
    std::uint16_t port = 0;
    {
        MemoryLogSink log;
        const Server server{{}, handler, Log{log}};
        port = server.port();
    }
    CurlClient client{"nacre-test"};
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/";
    EXPECT_EQ(code_of([&] { client.exchange({.url = url}, {}); }), ErrorCode::Unavailable);
    EXPECT_EQ(
        code_of([&] { client.exchange({.url = "file:///etc/passwd"}, {}); }),
        ErrorCode::InvalidArgument);
}

TEST(CurlClient, GivesUpOnASilentServer) {
    FunctionHandler handler{[](const Request& request) {
        std::latch stopped{1};
        const std::stop_callback note{request.stop, [&] { stopped.count_down(); }};
        stopped.wait();
        return Response::plain(200, "");
    }};
    HttpFixture http{handler};
    EXPECT_EQ(
        code_of([&] { http.exchange({.url = "/", .idle_limit = std::chrono::milliseconds{100}}); }),
        ErrorCode::DeadlineExceeded);
}

TEST(CurlClient, RefusesHeaderFieldsWithLineEnds) {
    CurlClient client{"nacre-test"};
    ClientRequest request{.url = "http://127.0.0.1:9/"};
    request.headers.add("X", "a\r\nB: c");
    EXPECT_EQ(code_of([&] { client.exchange(request, {}); }), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::http
