#include "store/layers.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "unit/archive/tar_support.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;
using archive::EntryType;
using archive::test::read_tar;
using archive::test::ReadEntry;
using archive::test::write_tar;

class Layers : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root: owners, devices and whiteouts";
    }

    LayerSummary apply(const std::vector<ReadEntry>& entries) {
        const std::string tar = write_tar(entries);
        StringSource in{tar};
        archive::TarReader reader{in, {}};
        return apply_layer(reader, folder_.path());
    }

    std::string written(const WriteLayerOptions& options = {}) {
        StringSink out;
        summary_ = write_layer(folder_.path(), out, options);
        return out.take();
    }

    struct stat status(const std::string& path) {
        struct stat result{};
        EXPECT_EQ(::lstat((folder_.path() / path).c_str(), &result), 0) << path;
        return result;
    }

    bool is_whiteout(const std::string& path) {
        const struct stat found = status(path);
        return S_ISCHR(found.st_mode) && found.st_rdev == 0;
    }

    bool is_opaque(const std::string& path) {
        char value = 0;
        return ::lgetxattr((folder_.path() / path).c_str(), "trusted.overlay.opaque", &value, 1)
                   == 1
               && value == 'y';
    }

    std::string content(const std::string& path) {
        return os::read_file(folder_.path() / path, 1U << 20U);
    }

    test::TempDir folder_;
    LayerSummary summary_;
};

TEST_F(Layers, AreWrittenAsTheyWereApplied) {
    std::vector<ReadEntry> entries = archive::test::one_of_everything();
    // What the layer does not say about parents and does not keep in its order would differ.
    std::erase_if(entries, [](const ReadEntry& one) {
        return std::ranges::count(one.entry.path, '/') > 1 || one.entry.path.starts_with("nnn");
    });
    std::ranges::sort(entries, {}, [](const ReadEntry& one) { return one.entry.path; });
    const LayerSummary applied = apply(entries);
    const std::string tar = written();
    const auto found = read_tar(tar);
    ASSERT_EQ(found.size(), entries.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        ReadEntry expected = entries[i];
        if (expected.entry.type == EntryType::Symlink) expected.entry.mode = 0777;
        if (expected.entry.type == EntryType::Hardlink) {
            expected.entry.mode = 04755;  // of the file, whose attributes it shares
            expected.entry.uid = 1000;
            expected.entry.gid = 100;
        }
        archive::test::expect_same(found[i], expected);
    }
    EXPECT_EQ(summary_.entries, applied.entries);
    EXPECT_EQ(summary_.bytes, 6U);
    EXPECT_EQ(written(), tar);
}

TEST_F(Layers, WithoutChangesAreEmptyArchives) {
    EXPECT_EQ(written(), std::string(1024, '\0'));
    EXPECT_EQ(summary_, LayerSummary{});
}

TEST_F(Layers, TranslateWhiteoutsBothWays) {
    apply({
        {{.path = "dir", .type = EntryType::Directory, .mode = 0755}, ""},
        {{.path = "dir/.wh.gone"}, ""},
        {{.path = "opaque", .type = EntryType::Directory, .mode = 0755}, ""},
        {{.path = "opaque/+first"}, ""},
        {{.path = "opaque/.wh..wh..opq"}, ""},
        {{.path = "opaque/file"}, ""},
        {{.path = ".wh.top"}, ""},
        {{.path = ".wh..wh.plnk", .type = EntryType::File}, ""},
    });
    EXPECT_TRUE(is_whiteout("dir/gone"));
    EXPECT_TRUE(is_whiteout("top"));
    EXPECT_TRUE(is_opaque("opaque"));
    EXPECT_FALSE(is_opaque("dir"));
    EXPECT_FALSE(fs::exists(folder_.path() / "plnk"));
    std::vector<std::string> paths;
    for (const ReadEntry& one : read_tar(written()))
        paths.push_back(one.entry.path);
    EXPECT_EQ(
        paths,
        (std::vector<std::string>{
            ".wh.top",
            "dir",
            "dir/.wh.gone",
            "opaque",
            "opaque/+first",
            "opaque/.wh..wh..opq",
            "opaque/file"}));
}

TEST_F(Layers, ApplyWhiteoutsToLowerLayersOnly) {
    apply({
        {{.path = "file"}, "kept"},
        {{.path = ".wh.file"}, ""},
        {{.path = ".wh.later"}, ""},
        {{.path = "later"}, "kept"},
        {{.path = "dir/file"}, ""},
        {{.path = ".wh.dir"}, ""},
        {{.path = ".wh.implied"}, ""},
        {{.path = "implied/file"}, ""},
        {{.path = ".wh.again"}, ""},
        {{.path = "again", .type = EntryType::Directory, .mode = 0755}, ""},
    });
    EXPECT_EQ(content("file"), "kept");
    EXPECT_EQ(content("later"), "kept");
    EXPECT_TRUE(is_opaque("dir"));
    EXPECT_TRUE(is_opaque("implied"));
    EXPECT_TRUE(is_opaque("again"));
    EXPECT_TRUE(fs::exists(folder_.path() / "dir/file"));
}

