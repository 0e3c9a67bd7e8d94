#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "http/server.hpp"
#include "support/http_fixture.hpp"
#include "support/raw_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <latch>

namespace nacre::http {
namespace {

using test::FunctionHandler;
using test::HttpFixture;
using test::RawConnection;
using testing::HasSubstr;

FunctionHandler greeter() {
    return FunctionHandler{[](const Request&) { return Response::plain(200, "hello"); }};
}

TEST(ServerLimits, RefusesHeaderFieldsBeyondTheLimit) {
    FunctionHandler handler = greeter();
    HttpFixture http{handler, {.header_bytes_max = 8000}};
    ClientRequest request{.url = "/"};
    request.headers.add("X-Large", std::string(9000, 'x'));
    EXPECT_EQ(http.exchange(request).status, 431);
    request.headers.set("X-Large", std::string(7000, 'x'));
    EXPECT_EQ(http.exchange(request).status, 200);
    const RawConnection raw{http.server.port()};
    raw.send("GET / HTTP/1.1\r\nX-Huge: " + std::string(300'000, 'x') + "\r\n\r\n");
    EXPECT_THAT(raw.receive_all(), testing::AnyOf("", HasSubstr(" 431 ")));
    EXPECT_EQ(http.get("/").status, 200);
}

TEST(ServerLimits, TakesATicketOfTensOfKilobytes) {
    FunctionHandler handler = greeter();
    HttpFixture http{handler};
    ClientRequest request{.url = "/"};
    request.headers.add("Authorization", "Negotiate " + std::string(60'000, 'A'));
    EXPECT_EQ(http.exchange(request).status, 200);
}

TEST(ServerLimits, RefusesATargetThatCannotBeDecoded) {
    FunctionHandler handler = greeter();
    HttpFixture http{handler};
    for (const char* target : {"/%zz", "/a%00b", "*"}) {
        const RawConnection raw{http.server.port()};
        raw.send("GET " + std::string{target} + " HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_THAT(raw.receive_until("\r\n\r\n"), HasSubstr(" 400 ")) << target;
    }
}

TEST(ServerLimits, ClosesAConnectionThatSendsNothing) {
    FunctionHandler handler = greeter();
    HttpFixture http{handler, {.idle_limit = std::chrono::seconds{1}}};
    const RawConnection silent{http.server.port()};
    const RawConnection half{http.server.port()};
    half.send("GET / HTTP/1.1\r\nHo");
    const RawConnection body{http.server.port()};
    body.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    EXPECT_EQ(silent.receive_all(), "");
    EXPECT_THAT(half.receive_all(), testing::AnyOf("", HasSubstr(" 408 ")));
    EXPECT_THAT(body.receive_all(), testing::Not(HasSubstr(" 200 ")));
}

TEST(ServerLimits, ASlowSenderOfASmallBodyOccupiesNoWorker) {
    FunctionHandler handler{
        [](const Request& request) { return Response::plain(200, request.read_body(100)); }};
    HttpFixture http{handler, {.worker_threads = 1}};
    const RawConnection slow{http.server.port()};
    slow.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    EXPECT_EQ(http.exchange({.method = "PUT", .url = "/", .body = "quick"}).body, "quick");
    slow.send("def");
    EXPECT_THAT(slow.receive_until("abcdef"), HasSubstr("abcdef"));
}

TEST(ServerLimits, RefusesWhatDoesNotFitTheQueue) {
    std::latch may_end{1};
    std::latch started{1};
    FunctionHandler handler{[&](const Request& request) {
        if (request.path == "/first") started.count_down();
        may_end.wait();
        return Response::plain(200, "done");
    }};
    HttpFixture http{handler, {.worker_threads = 1, .queue_limit = 1}};
    const RawConnection first{http.server.port()};
    first.send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    started.wait();
    const std::string next = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    std::array<std::string, 3> answers;
    const std::array<RawConnection, 3> others{
        RawConnection{http.server.port()},
        RawConnection{http.server.port()},
        RawConnection{http.server.port()}};
    for (const RawConnection& other : others)
        other.send(next);
    const auto refused = [&] {
        return std::ranges::count_if(answers, [](const auto& text) { return !text.empty(); });
    };
    for (std::size_t i = 0; i < 600 && refused() < 2; ++i)
        if (answers.at(i % 3).empty())
            answers.at(i % 3) =
                others.at(i % 3).receive_until("\r\n\r\n", std::chrono::milliseconds{20});
    EXPECT_EQ(refused(), 2);
    for (const std::string& answer : answers)
        EXPECT_THAT(answer, testing::AnyOf("", HasSubstr("503 Service Unavailable")));
    may_end.count_down();
    EXPECT_THAT(first.receive_until("done"), HasSubstr("200 OK"));
}

TEST(ServerLimits, SaysWhyItCannotListen) {
    FunctionHandler handler = greeter();
    MemoryLogSink log;
    EXPECT_THROW(Server({.address = "localhost"}, handler, Log{log}), Error);
    EXPECT_THROW(Server({.address = "203.0.113.1"}, handler, Log{log}), SystemError);
    const Server first{{}, handler, Log{log}};
    ServerConfig same;
    same.port = first.port();
    try {
        const Server second{same, handler, Log{log}};
        FAIL() << "two servers on one port";
    } catch (const SystemError& error) {
        EXPECT_EQ(error.error_number(), EADDRINUSE);
    }
}

TEST(ServerLimits, SeveralLoopThreadsShareTheWork) {
    FunctionHandler handler = greeter();
    HttpFixture http{handler, {.loop_threads = 3, .connections_max = 30}};
    EXPECT_NE(http.server.port(), 0);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(CurlClient{"x"}.exchange({.url = http.url("/")}, {}).status, 200);
}

}  // namespace
}  // namespace nacre::http
