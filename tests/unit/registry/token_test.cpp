#include "base/bytes.hpp"
#include "registry/push.hpp"
#include "support/code_of.hpp"
#include "support/errors.hpp"
#include "support/test_image.hpp"

#include "http_registry_fixture.hpp"
#include <gmock/gmock.h>

namespace nacre::registry {
namespace {

using test::code_of;
using test::error_of;
using testing::HasSubstr;

/// A registry that wants tokens, and the token server for it (Docker's token protocol) in one.
class TokenServer {
public:
    explicit TokenServer(http::Handler& registry) : registry_{registry} {}

    http::Response handle(const http::Request& request) {
        if (request.path == "/token") return give(request);
        const std::string sent = request.headers.find("Authorization").value_or("");
        auto state = state_.lock();
        if (sent.starts_with("Bearer ") && state->valid.contains(sent.substr(7)))
            return registry_.handle(request);
        http::Response response = http::Response::plain(401, "");
        response.headers.set(
            "WWW-Authenticate",
            "Bearer realm=\"" + realm + "\",service=\"the registry\",scope=\"whatever\"");
        return response;
    }

    struct Asked {
        std::string method;
        std::vector<std::string> scopes;
        std::string authorization;
        std::string body;
    };

    struct State {
        std::vector<Asked> asked;
        std::set<std::string> valid;
    };

    State state() { return *state_.lock(); }

    void revoke_all() { state_.lock()->valid.clear(); }

