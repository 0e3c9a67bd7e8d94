#include "store/layer_folders.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "store/overlay_snapshotter.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

const oci::DiffId kLayer{oci::Digest::parse("sha256:" + std::string(64, 'a'))};
const oci::DiffId kOther{oci::Digest::parse("sha256:" + std::string(64, 'b'))};

fs::path mark_of(const fs::path& root, const oci::DiffId& diff_id) {
    return root / "marks" / std::string{diff_id.digest.hex()};
}

TEST(LayerFolders, DistrustsALayerOfAnotherBoot) {
    const test::TempDir root;
    LayerFolders folders{root.path()};
    folders.commit(kLayer, folders.make_active());
    EXPECT_TRUE(folders.has(kLayer));
    os::write_file_atomically(mark_of(root.path(), kLayer), "another boot 1");
    EXPECT_FALSE(folders.has(kLayer));
    EXPECT_EQ(test::code_of([&] { folders.get(kLayer); }), ErrorCode::NotFound);
    EXPECT_EQ(folders.sweep([](const fs::path&) {}), 1);
    EXPECT_TRUE(fs::is_empty(root.path() / "layers"));
    folders.commit(kLayer, folders.make_active());
    EXPECT_TRUE(folders.has(kLayer));
}

TEST(LayerFolders, TrustsALayerThatWasSynced) {
    const test::TempDir root;
    LayerFolders folders{root.path()};
    folders.commit(kLayer, folders.make_active());
    folders.sync();
    EXPECT_EQ(os::read_file(mark_of(root.path(), kLayer), 100), "synced");
    folders.commit(kOther, folders.make_active());
    EXPECT_NE(os::read_file(mark_of(root.path(), kOther), 100), "synced");
    EXPECT_EQ(folders.list(), (std::vector{kLayer, kOther}));
}

TEST(LayerFolders, ReplacesADistrustedLayer) {
    const test::TempDir root;
    LayerFolders folders{root.path()};
    const fs::path old = folders.make_active();
    os::write_file_atomically(old / "damaged", "");
    folders.commit(kLayer, old);
    os::write_file_atomically(mark_of(root.path(), kLayer), "");
    folders.commit(kLayer, folders.make_active());
    EXPECT_TRUE(fs::is_empty(folders.get(kLayer)));
}

TEST(LayerFolders, LeavesTheWorkOfTheLivingAlone) {
    const test::TempDir root;
    LayerFolders one{root.path()};
    LayerFolders other{root.path()};
    const fs::path work = one.make_active();
    EXPECT_EQ(other.sweep([](const fs::path&) {}), 0);
    EXPECT_TRUE(fs::exists(work));
}

TEST(OverlaySnapshotter, SweepsTheMountsOfAKilledProcess) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const test::TempDir root;
    const pid_t child = ::fork();
    if (child == 0) {
        OverlaySnapshotter snapshotter{root.path()};
        auto active = snapshotter.prepare({});
        os::write_file_atomically(active->root() / "file", "x");
        ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_FALSE(fs::is_empty(root.path() / "active"));
    OverlaySnapshotter snapshotter{root.path()};
    EXPECT_EQ(snapshotter.sweep(), 1);
    EXPECT_EQ(snapshotter.sweep(), 0);
    const auto left =
        std::distance(fs::directory_iterator{root.path() / "active"}, fs::directory_iterator{});
    EXPECT_EQ(left, 1);  // our own
    EXPECT_EQ(os::read_file("/proc/self/mounts", 1U << 20U).find(root.path()), std::string::npos);
}

}  // namespace
}  // namespace nacre::store
