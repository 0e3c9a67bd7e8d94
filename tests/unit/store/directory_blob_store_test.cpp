#include "store/directory_blob_store.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

/// A file system of one MiB, where the test may mount one.
class SmallDisk {
public:
    explicit SmallDisk(const fs::path& path) : path_{path} {
        fs::create_directories(path_);
        mounted_ = ::mount("small", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
    }

    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }

    bool mounted() const noexcept { return mounted_; }

private:
    fs::path path_;
    bool mounted_ = false;
};

std::size_t entries_below(const fs::path& folder) {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.is_regular_file()) ++count;
    return count;
}

TEST(DirectoryBlobStore, NamesItsFilesByDigest) {
    const test::TempDir root;
    DirectoryBlobStore store{root.path()};
    const oci::Digest digest = write_blob(store, "foo");
    EXPECT_TRUE(fs::is_regular_file(root.path() / "sha256/2c" / digest.hex()));
}

TEST(DirectoryBlobStore, SharesItsFolderWithOtherStores) {
    const test::TempDir root;
    DirectoryBlobStore one{root.path()};
    DirectoryBlobStore other{root.path()};
    const oci::Digest digest = write_blob(one, "foo");
    EXPECT_EQ(read_blob(other, digest, 10), "foo");
}

TEST(DirectoryBlobStore, ShowsOthersABlobAfterSyncOnly) {
    const test::TempDir root;
    DirectoryBlobStore one{root.path(), BlobDurability::AtSync};
    const DirectoryBlobStore other{root.path()};
    const oci::Digest digest = write_blob(one, "foo");
    EXPECT_EQ(one.find(digest), 3U);
    EXPECT_EQ(other.find(digest), std::nullopt);
    one.sync();
    EXPECT_EQ(read_blob(other, digest, 10), "foo");
}

TEST(DirectoryBlobStore, LeavesNothingOfABlobThatWasNotCommittedOrSynced) {
    const test::TempDir root;
    {
        DirectoryBlobStore store{root.path(), BlobDurability::AtSync};
        write_blob(store, "foo");
        auto ingest = store.ingest();
        ingest->write(as_bytes(std::string(1U << 20U, 'x')));
    }
    EXPECT_EQ(entries_below(root.path()), 0U);
}

TEST(DirectoryBlobStore, SyncsByItselfWhenManyBlobsWait) {
    const test::TempDir root;
    DirectoryBlobStore store{root.path(), BlobDurability::AtSync};
    for (int i = 0; i < 200; ++i)
        write_blob(store, std::to_string(i));
    EXPECT_GE(entries_below(root.path()), 128U);
    EXPECT_EQ(store.list().size(), 200U);
}

TEST(DirectoryBlobStore, NamesTheFolderWhenTheDiskIsFullAndLeavesNothing) {
    const test::TempDir root;
    const SmallDisk disk{root.path() / "disk"};
    if (!disk.mounted()) GTEST_SKIP() << "cannot mount: " << std::strerror(errno);
    for (const auto durability : {BlobDurability::EachCommit, BlobDurability::AtSync}) {
        DirectoryBlobStore store{root.path() / "disk", durability};
        auto ingest = store.ingest();
        const auto fill = [&] {
            for (int i = 0; i < 32; ++i)
                ingest->write(as_bytes(std::string(100'000, 'x')));
            ingest->commit();
        };
        try {
            fill();
            ADD_FAILURE() << "the disk took it";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
            EXPECT_NE(error.describe().find("/disk'"), std::string::npos) << error.describe();
            EXPECT_FALSE(error.hint().empty());
        }
        ingest.reset();
        EXPECT_EQ(entries_below(root.path()), 0U);
        EXPECT_EQ(write_blob(store, "small").algorithm(), "sha256");
        store.remove(store.list().at(0));
    }
}

}  // namespace
}  // namespace nacre::store
