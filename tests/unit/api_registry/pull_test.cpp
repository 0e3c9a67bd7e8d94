#include "registry_fixture.hpp"
#include <gmock/gmock.h>

namespace nacre::api::registry {
namespace {

using testing::HasSubstr;

TEST_F(RegistryTest, PingsWithTheVersionOfTheProtocol) {
    const auto answer = get("/v2/");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.find("Docker-Distribution-API-Version"), "registry/2.0");
}

TEST_F(RegistryTest, ServesAManifestByTagAndByDigest) {
    const std::string text = make_manifest();
    const auto digest = put_manifest("/v2/open/a/manifests/1.0", text)
                            .headers.find("Docker-Content-Digest")
                            .value();
    for (const std::string& reference : {std::string{"1.0"}, digest}) {
        const auto answer = get("/v2/open/a/manifests/" + reference);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, text);
        EXPECT_EQ(answer.headers.find("Content-Type"), oci::kMediaTypeManifest);
        EXPECT_EQ(answer.headers.find("Docker-Content-Digest"), digest);
    }
    const auto head = send({.method = "HEAD", .url = "/v2/open/a/manifests/1.0"});
    EXPECT_EQ(head.headers.find("Content-Length"), std::to_string(text.size()));
    EXPECT_EQ(get("/v2/open/b/manifests/" + digest).status, 404) << "of another repository";
}

TEST_F(RegistryTest, ServesAManifestOnlyAsATypeThatTheClientAccepts) {
    put_manifest("/v2/open/a/manifests/1", make_manifest());
    const auto status_for = [&](const std::vector<std::string>& accepted) {
        http::ClientRequest request{.url = "/v2/open/a/manifests/1"};
        for (const std::string& type : accepted)
            request.headers.add("Accept", type);
        return send(request).status;
    };
    const std::string type{oci::kMediaTypeManifest};
    EXPECT_EQ(status_for({"text/html", type}), 200);
    EXPECT_EQ(status_for({"text/html;q=0.5, " + type + ";q=0.1"}), 200);
    EXPECT_EQ(status_for({"*/*"}), 200);
    EXPECT_EQ(status_for({std::string{oci::kDockerIndex}}), 404);
}

TEST_F(RegistryTest, NamesWhatIsNotThere) {
    const std::string none = "sha256:" + std::string(64, '0');
    EXPECT_EQ(spec_code(get("/v2/open/a/manifests/1")), "MANIFEST_UNKNOWN");
    EXPECT_EQ(spec_code(get("/v2/open/a/manifests/" + none)), "MANIFEST_UNKNOWN");
    EXPECT_EQ(spec_code(get("/v2/open/a/manifests/sha256:1")), "DIGEST_INVALID");
    EXPECT_EQ(spec_code(get("/v2/open/a/blobs/" + none)), "BLOB_UNKNOWN");
    EXPECT_EQ(spec_code(get("/v2/open/a/blobs/x")), "DIGEST_INVALID");
    EXPECT_EQ(spec_code(get("/v2/open/a/tags/list")), "NAME_UNKNOWN");
    EXPECT_EQ(spec_code(get("/v2/UPPER/tags/list")), "NAME_INVALID");
    EXPECT_EQ(get("/v2/nothing").status, 404);
}

TEST_F(RegistryTest, ServesBlobsWholeAndInPart) {
    const std::string url = "/v2/any/blobs/" + put_blob("0123456789").str();
    const auto whole = get(url);
    EXPECT_EQ(whole.body, "0123456789");
    EXPECT_EQ(whole.headers.find("Content-Type"), "application/octet-stream");
    http::ClientRequest part{.url = url};
    part.headers.set("Range", "bytes=3-");
    const auto answer = send(part);
    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer.body, "3456789");
    const auto head = send({.method = "HEAD", .url = url});
    EXPECT_EQ(head.headers.find("Content-Length"), "10");
}

TEST_F(RegistryTest, ListsTagsInPages) {
    const std::string text = make_manifest();
    for (const char* tag : {"c", "a", "b"})
        put_manifest("/v2/open/a/manifests/" + std::string{tag}, text);
    EXPECT_EQ(get("/v2/open/a/tags/list").body, R"({"name":"open/a","tags":["a","b","c"]})");
    const auto first = get("/v2/open/a/tags/list?n=2");
    EXPECT_EQ(first.body, R"({"name":"open/a","tags":["a","b"]})");
    EXPECT_EQ(first.headers.find("Link"), "</v2/open/a/tags/list?n=2&last=b>; rel=\"next\"");
    const auto second = get("/v2/open/a/tags/list?n=2&last=b");
    EXPECT_EQ(second.body, R"({"name":"open/a","tags":["c"]})");
    EXPECT_FALSE(second.headers.find("Link").has_value());
    EXPECT_EQ(get("/v2/open/a/tags/list?n=0").body, R"({"name":"open/a","tags":[]})");
    EXPECT_EQ(spec_code(get("/v2/open/a/tags/list?n=x")), "PAGINATION_NUMBER_INVALID");
    EXPECT_EQ(get("/v2/_catalog").body, R"({"repositories":["open/a"]})");
}

TEST_F(RegistryTest, RefusesMethodsThatThereAreNot) {
    for (const char* path : {"/v2/", "/v2/_catalog", "/v2/open/a/tags/list"}) {
        const auto answer = send({.method = "PUT", .url = path});
        EXPECT_EQ(answer.status, 405) << path;
        EXPECT_EQ(spec_code(answer), "UNSUPPORTED");
    }
    EXPECT_EQ(get("/v2/open/a/blobs/uploads/").status, 405);
}

TEST_F(RegistryTest, SaysWhereImagesComeFromWhenNobodyMayPush) {
    const ClosedPushPolicy closed;
    Registry registry{{blobs_, names_, closed, clock_, random_}};
    test::HttpFixture http{registry};
    const auto answer = http.exchange({.method = "POST", .url = "/v2/a/blobs/uploads/"});
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(spec_code(answer), "DENIED");
    EXPECT_THAT(answer.body, HasSubstr("images come from builds"));
}

TEST_F(RegistryTest, AsksForCredentialsAndSaysWhenTheyAreWrong) {
    const auto anonymous = send({.method = "POST", .url = "/v2/mine/blobs/uploads/"});
    EXPECT_EQ(anonymous.status, 401);
    EXPECT_EQ(spec_code(anonymous), "UNAUTHORIZED");
    EXPECT_TRUE(anonymous.headers.find("WWW-Authenticate").has_value());
    http::ClientRequest wrong{.url = "/v2/"};
    wrong.headers.set("Authorization", "Basic " + to_base64(as_bytes("alice:no")));
    EXPECT_EQ(send(wrong).status, 401);
    http::ClientRequest right{.method = "POST", .url = "/v2/mine/blobs/uploads/"};
    right.headers.set("Authorization", "Basic " + to_base64(as_bytes("alice:secret")));
    EXPECT_EQ(send(right).status, 202);
}

}  // namespace
}  // namespace nacre::api::registry
