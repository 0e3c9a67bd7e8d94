#include "http/server.hpp"

#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "support/http_fixture.hpp"
#include "support/raw_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <latch>

namespace nacre::http {
namespace {

using test::FunctionHandler;
using test::HttpFixture;
using test::RawConnection;
using testing::HasSubstr;

constexpr std::uint64_t kLargeBytes = 64U << 20U;

/// Bytes that are never in memory together.
class PatternSource final : public ByteSource {
public:
    explicit PatternSource(std::uint64_t size) : rest_{size} {}

    std::size_t read(std::span<std::byte> buffer) override {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), rest_));
        for (std::byte& byte : buffer.first(count))
            byte = static_cast<std::byte>(rest_-- & 0xffU);
        return count;
    }

private:
    std::uint64_t rest_;
};

class PatternCheck final : public ByteSink {
public:
    explicit PatternCheck(std::uint64_t size) : expected_{size} {}

    void write(Bytes bytes) override {
        std::vector<std::byte> expected(bytes.size());
        expected_.read(expected);
        same_ = same_ && std::equal(bytes.begin(), bytes.end(), expected.begin());
        size_ += bytes.size();
    }

    std::uint64_t size() const noexcept { return size_; }

    bool same() const noexcept { return same_; }

private:
    PatternSource expected_;
    std::uint64_t size_ = 0;
    bool same_ = true;
};

void drain(ByteSource& source, ByteSink& sink) {
    std::vector<std::byte> buffer(64U << 10U);
    while (const std::size_t count = source.read(buffer))
        sink.write(Bytes{buffer}.first(count));
}

long peak_memory_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

Response echo(const Request& request) {
    Response response = Response::plain(200, request.method + " " + request.path + "\n");
    response.text += request.read_body(1U << 20U);
    response.headers.set("X-Query", request.find_query("q").value_or("-"));
    response.headers.set("X-Peer", request.peer);
    response.headers.set("X-Host", request.local_host);
    return response;
}

TEST(Server, GivesTheHandlerWhatTheClientSent) {
    FunctionHandler handler{&echo};
    HttpFixture http{handler};
    const auto answer = http.exchange({.method = "POST", .url = "/a%20b?q=1+2", .body = "text"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a b\ntext");
    EXPECT_EQ(answer.headers.find("X-Query"), "1 2");
    EXPECT_EQ(answer.headers.find("X-Peer"), "127.0.0.1");
    EXPECT_EQ(answer.headers.find("X-Host"), "127.0.0.1:" + std::to_string(http.server.port()));
}

TEST(Server, TurnsErrorsIntoStatuses) {
    const std::vector<std::pair<ErrorCode, int>> expected{
        {ErrorCode::InvalidArgument, 400},
        {ErrorCode::Unauthenticated, 401},
        {ErrorCode::PermissionDenied, 403},
        {ErrorCode::NotFound, 404},
        {ErrorCode::Conflict, 409},
        {ErrorCode::ResourceExhausted, 413},
        {ErrorCode::DataCorrupt, 500},
        {ErrorCode::Internal, 500},
        {ErrorCode::Unsupported, 501},
        {ErrorCode::Unavailable, 503},
        {ErrorCode::DeadlineExceeded, 504},
    };
    FunctionHandler handler{[&](const Request& request) -> Response {
        const auto index = static_cast<std::size_t>(std::stoi(*request.find_query("n")));
        throw Error{expected.at(index).first, "cannot do it"}.with_hint("do other");
    }};
    HttpFixture http{handler};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto answer = http.get("/?n=" + std::to_string(i));
        EXPECT_EQ(answer.status, expected[i].second);
        const std::string text = answer.status == 500
                                     ? "internal error, see the log of the service\n"
                                     : "cannot do it\nhint: do other\n";
        EXPECT_EQ(answer.body, text);
        EXPECT_EQ(answer.headers.find("WWW-Authenticate").has_value(), answer.status == 401);
    }
    EXPECT_EQ(http.log.lines().size(), expected.size() + 5) << "one debug line each, five failures";
}

TEST(Server, LogsAForeignExceptionOnceAndHidesItFromTheClient) {
    FunctionHandler handler{[](const Request&) -> Response { throw std::runtime_error{"ouch"}; }};
    HttpFixture http{handler};
    const auto answer = http.get("/");
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, testing::Not(HasSubstr("ouch")));
    EXPECT_THAT(http.log.lines().at(0), HasSubstr("ouch"));
}

