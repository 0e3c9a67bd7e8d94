#include "registry_fixture.hpp"
#include <gmock/gmock.h>

namespace nacre::api::registry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(RegistryTest, ListsWhoRefersToAnImage) {
    const std::string subject = "sha256:" + std::string(64, 'a');
    const std::string more = R"(,"artifactType":"application/x.signature","subject":)"
                             + descriptor(oci::kMediaTypeManifest, oci::Digest::parse(subject), 3)
                             + R"(,"annotations":{"k":"v"})";
    const auto pushed = put_manifest("/v2/open/a/manifests/signature", make_manifest(more));
    EXPECT_EQ(pushed.status, 201) << "the subject need not be there";
    EXPECT_EQ(pushed.headers.find("OCI-Subject"), subject);
    put_manifest("/v2/open/a/manifests/other", make_manifest());

    const auto all = get("/v2/open/a/referrers/" + subject);
    EXPECT_EQ(all.status, 200);
    EXPECT_EQ(all.headers.find("Content-Type"), oci::kMediaTypeIndex);
    EXPECT_THAT(all.body, HasSubstr(pushed.headers.find("Docker-Content-Digest").value()));
    EXPECT_THAT(all.body, HasSubstr(R"("artifactType":"application/x.signature")"));
    EXPECT_THAT(all.body, HasSubstr(R"("annotations":{"k":"v"})"));
    EXPECT_FALSE(all.headers.find("OCI-Filters-Applied").has_value());

    const auto none = get("/v2/open/a/referrers/" + subject + "?artifactType=text/other");
    EXPECT_THAT(none.body, HasSubstr(R"("manifests":[])"));
    EXPECT_EQ(none.headers.find("OCI-Filters-Applied"), "artifactType");
    const auto some =
        get("/v2/open/a/referrers/" + subject + "?artifactType=application/x.signature");
    EXPECT_EQ(some.body, all.body);
}

TEST_F(RegistryTest, TakesTheTypeOfAReferrerFromItsConfigWhenItHasNoOther) {
    const std::string subject = "sha256:" + std::string(64, 'b');
    put_manifest(
        "/v2/open/a/manifests/x",
        make_manifest(
            R"(,"subject":)"
            + descriptor(oci::kMediaTypeManifest, oci::Digest::parse(subject), 3)));
    EXPECT_THAT(
        get("/v2/open/a/referrers/" + subject).body,
        HasSubstr(R"("artifactType":")" + std::string{oci::kMediaTypeConfig}));
}

TEST_F(RegistryTest, AnswersAnEmptyListForAnImageWithoutReferrers) {
    const auto answer = get("/v2/open/a/referrers/sha256:" + std::string(64, 'c'));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr(R"("manifests":[])"));
    EXPECT_EQ(spec_code(get("/v2/open/a/referrers/nothing")), "DIGEST_INVALID");
}

TEST_F(RegistryTest, RefusesAManifestWithAWrongSubject) {
    const auto answer =
        put_manifest("/v2/open/a/manifests/x", make_manifest(R"(,"subject":{"digest":"nothing"})"));
    EXPECT_EQ(spec_code(answer), "MANIFEST_INVALID");
}

}  // namespace
}  // namespace nacre::api::registry
