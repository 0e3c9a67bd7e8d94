#include "output/root_folder_output.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "store/faulty_blob_store.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "unit/archive/tar_support.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace nacre::output {
namespace {

namespace fs = std::filesystem;

using archive::EntryType;
using testing::ElementsAre;

constexpr std::size_t kTextMax = 4096;

class RootFolderOutputTest : public testing::Test {
protected:
    RootFolderOutputTest() {
        const std::string tar = archive::test::write_tar(
            {{{.path = "bin", .type = EntryType::Directory, .mode = 0755, .mtime = 1000}, ""},
             {{.path = "bin/tool", .mode = 0755}, "tool"},
             {{.path = "file", .mtime = 2000}, "from the image"},
             {{.path = "link", .type = EntryType::Symlink, .link_target = "/etc"}, ""}});
        layers.push_back(
            {.media_type = std::string{oci::kMediaTypeLayer},
             .digest = store::write_blob(blobs, tar),
             .size = tar.size()});
    }

    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::recursive_directory_iterator{folder})
            found.push_back(entry.path().lexically_relative(folder).string());
        std::ranges::sort(found);
        return found;
    }

    std::string read(const fs::path& path) const { return os::read_file(folder / path, kTextMax); }

    void write() { write_root_folder(blobs, layers, folder, {}); }

    test::TempDir temporary;
    fs::path folder = temporary.path() / "new" / "out";
    store::MemoryBlobStore blobs;
    std::vector<oci::Descriptor> layers;
};

TEST_F(RootFolderOutputTest, MakesTheFolder) {
    write();
    EXPECT_THAT(names(), ElementsAre("bin", "bin/tool", "file", "link"));
    EXPECT_EQ(read("bin/tool"), "tool");
    EXPECT_EQ(fs::read_symlink(folder / "link"), "/etc");
}

TEST_F(RootFolderOutputTest, MergesWithWhatIsThere) {
    fs::create_directories(folder / "bin");
    os::write_file_atomically(folder / "bin/mine", "mine");
    os::write_file_atomically(folder / "file", "mine");
    write();
    write();
    EXPECT_THAT(names(), ElementsAre("bin", "bin/mine", "bin/tool", "file", "link"));
    EXPECT_EQ(read("file"), "from the image");
    EXPECT_EQ(read("bin/mine"), "mine");
}

TEST_F(RootFolderOutputTest, FollowsNoLinkThatIsInTheWay) {
    const fs::path outside = temporary.path() / "outside";
    fs::create_directories(outside);
    fs::create_directories(folder);
    fs::create_symlink(outside, folder / "bin");
    fs::create_symlink(outside / "target", folder / "file");
    write();
    EXPECT_TRUE(fs::is_empty(outside));
    EXPECT_TRUE(fs::is_directory(fs::symlink_status(folder / "bin")));
    EXPECT_EQ(read("file"), "from the image");
}

TEST_F(RootFolderOutputTest, RefusesToReplaceAFolderByAFile) {
    fs::create_directories(folder / "file" / "mine");
    EXPECT_EQ(test::code_of([&] { write(); }), ErrorCode::Conflict);
    EXPECT_TRUE(fs::exists(folder / "file" / "mine"));
}

TEST_F(RootFolderOutputTest, LeavesNothingWhenTheStoreFails) {
    for (int failing = 1;; ++failing) {
        store::FaultyBlobStore faulty{blobs, failing};
        try {
            write_root_folder(faulty, layers, folder, {});
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable);
            EXPECT_TRUE(names().empty());
        }
    }
    EXPECT_EQ(names().size(), 4U);
}

TEST_F(RootFolderOutputTest, IsStopped) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(write_root_folder(blobs, layers, folder, stop.get_token()), Cancelled);
    EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace nacre::output