TEST(Server, AnswersHeadWithTheLengthAndWithoutTheBody) {
    FunctionHandler handler{[](const Request& request) {
        if (request.path == "/text") return Response::plain(200, "12345");
        Response response;
        response.source = std::make_unique<PatternSource>(7000);
        response.source_size = 7000;
        return response;
    }};
    HttpFixture http{handler};
    const RawConnection raw{http.server.port()};
    raw.send("HEAD /text HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(raw.receive_until("\r\n\r\n"), HasSubstr("Content-Length: 5\r\n"));
    raw.send("HEAD /source HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string head = raw.receive_all();
    EXPECT_THAT(head, HasSubstr("Content-Length: 7000\r\n"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST(Server, StreamsALargeUploadAndDownloadInFlatMemory) {
    FunctionHandler handler{[](const Request& request) {
        if (request.method == "PUT") {
            PatternCheck check{kLargeBytes};
            drain(*request.body, check);
            return Response::plain(check.same() ? 200 : 500, std::to_string(check.size()));
        }
        Response response;
        response.source = std::make_unique<PatternSource>(kLargeBytes);
        if (request.path == "/sized") response.source_size = kLargeBytes;
        return response;
    }};
    HttpFixture http{handler};
    http.get("/warm-up-of-libraries");
    const long before = peak_memory_kib();
    for (const bool sized : {true, false}) {
        PatternSource body{kLargeBytes};
        ClientRequest put{.method = "PUT", .url = "/", .body_source = &body};
        if (sized) put.body_size = kLargeBytes;
        const auto stored = http.exchange(put);
        EXPECT_EQ(stored.status, 200);
        EXPECT_EQ(stored.body, std::to_string(kLargeBytes));

        PatternCheck check{kLargeBytes};
        http.exchange({.url = sized ? "/sized" : "/chunked", .response_sink = &check});
        EXPECT_EQ(check.size(), kLargeBytes);
        EXPECT_TRUE(check.same());
    }
    EXPECT_LT(peak_memory_kib() - before, 16 << 10);
}

TEST(Server, KeepsTheConnectionWhenTheHandlerLeavesTheBody) {
    FunctionHandler handler{[](const Request& request) {
        return Response::plain(request.method == "PUT" ? 403 : 200, "answer");
    }};
    HttpFixture http{handler};
    const RawConnection raw{http.server.port()};
    const std::string body(3U << 20U, 'x');
    raw.send(
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    ASSERT_TRUE(raw.send(body));
    EXPECT_THAT(raw.receive_until("answer"), HasSubstr("403 Forbidden"));
    raw.send(
        "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
    EXPECT_THAT(raw.receive_until("answer"), HasSubstr("403 Forbidden"));
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(raw.receive_until("answer"), HasSubstr("200 OK"));
}

TEST(Server, AsksForTheBodyOnlyWhenTheHandlerReadsIt) {
    FunctionHandler handler{[](const Request& request) {
        if (request.path == "/refused") return Response::plain(401, "no");
        return Response::plain(200, request.read_body(100));
    }};
    HttpFixture http{handler};
    const std::string fields =
        " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    const RawConnection wanted{http.server.port()};
    wanted.send("PUT /wanted" + fields);
    EXPECT_THAT(wanted.receive_until("\r\n\r\n"), HasSubstr("100 Continue"));
    wanted.send("body");
    EXPECT_THAT(wanted.receive_until("body"), HasSubstr("200 OK"));
    const RawConnection refused{http.server.port()};
    refused.send("PUT /refused" + fields);
    EXPECT_THAT(refused.receive_until("no"), testing::StartsWith("HTTP/1.1 401"));
}

TEST(Server, HoldsBackAClientThatSendsFasterThanTheHandlerReads) {
    std::latch may_read{1};
    FunctionHandler handler{[&](const Request& request) {
        may_read.wait();
        PatternCheck check{kLargeBytes};
        drain(*request.body, check);
        return Response::plain(check.same() ? 200 : 500, std::to_string(check.size()));
    }};
    HttpFixture http{handler};
    std::atomic<std::uint64_t> sent{0};
    ThreadGroup group;
    group.start("sender", [&](const std::stop_token&) {
        class Counting final : public ByteSource {
        public:
            explicit Counting(std::atomic<std::uint64_t>& total) : total_{total} {}

            std::size_t read(std::span<std::byte> buffer) override {
                const std::size_t count = pattern_.read(buffer);
                total_ += count;
                return count;
            }

        private:
            PatternSource pattern_{kLargeBytes};
            std::atomic<std::uint64_t>& total_;
        } body{sent};
        ClientRequest put{.method = "PUT", .url = "/", .body_source = &body};
        put.body_size = kLargeBytes;
        EXPECT_EQ(http.exchange(put).body, std::to_string(kLargeBytes));
    });
    std::uint64_t before = 1;
    // What the kernel's socket buffers take is all that is sent.
    for (int round = 0; round < 100 && before != sent; ++round) {
        before = sent;
        RawConnection{http.server.port()}.receive_until("x", std::chrono::milliseconds{50});
    }
    EXPECT_LT(sent.load(), kLargeBytes / 2);
    may_read.count_down();
    group.join();
}

TEST(Server, ServesAHundredClientsAtOnce) {
    FunctionHandler handler{&echo};
    HttpFixture http{handler};
    std::atomic<int> good{0};
    ThreadGroup group;
    for (int i = 0; i < 100; ++i)
        group.start("client", [&, i](const std::stop_token&) {
            for (int round = 0; round < 5; ++round) {
                const std::string body(static_cast<std::size_t>(i) * 1000, 'b');
                const auto answer = http.exchange({.method = "PUT", .url = "/p", .body = body});
                if (answer.status == 200 && answer.body == "PUT /p\n" + body) ++good;
            }
        });
    group.join();
    EXPECT_EQ(good, 500);
}

TEST(Server, RequestsTheStopOfAHandlerWhoseClientWentAway) {
    std::latch started{1};
    std::latch stopped{1};
    FunctionHandler handler{[&](const Request& request) -> Response {
        const std::stop_callback note{request.stop, [&] { stopped.count_down(); }};
        started.count_down();
        stopped.wait();
        throw Cancelled{};
    }};
    HttpFixture http{handler};
    RawConnection raw{http.server.port()};
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    started.wait();
    raw.close();
    stopped.wait();
}

TEST(Server, TellsTheHandlerThatTheBodyBrokeOff) {
    std::latch done{1};
    ErrorCode code = ErrorCode::Internal;
    std::latch started{1};
    FunctionHandler handler{[&](const Request& request) -> Response {
        std::vector<std::byte> buffer(1000);
        request.body->read(buffer);
        started.count_down();
        try {
            while (request.body->read(buffer) > 0) {
            }
        } catch (const Error& error) {
            code = error.code();
        }
        done.count_down();
        return Response::plain(200, "");
    }};
    HttpFixture http{handler};
    RawConnection raw{http.server.port()};
    raw.send(
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + std::string(600'000, 'x'));
    started.wait();
    raw.close();
    done.wait();
    EXPECT_EQ(code, ErrorCode::Unavailable);
}

TEST(Server, NoticesAClientThatEndsRightAfterAPieceOfTheBody) {
    constexpr int kRounds = 50;
    std::latch done{kRounds};
    FunctionHandler handler{[&](const Request& request) {
        try {
            return Response::plain(200, request.read_body(1000));
        } catch (const Error&) {
            done.count_down();
            throw;
        }
    }};
    HttpFixture http{handler};
    for (int round = 0; round < kRounds; ++round) {
        const RawConnection raw{http.server.port()};
        raw.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
        raw.receive_until("\r\n\r\n");
        raw.send("hello");
    }
    done.wait();
}

TEST(Server, BreaksTheConnectionWhenASourceFails) {
    class Failing final : public ByteSource {
    public:
        std::size_t read(std::span<std::byte> buffer) override {
            if (first_) return first_ = false, buffer.size();
            throw Error{ErrorCode::Unavailable, "disk on fire"};
        }

    private:
        bool first_ = true;
    };

    FunctionHandler handler{[](const Request& request) {
        Response response;
        response.source = std::make_unique<Failing>();
        if (request.path == "/sized") response.source_size = 1U << 30U;
        return response;
    }};
    HttpFixture http{handler};
    EXPECT_THROW(http.get("/sized"), Error);
    EXPECT_THROW(http.get("/chunked"), Error);
    EXPECT_THAT(http.log.lines(), testing::Contains(HasSubstr("disk on fire")));
}

TEST(Server, DropsTheSourceOfAnAnswerThatNobodyReads) {
    class Noted final : public ByteSource {
    public:
        explicit Noted(std::latch& dropped) : dropped_{dropped} {}

        ~Noted() override { dropped_.count_down(); }

        Noted(const Noted&) = delete;
        Noted& operator=(const Noted&) = delete;

        std::size_t read(std::span<std::byte> buffer) override { return buffer.size(); }

    private:
        std::latch& dropped_;
    };

    std::latch dropped{1};
    FunctionHandler handler{[&](const Request&) {
        Response response;
        response.source = std::make_unique<Noted>(dropped);
        return response;
    }};
    HttpFixture http{handler};
    RawConnection raw{http.server.port()};
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(raw.receive_until("\r\n\r\n"), HasSubstr("200 OK"));
    raw.close();
    dropped.wait();
}

TEST(Server, EndsRunningRequestsWhenItStops) {
    std::latch started{1};
    FunctionHandler handler{[&](const Request& request) {
        std::latch stopped{1};
        const std::stop_callback note{request.stop, [&] { stopped.count_down(); }};
        started.count_down();
        stopped.wait();
        return Response::plain(200, "stopped in time");
    }};
    MemoryLogSink log;
    auto server = std::make_unique<Server>(ServerConfig{}, handler, Log{log});
    const RawConnection raw{server->port()};
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    started.wait();
    const RawConnection half{server->port()};
    half.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Le");
    server.reset();
    EXPECT_THAT(raw.receive_all(), HasSubstr("stopped in time"));
}

TEST(Server, StopsWhileUploadsAndDownloadsAreInTheMiddle) {
    std::latch started{2};
    FunctionHandler handler{[&](const Request& request) {
        Response response;
        if (request.method == "PUT") {
            std::vector<std::byte> buffer(10);
            request.body->read(buffer);
            started.count_down();
            StringSink rest;
            drain(*request.body, rest);
            return response;
        }
        started.count_down();
        response.source = std::make_unique<PatternSource>(kLargeBytes);
        return response;
    }};
    MemoryLogSink log;
    auto server = std::make_unique<Server>(ServerConfig{}, handler, Log{log});
    const RawConnection up{server->port()};
    up.send(
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + std::string(400'000, 'x'));
    const RawConnection down{server->port()};
    down.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    started.wait();
    server.reset();
    EXPECT_THAT(up.receive_all(), testing::AnyOf("", HasSubstr("503")));
}

}  // namespace
}  // namespace nacre::http
