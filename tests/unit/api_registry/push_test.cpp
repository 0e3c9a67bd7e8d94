#include "support/raw_connection.hpp"

#include "registry_fixture.hpp"
#include <gmock/gmock.h>

namespace nacre::api::registry {
namespace {

using testing::HasSubstr;

// "hello" and "hello world" by sha256sum.
const std::string kHello =
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const std::string kHelloWorld =
    "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
const std::string kUploads = "/v2/open/a/blobs/uploads/";

class PushTest : public RegistryTest {
protected:
    std::string open_upload() {
        const auto answer = send({.method = "POST", .url = kUploads});
        EXPECT_EQ(answer.status, 202);
        return answer.headers.find("Location").value();
    }

    http::ClientResponse patch(
        const std::string& url, const std::string& body, const std::string& range = "") {
        http::ClientRequest request{.method = "PATCH", .url = url, .body = body};
        if (!range.empty()) request.headers.set("Content-Range", range);
        return send(std::move(request));
    }
};

TEST_F(PushTest, TakesABlobInOneRequest) {
    const auto answer =
        send({.method = "POST", .url = kUploads + "?digest=" + kHello, .body = "hello"});
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.headers.find("Location"), "/v2/open/a/blobs/" + kHello);
    EXPECT_EQ(get("/v2/open/a/blobs/" + kHello).body, "hello");
}

TEST_F(PushTest, TakesABlobInChunks) {
    const std::string url = open_upload();
    EXPECT_EQ(send({.url = url}).headers.find("Range"), "0-0");
    const auto first = patch(url, "hello", "0-4");
    EXPECT_EQ(first.status, 202);
    EXPECT_EQ(first.headers.find("Range"), "0-4");
    const auto status = send({.url = url});
    EXPECT_EQ(status.status, 204);
    EXPECT_EQ(status.headers.find("Range"), "0-4");
    EXPECT_EQ(patch(url, " wor", "5-8").status, 202);
    const auto done = send({.method = "PUT", .url = url + "?digest=" + kHelloWorld, .body = "ld"});
    EXPECT_EQ(done.status, 201);
    EXPECT_EQ(done.headers.find("Docker-Content-Digest"), kHelloWorld);
    EXPECT_EQ(get("/v2/open/a/blobs/" + kHelloWorld).body, "hello world");
    EXPECT_EQ(spec_code(send({.url = url})), "BLOB_UPLOAD_UNKNOWN");
}

TEST_F(PushTest, RefusesAChunkThatDoesNotContinueTheUpload) {
    const std::string url = open_upload();
    EXPECT_EQ(patch(url, "hello", "0-4").status, 202);
    for (const char* range : {"0-4", "6-9", "x-y", "5"}) {
        const auto answer = patch(url, "hello", range);
        EXPECT_EQ(answer.status, 416) << range;
        EXPECT_EQ(answer.headers.find("Range"), "0-4");
        EXPECT_EQ(answer.headers.find("Location"), url);
    }
    EXPECT_EQ(spec_code(patch(url, " wor", "5-9")), "SIZE_INVALID");
    EXPECT_EQ(send({.method = "PUT", .url = url + "?digest=" + kHello}).status, 201);
}

TEST_F(PushTest, KeepsNothingOfABlobWithAnotherDigest) {
    const std::string url = open_upload();
    const auto answer = send({.method = "PUT", .url = url + "?digest=" + kHello, .body = "hallo"});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(spec_code(answer), "DIGEST_INVALID");
    EXPECT_TRUE(blobs_.list().empty());
    EXPECT_EQ(send({.url = url}).status, 404);
    EXPECT_EQ(spec_code(send({.method = "PUT", .url = open_upload()})), "DIGEST_INVALID");
}

TEST_F(PushTest, GoesOnAfterAClientThatBrokeOff) {
    const std::string url = open_upload();
    {
        const test::RawConnection raw{http_.server.port()};
        raw.send(
            "PATCH " + url
            + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
        raw.receive_until("\r\n\r\n");
        raw.send("hello");
    }
    // The session is busy until the server noticed.
    http::ClientResponse status;
    do {
        status = send({.url = url});
    } while (status.status == 409);
    EXPECT_EQ(status.status, 204);
    const std::string range = status.headers.find("Range").value();
    const std::string rest = range == "0-4" ? " world" : "hello world";
    EXPECT_EQ(
        send({.method = "PUT", .url = url + "?digest=" + kHelloWorld, .body = rest}).status, 201);
}

TEST_F(PushTest, BoundsTheNumberOfUploadsAndDropsOldOnes) {
    std::string last;
    for (int i = 0; i < 3; ++i)
        last = open_upload();
    const auto refused = send({.method = "POST", .url = kUploads});
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(spec_code(refused), "TOOMANYREQUESTS");
    EXPECT_EQ(send({.method = "DELETE", .url = last}).status, 204);
    last = open_upload();
    clock_.advance(std::chrono::hours{2});
    EXPECT_NE(open_upload(), last);
    EXPECT_EQ(send({.url = last}).status, 404);
}

TEST_F(PushTest, RefusesABlobBeyondTheLimit) {
    const std::string url = open_upload();
    const auto answer = patch(url, std::string(5001, 'x'));
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(spec_code(answer), "SIZE_INVALID");
    EXPECT_EQ(send({.url = url}).status, 404);
}

TEST_F(PushTest, KnowsAnUploadOnlyInItsRepository) {
    const std::string url = open_upload();
    const std::string other = "/v2/open/b" + url.substr(std::string{"/v2/open/a"}.size());
    EXPECT_EQ(spec_code(send({.url = other})), "BLOB_UPLOAD_UNKNOWN");
}

TEST_F(PushTest, MountsABlobThatThereIsAndOpensAnUploadElse) {
    put_blob("hello");
    const auto mounted =
        send({.method = "POST", .url = kUploads + "?mount=" + kHello + "&from=open/b"});
    EXPECT_EQ(mounted.status, 201);
    EXPECT_EQ(mounted.headers.find("Location"), "/v2/open/a/blobs/" + kHello);
    const auto missing =
        send({.method = "POST", .url = kUploads + "?mount=" + kHelloWorld + "&from=open/b"});
    EXPECT_EQ(missing.status, 202);
}

TEST_F(PushTest, RefusesManifestsThatAreWrong) {
    const std::string good = make_manifest();
    const std::string url = "/v2/open/a/manifests/";
    EXPECT_EQ(spec_code(put_manifest(url + "1", "no json")), "MANIFEST_INVALID");
    EXPECT_EQ(spec_code(put_manifest(url + "1", good, "text/plain")), "MANIFEST_INVALID");
    EXPECT_EQ(spec_code(put_manifest(url + "1", good, oci::kDockerManifest)), "MANIFEST_INVALID");
    EXPECT_EQ(spec_code(put_manifest(url + "-x", good)), "TAG_INVALID");
    EXPECT_EQ(spec_code(put_manifest(url + kHello, good)), "DIGEST_INVALID");
    EXPECT_EQ(spec_code(put_manifest(url + "1", std::string(5U << 20U, ' '))), "SIZE_INVALID");
    EXPECT_TRUE(names_.repositories().empty());
}

TEST_F(PushTest, RefusesAManifestWithoutItsBlobs) {
    const std::string text = make_manifest();
    for (const oci::Digest& digest : blobs_.list()) {
        const std::string content = store::read_blob(blobs_, digest, 100);
        blobs_.remove(digest);
        const auto answer = put_manifest("/v2/open/a/manifests/1", text);
        EXPECT_EQ(answer.status, 404);
        EXPECT_EQ(spec_code(answer), "MANIFEST_BLOB_UNKNOWN");
        EXPECT_THAT(answer.body, HasSubstr(digest.str()));
        put_blob(content);
    }
    std::string wrong_size = text;
    wrong_size.replace(wrong_size.find("\"size\":5"), 8, "\"size\":6");
    EXPECT_EQ(spec_code(put_manifest("/v2/open/a/manifests/1", wrong_size)), "MANIFEST_INVALID");
    EXPECT_EQ(put_manifest("/v2/open/a/manifests/1", text).status, 201);
}

TEST_F(PushTest, TakesAnIndexOfManifestsThatThereAre) {
    const std::string text = make_manifest();
    const auto pushed = put_manifest("/v2/open/a/manifests/amd64", text);
    const auto child = oci::Digest::parse(pushed.headers.find("Docker-Content-Digest").value());
    const std::string index = R"({"schemaVersion":2,"mediaType":")"
                              + std::string{oci::kMediaTypeIndex} + R"(","manifests":[)"
                              + descriptor(oci::kMediaTypeManifest, child, text.size()) + "]}";
    EXPECT_EQ(put_manifest("/v2/open/a/manifests/all", index, oci::kMediaTypeIndex).status, 201);
    std::string missing = index;
    missing.replace(missing.find(child.hex()), 1, child.hex()[0] == '0' ? "1" : "0");
    EXPECT_EQ(
        spec_code(put_manifest("/v2/open/a/manifests/all", missing, oci::kMediaTypeIndex)),
        "MANIFEST_BLOB_UNKNOWN");
}

TEST_F(PushTest, DeletesTagsAndManifestsButNoBlobs) {
    const auto pushed = put_manifest("/v2/open/a/manifests/1", make_manifest());
    const std::string digest = pushed.headers.find("Docker-Content-Digest").value();
    put_manifest("/v2/open/a/manifests/2", make_manifest());
    EXPECT_EQ(send({.method = "DELETE", .url = "/v2/open/a/manifests/1"}).status, 202);
    EXPECT_EQ(get("/v2/open/a/manifests/1").status, 404);
    EXPECT_EQ(get("/v2/open/a/manifests/2").status, 200);
    EXPECT_EQ(send({.method = "DELETE", .url = "/v2/open/a/manifests/" + digest}).status, 202);
    EXPECT_EQ(get("/v2/open/a/manifests/2").status, 404);
    EXPECT_EQ(send({.method = "DELETE", .url = "/v2/open/a/manifests/" + digest}).status, 404);
    const std::string blob = "/v2/open/a/blobs/" + put_blob("layer").str();
    EXPECT_EQ(spec_code(send({.method = "DELETE", .url = blob})), "UNSUPPORTED");
    EXPECT_EQ(get(blob).status, 200);
}

}  // namespace
}  // namespace nacre::api::registry
