#include "base/text.hpp"
#include "os/file.hpp"
#include "publish/oci_archive.hpp"
#include "support/build_machine.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>

namespace nacre::engine::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// What other programs make of the images. Skips where they are not installed.
class PeersTest : public BuildTest {
protected:
    void require(const std::string& program) {
        if (machine()
                .runner.run({.argv = {"/bin/sh", "-c", "command -v " + program}}, {}, {})
                .out.empty())
            GTEST_SKIP() << "needs " << program;
    }

    fs::path build_archive(const std::string& dockerfile) {
        const BuildResult image = machine().build(dockerfile);
        fs::path file = machine().folder.path() / "image.tar";
        os::UniqueFd fd = os::open_file(file, O_WRONLY | O_CREAT);
        os::FdSink out{fd.get()};
        publish::write_oci_archive(machine().blobs, image.manifest, "web:1", out);
        fd.close();
        return file;
    }

    std::string run(const std::vector<std::string>& argv) {
        return os::run_checked(
            machine().runner, {.argv = argv, .environment = os::minimal_environment()}, {}, {});
    }
};

constexpr const char* kDockerfile =
    "FROM busybox:1\nRUN mkdir /srv && echo hello > /srv/hello && chown web /srv/hello && rm "
    "/etc/group\nLABEL a=b\nUSER web\nCMD [\"x\"]\n";

TEST_F(PeersTest, SkopeoReadsTheImage) {
    require("skopeo");
    if (IsSkipped()) return;
    const fs::path file = build_archive(kDockerfile);
    const std::string shown = run({"skopeo", "inspect", "oci-archive:" + file.string()});
    EXPECT_THAT(shown, HasSubstr("\"a\": \"b\""));
    EXPECT_THAT(shown, HasSubstr("\"Architecture\": \"amd64\""));
    const fs::path copy = machine().folder.path() / "copied";
    run(
        {"skopeo",
         "--insecure-policy",
         "copy",
         "oci-archive:" + file.string(),
         "dir:" + copy.string()});
    EXPECT_TRUE(fs::exists(copy / "manifest.json"));
}

TEST_F(PeersTest, UmociUnpacksTheImage) {
    require("umoci");
    if (IsSkipped()) return;
    const fs::path file = build_archive(kDockerfile);
    const fs::path layout = machine().folder.path() / "layout";
    fs::create_directory(layout);
    run({"tar", "-xf", file.string(), "-C", layout.string()});
    const fs::path bundle = machine().folder.path() / "bundle";
    run({"umoci", "unpack", "--image", layout.string() + ":web:1", bundle.string()});
    EXPECT_EQ(os::read_file(bundle / "rootfs/srv/hello", 100), "hello\n");
    EXPECT_FALSE(fs::exists(bundle / "rootfs/etc/group"));
    EXPECT_TRUE(fs::exists(bundle / "rootfs/bin/busybox"));
}

}  // namespace
}  // namespace nacre::engine::test