TEST_F(Layers, ClampTimes) {
    apply({
        {{.path = "old", .mtime = 1000}, ""},
        {{.path = "new", .mtime = 2'000'000'000}, ""},
        {{.path = ".wh.gone"}, ""},
    });
    const auto found = read_tar(written({.epoch = 1'700'000'000}));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].entry.mtime, 1'700'000'000);  // the whiteout
    EXPECT_EQ(found[1].entry.mtime, 1'700'000'000);
    EXPECT_EQ(found[2].entry.mtime, 1000);
}

TEST_F(Layers, KeepTimesAndModesOfFoldersThatAreFilledLater) {
    apply({
        {{.path = "dir", .type = EntryType::Directory, .mode = 01770, .uid = 7, .mtime = 1000}, ""},
        {{.path = "dir/file"}, ""},
        {{.path = "./", .type = EntryType::Directory, .mode = 0711, .mtime = 77}, ""},
    });
    EXPECT_EQ(status("dir").st_mtim.tv_sec, 1000);
    EXPECT_EQ(status("dir").st_mode & 07777U, 01770U);
    EXPECT_EQ(status("dir").st_uid, 7U);
    EXPECT_EQ(status(".").st_mode & 07777U, 0711U);
    EXPECT_EQ(status(".").st_mtim.tv_sec, 77);
}

TEST_F(Layers, DropWhatOverlayWouldObey) {
    apply(
        {{{.path = "file",
           .xattrs =
               {{"trusted.overlay.metacopy", ""},
                {"trusted.overlay.redirect", "/etc/shadow"},
                {"user.overlay.opaque", "y"},
                {"user.kept", "1"}}},
          ""}});
    char buffer[100];
    const std::string file = folder_.path() / "file";
    EXPECT_LT(::lgetxattr(file.c_str(), "trusted.overlay.redirect", buffer, sizeof buffer), 0);
    EXPECT_LT(::lgetxattr(file.c_str(), "trusted.overlay.metacopy", buffer, sizeof buffer), 0);
    EXPECT_LT(::lgetxattr(file.c_str(), "user.overlay.opaque", buffer, sizeof buffer), 0);
    EXPECT_EQ(::lgetxattr(file.c_str(), "user.kept", buffer, sizeof buffer), 1);
}

TEST_F(Layers, LeaveOutWhatTheHostAdded) {
    const std::string file = folder_.path() / "file";
    os::write_file_atomically(file, "x");
    ASSERT_EQ(::lsetxattr(file.c_str(), "trusted.overlay.origin", "x", 1, 0), 0);
    ASSERT_EQ(::lsetxattr(file.c_str(), "security.selinux", "label", 5, 0), 0);
    ASSERT_EQ(::lsetxattr(file.c_str(), "user.kept", "1", 1, 0), 0);
    ASSERT_EQ(::mknod((folder_.path() / "socket").c_str(), S_IFSOCK | 0600, 0), 0);
    const auto found = read_tar(written());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(
        found[0].entry.xattrs,
        (std::vector<std::pair<std::string, std::string>>{{"user.kept", "1"}}));
}

TEST_F(Layers, ReplaceAnEarlierEntryOfTheSameName) {
    apply({
        {{.path = "a"}, "first"},
        {{.path = "a"}, "second"},
        {{.path = "b/file"}, ""},
        {{.path = "b", .type = EntryType::Symlink, .link_target = "a"}, ""},
        {{.path = "c", .type = EntryType::Symlink, .link_target = "a"}, ""},
        {{.path = "c", .type = EntryType::Directory, .mode = 0755}, ""},
    });
    EXPECT_EQ(content("a"), "second");
    EXPECT_EQ(fs::read_symlink(folder_.path() / "b"), "a");
    EXPECT_TRUE(S_ISDIR(status("c").st_mode));
}

TEST_F(Layers, FollowALinkOfTheSameLayerInsideTheRoot) {
    apply({
        {{.path = "usr/lib", .type = EntryType::Directory, .mode = 0755}, ""},
        {{.path = "lib", .type = EntryType::Symlink, .link_target = "/usr/lib"}, ""},
        {{.path = "lib/file"}, "x"},
        {{.path = "usr/up", .type = EntryType::Symlink, .link_target = "../../../usr"}, ""},
        {{.path = "usr/up/other"}, "y"},
    });
    EXPECT_EQ(content("usr/lib/file"), "x");
    EXPECT_EQ(content("usr/other"), "y");
}

TEST_F(Layers, RefuseToWriteAFileThatWouldBeAWhiteout) {
    os::write_file_atomically(folder_.path() / ".wh.name", "");
    EXPECT_EQ(test::code_of([&] { written(); }), ErrorCode::Unsupported);
}

TEST_F(Layers, OfAnUnprivilegedProcessKeepWhatItMay) {
    const std::string tar = write_tar({
        {{.path = "file", .uid = 5, .xattrs = {{"security.capability", "x"}, {"user.a", "1"}}},
         "x"},
        {{.path = "null", .type = EntryType::CharDevice, .device_major = 1, .device_minor = 3}, ""},
    });
    StringSource in{tar};
    archive::TarReader reader{in, {}};
    apply_layer(reader, folder_.path(), Privilege::None);
    EXPECT_EQ(status("file").st_uid, ::getuid());
    EXPECT_FALSE(fs::exists(folder_.path() / "null"));
}

}  // namespace
}  // namespace nacre::store