    std::string realm;
    std::int64_t expires_in = 300;
    bool refuses = false;

private:
    http::Response give(const http::Request& request) {
        Asked asked{
            .method = request.method,
            .scopes = {},
            .authorization = request.headers.find("Authorization").value_or(""),
            .body = request.read_body(10'000)};
        EXPECT_EQ(
            request.method == "POST" ? "the registry" : request.find_query("service"),
            "the registry");
        for (const auto& [name, value] : request.query)
            if (name == "scope") asked.scopes.push_back(value);
        auto state = state_.lock();
        const std::string token = "token-" + std::to_string(state->asked.size());
        state->asked.push_back(asked);
        if (refuses) return http::Response::plain(401, "");
        state->valid.insert(token);
        return http::Response::json(
            200, R"({"token":")" + token + R"(","expires_in":)" + std::to_string(expires_in) + "}");
    }

    http::Handler& registry_;
    Guarded<State> state_;
};

class TokenTest : public HttpRegistryTest {
protected:
    TokenTest() {
        tokens_.realm = "https://auth.test/token";
        intercept_ = [this](const http::Request& request) { return tokens_.handle(request); };
    }

    TokenServer tokens_{server_.handler()};
};

const std::string kAlice = "Basic " + to_base64(as_bytes("alice:secret"));

TEST_F(TokenTest, FetchesATokenForWhatItDoes) {
    const oci::Descriptor blob = put("content");
    EXPECT_EQ(registry_.find_blob(app_, blob.digest, {}), 7U);
    EXPECT_EQ(read(blob), "content");
    registry_.upload_blob(app_, write("more"), blobs_, {});
    const auto asked = tokens_.state().asked;
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_THAT(asked[0].scopes, testing::ElementsAre("repository:team/app:pull"));
    EXPECT_THAT(asked[1].scopes, testing::ElementsAre("repository:team/app:pull,push"));
    EXPECT_EQ(asked[0].authorization, kAlice);
}

TEST_F(TokenTest, NeverSendsTheCredentialsToTheRegistryItself) {
    registry_.find_blob(app_, put("content").digest, {});
    for (const http::ClientRequest& request : http_.seen) {
        const std::string sent = request.headers.find("Authorization").value_or("");
        EXPECT_EQ(sent == kAlice, request.url.starts_with("https://auth.test/")) << request.url;
    }
}

TEST_F(TokenTest, AsksToPullFromWhereABlobIsMounted) {
    const oci::Descriptor blob = put("content");
    EXPECT_TRUE(registry_.try_mount(app_, {"registry.test", "team/base"}, blob.digest, {}));
    EXPECT_THAT(
        tokens_.state().asked.at(0).scopes,
        testing::ElementsAre("repository:team/app:pull,push", "repository:team/base:pull"));
}

TEST_F(TokenTest, FetchesANewTokenWhenTheOldOneHasExpired) {
    const oci::Descriptor blob = put("content");
    registry_.find_blob(app_, blob.digest, {});
    clock_.advance(std::chrono::seconds{280});
    registry_.find_blob(app_, blob.digest, {});
    EXPECT_EQ(tokens_.state().asked.size(), 1U);
    clock_.advance(std::chrono::seconds{15});
    registry_.find_blob(app_, blob.digest, {});
    EXPECT_EQ(tokens_.state().asked.size(), 2U);
    tokens_.expires_in = 1;
    clock_.advance(std::chrono::seconds{300});
    registry_.find_blob(app_, blob.digest, {});
    clock_.advance(std::chrono::seconds{49});
    registry_.find_blob(app_, blob.digest, {});
    EXPECT_EQ(tokens_.state().asked.size(), 3U) << "a minute is the least";
}

TEST_F(TokenTest, FetchesANewTokenWhenTheOldOneIsRefused) {
    registry_.upload_blob(app_, write("first"), blobs_, {});
    tokens_.revoke_all();
    registry_.upload_blob(app_, write("second"), blobs_, {});
    EXPECT_EQ(tokens_.state().asked.size(), 2U);
    // In the middle of an upload too.
    int requests = 0;
    intercept_ = [&](const http::Request& request) {
        if (++requests == 3) tokens_.revoke_all();
        return tokens_.handle(request);
    };
    registry_.upload_blob(app_, write(numbered(3500)), blobs_, {});
    EXPECT_EQ(tokens_.state().asked.size(), 3U);
}

TEST_F(TokenTest, GoesWithoutCredentialsWhereThereAreNone) {
    FixedCredentials none;
    HttpRegistry registry{{http_, none, clock_, random_}, quick()};
    EXPECT_EQ(registry.find_blob(app_, put("content").digest, {}), 7U);
    EXPECT_EQ(tokens_.state().asked.at(0).authorization, "");
}

TEST_F(TokenTest, GivesAnIdentityTokenForAToken) {
    FixedCredentials identity{
        {{"registry.test",
          Credentials{
              .user = "", .password = {}, .identity_token = Secret{"a b"}, .registry_token = {}}}}};
    HttpRegistry registry{{http_, identity, clock_, random_}, quick()};
    EXPECT_EQ(registry.find_blob(app_, put("content").digest, {}), 7U);
    const auto asked = tokens_.state().asked.at(0);
    EXPECT_EQ(asked.method, "POST");
    EXPECT_THAT(asked.body, HasSubstr("grant_type=refresh_token&refresh_token=a%20b&"));
    EXPECT_THAT(asked.body, HasSubstr("&scope=repository%3Ateam%2Fapp%3Apull&"));
}

TEST_F(TokenTest, SaysThatTheCredentialsAreRefused) {
    tokens_.refuses = true;
    const Error with = error_of([&] { registry_.tags(app_, {}); });
    EXPECT_EQ(with.code(), ErrorCode::Unauthenticated);
    EXPECT_THAT(with.describe(), HasSubstr("refuses the credentials for 'team/app' (pull)"));
    FixedCredentials none;
    HttpRegistry registry{{http_, none, clock_, random_}, quick()};
    const Error without = error_of([&] { registry.tags(app_, {}); });
    EXPECT_THAT(without.describe(), HasSubstr("wants credentials for 'team/app'"));
    EXPECT_THAT(without.hint(), HasSubstr("docker login registry.test"));
}

TEST_F(TokenTest, DoesNotAskForEverWhenTheRegistryRefusesItsOwnTokens) {
    intercept_ = [this](const http::Request& request) {
        tokens_.revoke_all();
        return tokens_.handle(request);
    };
    EXPECT_EQ(code_of([&] { registry_.tags(app_, {}); }), ErrorCode::Unauthenticated);
    EXPECT_LE(http_.seen.size(), 4U);
}

TEST_F(TokenTest, DoesNotFollowARealmThatLeavesTlsOrHttp) {
    for (const char* realm :
         {"http://auth.test/token", "file:///etc/passwd", "", "https://a@b/", "//auth.test/"}) {
        tokens_.realm = realm;
        HttpRegistry registry{{http_, credentials_, clock_, random_}, quick()};
        EXPECT_THROW(registry.tags(app_, {}), Error) << realm;
    }
    EXPECT_TRUE(tokens_.state().asked.empty());
}

TEST_F(TokenTest, UnderstandsChallengesWithSeveralSchemes) {
    for (
        const char* field :
        {R"(Negotiate, Basic realm="x, y", Bearer realm="https://auth.test/token" , service="the registry")",
         R"(Digest a=b,c="d\"e", bearer realm="https://auth.test/token",service="the registry")"}) {
        HttpRegistry registry{{http_, credentials_, clock_, random_}, quick()};
        intercept_ = [&](const http::Request& request) {
            http::Response response = tokens_.handle(request);
            if (response.status == 401) response.headers.set("WWW-Authenticate", field);
            return response;
        };
        EXPECT_TRUE(registry.tags(app_, {}).empty());
    }
    intercept_ = [](const http::Request&) {
        http::Response response = http::Response::plain(401, "");
        response.headers.set("WWW-Authenticate", "Negotiate abc=");
        return response;
    };
    HttpRegistry registry{{http_, credentials_, clock_, random_}, quick()};
    EXPECT_THAT(
        test::message_of([&] { registry.tags(app_, {}); }),
        HasSubstr("offers neither Bearer nor Basic"));
}

TEST_F(TokenTest, PushesInParallelOverRealHttp) {
    test::FunctionHandler handler{
        [this](const http::Request& request) { return tokens_.handle(request); }};
    test::HttpFixture http{handler};
    const std::string address = "127.0.0.1:" + std::to_string(http.server.port());
    tokens_.realm = "http://" + address + "/token";
    FixedCredentials credentials{
        {{address + "/team",
          Credentials{
              .user = "alice",
              .password = Secret{"secret"},
              .identity_token = {},
              .registry_token = {}}}}};
    SystemClock clock;
    HttpRegistry registry{{http.client, credentials, clock, random_}, quick()};
    oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest}, .config = write("{}")};
    for (std::size_t i = 0; i < 12; ++i)
        manifest.layers.push_back(write(numbered(5000 + i)));
    const std::string bytes = oci::render(manifest);
    const oci::Descriptor image{
        .media_type = manifest.media_type,
        .digest = store::write_blob(blobs_, bytes),
        .size = bytes.size()};
    const auto destination = oci::Reference::parse(address + "/team/app:1");
    const CopyReport report = push_image(registry, blobs_, image, destination, {.parallel = 6}, {});
    EXPECT_EQ(report.blobs_copied, 13U);
    EXPECT_EQ(registry.find_manifest(destination, {})->bytes, bytes);
    EXPECT_EQ(tokens_.state().asked.size(), 2U) << "one to pull, one to push";
    EXPECT_EQ(tokens_.state().asked.front().authorization, kAlice);
}

}  // namespace
}  // namespace nacre::registry
