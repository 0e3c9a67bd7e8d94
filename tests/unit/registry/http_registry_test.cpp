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
using test::message_of;
using testing::HasSubstr;

http::Response answer(int status, const std::string& body = "") {
    return http::Response::plain(status, body);
}

http::Response busy(const std::string& retry_after) {
    http::Response response = answer(429, "slow down");
    if (!retry_after.empty()) response.headers.set("Retry-After", retry_after);
    return response;
}

http::Response moved(const std::string& location) {
    http::Response response = answer(307);
    response.headers.set("Location", location);
    return response;
}

http::Response document(const std::string& media_type, const std::string& bytes) {
    http::Response response = answer(200, bytes);
    response.headers.set("Content-Type", media_type);
    return response;
}

TEST_F(HttpRegistryTest, SpeaksTlsExceptToThisMachineAndToRegistriesNamedInsecure) {
    HttpRegistryOptions options = quick();
    options.insecure_registries = {"plain.test:5000"};
    HttpRegistry registry{{http_, credentials_, clock_, random_}, options};
    for (const auto& [name, address] :
         {std::pair{"registry.test", "https://registry.test/v2/a/b/"},
          std::pair{"127.0.0.1:5000", "http://127.0.0.1:5000/v2/a/b/"},
          std::pair{"plain.test:5000", "http://plain.test:5000/v2/a/b/"},
          std::pair{"docker.io", "https://registry-1.docker.io/v2/a/b/"}}) {
        registry.tags({name, "a/b"}, {});
        EXPECT_THAT(http_.seen.back().url, testing::StartsWith(address));
    }
}

TEST_F(HttpRegistryTest, RefusesNamesThatAreNone) {
    for (const char* name : {"", "..", "a/../b", "A", "a?b", "a#b"})
        EXPECT_EQ(
            code_of([&] { registry_.tags({"registry.test", name}, {}); }),
            ErrorCode::InvalidArgument);
    EXPECT_TRUE(http_.seen.empty());
}

TEST_F(HttpRegistryTest, RefusesAManifestWithAnotherDigest) {
    const auto image = test::write_image(blobs_, "layer");
    intercept_ = [](const http::Request&) {
        return document(std::string{oci::kMediaTypeManifest}, "{\"schemaVersion\":2}");
    };
    oci::Reference pinned = reference("");
    pinned.digest = image.digest;
    EXPECT_THAT(
        message_of([&] { registry_.find_manifest(pinned, {}); }),
        HasSubstr("expected is " + image.digest.str()));
    intercept_ = [&](const http::Request&) {
        http::Response response = document(std::string{oci::kMediaTypeManifest}, "{}");
        response.headers.set("Docker-Content-Digest", image.digest.str());
        return response;
    };
    EXPECT_EQ(
        code_of([&] { registry_.find_manifest(reference("1"), {}); }), ErrorCode::DataCorrupt);
}

TEST_F(HttpRegistryTest, LooksIntoADocumentWhoseTypeTheServerDoesNotKnow) {
    const std::string bytes = R"({"mediaType":")" + std::string{oci::kDockerManifest} + "\"}";
    for (const char* type : {"application/json", "text/plain; charset=utf-8", ""}) {
        intercept_ = [&](const http::Request&) { return document(type, bytes); };
        EXPECT_EQ(
            registry_.find_manifest(reference("1"), {})->descriptor.media_type,
            oci::kDockerManifest);
    }
}

TEST_F(HttpRegistryTest, RefusesOtherDocuments) {
    intercept_ = [](const http::Request&) {
        return document("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}");
    };
    const Error old = error_of([&] { registry_.find_manifest(reference("1"), {}); });
    EXPECT_EQ(old.code(), ErrorCode::Unsupported);
    EXPECT_THAT(old.hint(), HasSubstr("newer tool"));
    intercept_ = [](const http::Request&) { return document("text/html", "<html>"); };
    EXPECT_THROW(registry_.find_manifest(reference("1"), {}), Error);
    intercept_ = [](const http::Request&) {
        return document(std::string{oci::kMediaTypeManifest}, std::string(5U << 20U, ' '));
    };
    EXPECT_EQ(
        code_of([&] { registry_.find_manifest(reference("1"), {}); }),
        ErrorCode::ResourceExhausted);
}

