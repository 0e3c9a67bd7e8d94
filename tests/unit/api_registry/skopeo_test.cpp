#include "os/file.hpp"
#include "os/process.hpp"
#include "support/temp_dir.hpp"

#include "registry_fixture.hpp"
#include <gmock/gmock.h>

#include <filesystem>

namespace nacre::api::registry {
namespace {

using testing::HasSubstr;

/// The real client, as users run it.
class SkopeoTest : public RegistryTest {
protected:
    void SetUp() override {
        if (!std::filesystem::exists("/usr/bin/skopeo")) GTEST_SKIP() << "skopeo is not installed";
        os::write_file_atomically(
            policy_file_, R"({"default":[{"type":"insecureAcceptAnything"}]})");
    }

    os::ProcessResult skopeo(std::vector<std::string> arguments) {
        os::Command command;
        command.argv = {"skopeo", "--policy", policy_file_.string()};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.environment = os::minimal_environment();
        return runner_.run(command, {}, {});
    }

    std::string image(const std::string& name) const {
        return "docker://127.0.0.1:" + std::to_string(http_.server.port()) + "/" + name;
    }

    std::string folder(const std::string& name) const {
        return "dir:" + (dir_.path() / name).string();
    }

    test::TempDir dir_;
    std::filesystem::path policy_file_ = dir_.path() / "policy.json";
    os::SystemProcessRunner runner_;
};

TEST_F(SkopeoTest, CopiesAnImageOutOfOneRegistryIntoAnother) {
    put_manifest("/v2/open/a/manifests/1.0", make_manifest());
    const std::string text = get("/v2/open/a/manifests/1.0").body;

    const auto seen = skopeo({"inspect", "--tls-verify=false", "--raw", image("open/a:1.0")});
    ASSERT_TRUE(seen.status.success()) << seen.err;
    EXPECT_EQ(seen.out, text);

    const auto out = skopeo(
        {"copy",
         "--preserve-digests",
         "--src-tls-verify=false",
         image("open/a:1.0"),
         folder("image")});
    ASSERT_TRUE(out.status.success()) << out.err;

    for (const oci::Digest& digest : blobs_.list())
        blobs_.remove(digest);
    names_.remove_tag("open/a", "1.0");
    const auto in = skopeo(
        {"copy",
         "--preserve-digests",
         "--dest-tls-verify=false",
         folder("image"),
         image("open/b:2.0")});
    ASSERT_TRUE(in.status.success()) << in.err;
    EXPECT_EQ(get("/v2/open/b/manifests/2.0").body, text);
    EXPECT_EQ(blobs_.list().size(), 3U);
}

TEST_F(SkopeoTest, IsToldWhyItMayNotPush) {
    put_manifest("/v2/open/a/manifests/1.0", make_manifest());
    const ClosedPushPolicy closed;
    Registry registry{{blobs_, names_, closed, clock_, random_}};
    const test::HttpFixture http{registry};
    const auto refused = skopeo(
        {"copy",
         "--src-tls-verify=false",
         "--dest-tls-verify=false",
         image("open/a:1.0"),
         "docker://127.0.0.1:" + std::to_string(http.server.port()) + "/new/image:1"});
    EXPECT_FALSE(refused.status.success());
    EXPECT_THAT(refused.err, HasSubstr("images come from builds"));
}

}  // namespace
}  // namespace nacre::api::registry
