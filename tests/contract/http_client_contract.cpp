#include "contract/http_client_contract.hpp"

#include "base/error.hpp"
#include "support/http_fixture.hpp"

namespace nacre {
namespace {

/// Says what it was asked.
http::Response echo(const http::Request& request) {
    http::Response response;
    response.status = request.path == "/missing" ? 404 : 200;
    response.headers.set("Asked-By", request.headers.find("Name").value_or("nobody"));
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

}  // namespace
}  // namespace nacre
