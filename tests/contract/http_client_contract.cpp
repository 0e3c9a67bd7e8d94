#include "contract/http_client_contract.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "support/http_fixture.hpp"

#include <array>
#include <chrono>
#include <vector>

namespace nacre {
namespace {

constexpr std::size_t kLongBytes = 3'000'000;

std::string read_all(ByteSource& source) {
    std::string text;
    std::vector<std::byte> buffer(7'000);
    while (const std::size_t count = source.read(buffer))
        text += as_text(Bytes{buffer}.first(count));
    return text;
}

/// Says what it was asked.
http::Response echo(const http::Request& request) {
    http::Response response;
    response.status = request.path == "/missing" ? 404 : 200;
    response.headers.set("Asked-By", request.headers.find("Name").value_or("nobody"));
    if (request.path == "/body") {
        response.text = std::string(kLongBytes - 1, 'x') + "y";
        return response;
    }
    response.text = request.method + " " + request.path + " "
                    + request.find_query("a b").value_or("-") + " " + request.read_body(1U << 20U);
    return response;
}

class EchoingClient {
public:
    explicit EchoingClient(const HttpClientImplementation& implementation)
        : under_test_{implementation.make(handler_)} {}

    http::ClientResponse exchange(http::ClientRequest request, std::stop_token stop = {}) {
        request.url = under_test_->url() + request.url;
        return under_test_->client().exchange(request, std::move(stop));
    }

    http::ClientStream open(http::ClientRequest request, std::stop_token stop = {}) {
        request.url = under_test_->url() + request.url;
        return under_test_->client().open(request, std::move(stop));
    }

private:
    test::FunctionHandler handler_{echo};
    std::unique_ptr<HttpClientUnderTest> under_test_;
};

TEST_P(HttpClientContract, SendsMethodPathQueryFieldsAndBody) {
    EchoingClient client{GetParam()};
    http::ClientRequest request{.method = "POST", .url = "/x%20y?a%20b=c%26d", .body = "body"};
    request.headers.set("Name", "test");
    const http::ClientResponse response = client.exchange(request);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "POST /x y c&d body");
    EXPECT_EQ(response.headers.find("asked-by"), "test");
}

TEST_P(HttpClientContract, GivesAnyStatusAsAnAnswer) {
    EchoingClient client{GetParam()};
    EXPECT_EQ(client.exchange({.url = "/missing"}).status, 404);
}

TEST_P(HttpClientContract, SendsABodyFromASource) {
    EchoingClient client{GetParam()};
    StringSource source{"streamed"};
    const http::ClientResponse response =
        client.exchange({.method = "PUT", .url = "/s", .body_source = &source, .body_size = 8});
    EXPECT_EQ(response.body, "PUT /s - streamed");
}

TEST_P(HttpClientContract, WritesOnlyGoodAnswersToTheSink) {
    EchoingClient client{GetParam()};
    StringSink good;
    EXPECT_EQ(client.exchange({.url = "/g", .response_sink = &good}).body, "");
    EXPECT_EQ(good.text(), "GET /g - ");
    StringSink bad;
    EXPECT_EQ(client.exchange({.url = "/missing", .response_sink = &bad}).body, "GET /missing - ");
    EXPECT_EQ(bad.text(), "");
}

TEST_P(HttpClientContract, RefusesAnAnswerBeyondTheLimit) {
    EchoingClient client{GetParam()};
    try {
        client.exchange({.url = "/long", .response_limit = 3});
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
    }
}

TEST_P(HttpClientContract, DoesNotStartOnceStopped) {
    EchoingClient client{GetParam()};
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(client.exchange({.url = "/x"}, stop.get_token()), Cancelled);
}

TEST_P(HttpClientContract, GivesABodyWhileItIsRead) {
    EchoingClient client{GetParam()};
    http::ClientRequest request{.method = "POST", .url = "/s", .body = "body"};
    request.headers.set("Name", "test");
    const http::ClientStream stream = client.open(request);
    EXPECT_EQ(stream.status, 200);
    EXPECT_EQ(stream.headers.find("Asked-By"), "test");
    EXPECT_EQ(read_all(*stream.body), "POST /s - body");
    std::array<std::byte, 1> more{};
    EXPECT_EQ(stream.body->read(more), 0U);
}

/// A wait of a second for each piece that the reader has not taken yet would be much.
TEST_P(HttpClientContract, DoesNotWaitWhileItHasBytesToGive) {
    constexpr std::size_t kBodyBytes = 1'000'000;
    constexpr int kTransfers = 4;
    constexpr std::chrono::seconds kMuch{4};
    EchoingClient client{GetParam()};
    const SystemClock clock;
    const auto started = clock.steady_now();
    for (int i = 0; i < kTransfers; ++i) {
        const http::ClientStream stream =
            client.open({.method = "POST", .url = "/s", .body = std::string(kBodyBytes, 'x')});
        EXPECT_GE(read_all(*stream.body).size(), kBodyBytes);
    }
    EXPECT_LT(clock.steady_now() - started, kMuch);
}

TEST_P(HttpClientContract, StreamsTheBodyOfAnyStatus) {
    EchoingClient client{GetParam()};
    const http::ClientStream stream = client.open({.url = "/missing"});
    EXPECT_EQ(stream.status, 404);
    EXPECT_EQ(read_all(*stream.body), "GET /missing - ");
}

TEST_P(HttpClientContract, StreamsBodiesLargerThanTheLimit) {
    EchoingClient client{GetParam()};
    StringSink unused;
    const http::ClientStream stream =
        client.open({.url = "/body", .response_limit = 3, .response_sink = &unused});
    EXPECT_EQ(read_all(*stream.body), std::string(kLongBytes - 1, 'x') + "y");
    EXPECT_EQ(unused.text(), "");
}

TEST_P(HttpClientContract, CanBeUsedWhileAStreamIsOpenAndAfterItWasDropped) {
    EchoingClient client{GetParam()};
    for (int i = 0; i < 3; ++i) {
        const http::ClientStream stream = client.open({.url = "/body"});
        std::array<std::byte, 1> first{};
        EXPECT_EQ(stream.body->read(first), 1U);
        EXPECT_EQ(client.exchange({.url = "/g"}).body, "GET /g - ");
    }
    EXPECT_EQ(client.open({.method = "HEAD", .url = "/body"}).status, 200);
}

TEST_P(HttpClientContract, EndsAStreamWhenStopped) {
    EchoingClient client{GetParam()};
    std::stop_source stop;
    const http::ClientStream stream = client.open({.url = "/body"}, stop.get_token());
    stop.request_stop();
    EXPECT_THROW(read_all(*stream.body), Cancelled);
    EXPECT_THROW(client.open({.url = "/body"}, stop.get_token()), Cancelled);
}

}  // namespace
}  // namespace nacre