TEST_F(HttpRegistryTest, GoesOnWhereAConnectionBroke) {
    const oci::Descriptor blob = put(numbered(50'000));
    http_.fates = {
        test::Fate::BrokenOff,
        test::Fate::Unreachable,
        test::Fate::BrokenOff,
        test::Fate::AnswerLost};
    EXPECT_EQ(read(blob), numbered(50'000));
    EXPECT_EQ(count_seen("GET", "/blobs/"), 4U);
    EXPECT_EQ(http_.seen.back().headers.find("Range"), "bytes=37500-");
}

TEST_F(HttpRegistryTest, GoesOnWithAServerThatKnowsNoRanges) {
    const oci::Descriptor blob = put(numbered(50'000));
    intercept_ = [&](const http::Request&) { return answer(200, numbered(50'000)); };
    http_.fates = {test::Fate::BrokenOff};
    EXPECT_EQ(read(blob), numbered(50'000));
}

TEST_F(HttpRegistryTest, GivesUpOnABlobThatAlwaysBreaksOff) {
    const oci::Descriptor blob = put(numbered(50'000));
    http_.fates.assign(1000, test::Fate::BrokenOff);
    EXPECT_THROW(read(blob), Error);
    EXPECT_LE(http_.seen.size(), 100U);
    http_.fates.assign(1000, test::Fate::Unreachable);
    EXPECT_EQ(code_of([&] { read(blob); }), ErrorCode::Unavailable);
    EXPECT_EQ(http_.fates.size(), 996U);
}

TEST_F(HttpRegistryTest, RefusesABlobWithOtherBytes) {
    const oci::Descriptor blob = put("content");
    intercept_ = [](const http::Request&) { return answer(200, "CONTENT"); };
    EXPECT_THAT(message_of([&] { read(blob); }), HasSubstr("its bytes have the sha256"));
    intercept_ = [](const http::Request&) { return answer(200, "content and more"); };
    EXPECT_THAT(message_of([&] { read(blob); }), HasSubstr("16 bytes, its descriptor says 7"));
    static const std::string kMore = "content and more";
    intercept_ = [](const http::Request&) {
        http::Response response = answer(200);
        response.source = std::make_unique<StringSource>(kMore);
        return response;
    };
    EXPECT_THAT(message_of([&] { read(blob); }), HasSubstr("more than the 7 bytes"));
}

TEST_F(HttpRegistryTest, FollowsRedirectsWithoutGivingTheCredentialsAway) {
    const oci::Descriptor blob = put("content");
    intercept_ = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.local_host == "cdn.test") return answer(200, "content");
        if (!request.headers.find("Authorization")) {
            http::Response response = answer(401);
            response.headers.set("WWW-Authenticate", "Basic realm=\"x\"");
            return response;
        }
        if (request.path.starts_with("/here")) return moved("https://cdn.test/there");
        return moved("/here?x=y");
    };
    EXPECT_EQ(read(blob), "content");
    ASSERT_EQ(http_.seen.size(), 4U);
    EXPECT_EQ(http_.seen[2].url, "https://registry.test/here?x=y");
    EXPECT_TRUE(http_.seen[2].headers.find("Authorization"));
    EXPECT_EQ(http_.seen[3].url, "https://cdn.test/there");
    EXPECT_FALSE(http_.seen[3].headers.find("Authorization"));
}

TEST_F(HttpRegistryTest, RefusesRedirectsThatLeaveTlsOrHttpOrNeverEnd) {
    const oci::Descriptor blob = put("content");
    for (const char* location :
         {"http://registry.test/x", "file:///etc/passwd", "https://user@cdn.test/", "https://"}) {
        intercept_ = [&](const http::Request&) { return moved(location); };
        EXPECT_EQ(code_of([&] { read(blob); }), ErrorCode::DataCorrupt) << location;
    }
    intercept_ = [](const http::Request&) { return moved("/again"); };
    EXPECT_EQ(code_of([&] { read(blob); }), ErrorCode::Unavailable);
    EXPECT_LE(http_.seen.size(), 60U);
}

TEST_F(HttpRegistryTest, AsksABusyRegistryAgain) {
    put("content");
    int refusals = 3;
    intercept_ = [&](const http::Request&) -> std::optional<http::Response> {
        if (refusals == 0) return std::nullopt;
        return --refusals == 1 ? busy("0") : answer(503);
    };
    EXPECT_TRUE(registry_.find_blob(app_, write("content").digest, {}));
    EXPECT_EQ(http_.seen.size(), 4U);
    refusals = 4;
    EXPECT_EQ(
        code_of([&] { registry_.find_blob(app_, write("content").digest, {}); }),
        ErrorCode::Unavailable);
}

TEST_F(HttpRegistryTest, DoesNotWaitForARegistryThatWantsTooMuchTime) {
    intercept_ = [](const http::Request&) { return busy("86400"); };
    const Error error = error_of([&] { registry_.tags(app_, {}); });
    EXPECT_EQ(error.code(), ErrorCode::Unavailable);
    EXPECT_THAT(
        error.describe(),
        HasSubstr("tags of 'registry.test/team/app': answered with "
                  "status 429: 'slow down'"));
    EXPECT_THAT(error.hint(), HasSubstr("try again later"));
    EXPECT_EQ(http_.seen.size(), 1U);
}

TEST_F(HttpRegistryTest, SaysWhatARefusalMeans) {
    for (const auto& [status, code] :
         {std::pair{400, ErrorCode::InvalidArgument},
          std::pair{403, ErrorCode::PermissionDenied},
          std::pair{405, ErrorCode::Unsupported},
          std::pair{413, ErrorCode::ResourceExhausted},
          std::pair{500, ErrorCode::Unavailable}}) {
        intercept_ = [&, number = status](const http::Request&) {
            return answer(number, R"({"errors":[{"code":"DENIED","message":"quota of team"}]})");
        };
        const Error error = error_of([&] { registry_.tags(app_, {}); });
        EXPECT_EQ(error.code(), code);
        EXPECT_THAT(error.describe(), HasSubstr("'DENIED: quota of team'"));
    }
}

TEST_F(HttpRegistryTest, ReadsAllPagesOfTags) {
    const auto page = [](const std::string& tags, const std::string& next) {
        http::Response response = http::Response::json(200, R"({"name":"x","tags":)" + tags + "}");
        if (!next.empty()) response.headers.set("Link", "<" + next + ">; rel=\"next\"");
        return response;
    };
    intercept_ = [&](const http::Request& request) {
        const std::string last = request.find_query("last").value_or("");
        if (last.empty()) return page(R"(["1","2"])", "/v2/team/app/tags/list?n=2&last=2");
        if (last == "2") return page("null", "/v2/team/app/tags/list?last=3");
        return page(R"(["4","not a tag"])", "");
    };
    EXPECT_THAT(registry_.tags(app_, {}), testing::ElementsAre("1", "2", "4"));
    intercept_ = [&](const http::Request&) { return page("[]", "/v2/team/app/tags/list"); };
    EXPECT_EQ(code_of([&] { registry_.tags(app_, {}); }), ErrorCode::ResourceExhausted);
}

TEST_F(HttpRegistryTest, UploadsAgainWhatDidNotArrive) {
    for (const test::Fate fate : {test::Fate::Unreachable, test::Fate::AnswerLost}) {
        for (std::size_t at = 0; at < 3; ++at) {
            const oci::Descriptor blob = write(numbered(500 + at) + std::to_string(int(fate)));
            http_.fates.assign(at, test::Fate::Answered);
            http_.fates.push_back(fate);
            registry_.upload_blob(app_, blob, blobs_, {});
            EXPECT_TRUE(server_.blobs.find(blob.digest));
            http_.fates.clear();
        }
    }
}

TEST_F(HttpRegistryTest, GoesOnWithTheChunkThatTheRegistryWantsNext) {
    const oci::Descriptor blob = write(numbered(4500));
    // POST, PATCH, and the answer to the second PATCH is lost: the registry has its bytes.
    http_.fates = {test::Fate::Answered, test::Fate::Answered, test::Fate::AnswerLost};
    registry_.upload_blob(app_, blob, blobs_, {});
    EXPECT_EQ(server_.blobs.find(blob.digest), 4500U);
    EXPECT_EQ(count_seen("POST", ""), 1U);
    EXPECT_EQ(count_seen("PATCH", ""), 4U);
    EXPECT_EQ(count_seen("GET", "/blobs/uploads/"), 1U);
}

TEST_F(HttpRegistryTest, EndsTheUploadSessionWhenItFails) {
    const oci::Descriptor blob = write(numbered(500));
    intercept_ = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.method == "PUT") return answer(403);
        return std::nullopt;
    };
    EXPECT_EQ(
        code_of([&] { registry_.upload_blob(app_, blob, blobs_, {}); }),
        ErrorCode::PermissionDenied);
    EXPECT_EQ(http_.seen.back().method, "DELETE");
}

TEST_F(HttpRegistryTest, RefusesARegistryThatStoresSomethingElse) {
    const std::string other = "sha256:" + std::string(64, '0');
    intercept_ = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.method != "PUT") return std::nullopt;
        http::Response response = answer(201);
        response.headers.set("Docker-Content-Digest", other);
        return response;
    };
    EXPECT_EQ(
        code_of([&] { registry_.upload_blob(app_, write("content"), blobs_, {}); }),
        ErrorCode::DataCorrupt);
    const auto image = test::write_image(blobs_, "layer");
    const Document sent{image, store::read_blob(blobs_, image.digest, image.size)};
    EXPECT_THAT(
        message_of([&] { registry_.put_manifest(app_, "1", sent, {}); }),
        HasSubstr("stored it as " + other));
}

TEST_F(HttpRegistryTest, DoesNotGiveCredentialsToAnotherServerThatItUploadsTo) {
    intercept_ = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.local_host == "upload.test") return answer(201);
        if (!request.headers.find("Authorization")) {
            http::Response response = answer(401);
            response.headers.set("WWW-Authenticate", "Basic realm=\"x\"");
            return response;
        }
        http::Response response = answer(202);
        response.headers.set("Location", "https://upload.test/session?state=1");
        return response;
    };
    const oci::Descriptor blob = write("content");
    registry_.upload_blob(app_, blob, blobs_, {});
    EXPECT_THAT(
        http_.seen.back().url,
        testing::StartsWith("https://upload.test/session?state=1&digest=sha256%3A"));
    EXPECT_FALSE(http_.seen.back().headers.find("Authorization"));
}

TEST_F(HttpRegistryTest, PushesThroughAConnectionOfWhichAnyMessageMayBeLost) {
    for (std::size_t at = 0; at < 40; ++at) {
        const oci::Descriptor image =
            test::write_image(blobs_, numbered(3000) + std::to_string(at));
        http_.fates.assign(at, test::Fate::Answered);
        http_.fates.push_back(test::Fate::AnswerLost);
        const std::string name = "registry.test/team/app:" + std::to_string(at);
        push_image(registry_, blobs_, image, oci::Reference::parse(name), {.parallel = 1}, {});
        EXPECT_EQ(server_.names.find_tag("team/app", std::to_string(at))->digest, image.digest);
        http_.fates.clear();
    }
}

}  // namespace
}  // namespace nacre::registry
