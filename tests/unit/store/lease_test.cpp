#include "store/lease.hpp"

#include "base/error.hpp"
#include "store/copy_snapshotter.hpp"
#include "store/memory_blob_store.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace nacre::store {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

oci::Digest digest_of(char digit) {
    return oci::Digest::parse("sha256:" + std::string(64, digit));
}

class LeaseTest : public testing::Test {
protected:
    std::set<oci::Digest> uses() const { return Collection{folder.path()}.uses(); }

    test::TempDir folder;
    MemoryBlobStore blobs;
};

TEST_F(LeaseTest, ProtectsWhatWasLookedAtAndFound) {
    const oci::Digest there = write_blob(blobs, "there");
    const oci::Digest opened = write_blob(blobs, "opened");
    write_blob(blobs, "never looked at");
    Lease lease{folder.path()};
    LeasedBlobStore leased{blobs, lease};
    EXPECT_TRUE(leased.find(there));
    EXPECT_FALSE(leased.find(digest_of('a')));
    leased.open(opened, 0);
    EXPECT_THROW(leased.open(digest_of('b'), 0), Error);
    const oci::Digest written = write_blob(leased, "written");
    EXPECT_THAT(uses(), UnorderedElementsAre(there, opened, written));
}

TEST_F(LeaseTest, ProtectsUnpackedLayers) {
    Lease lease{folder.path() / "leases"};
    CopySnapshotter snapshots{folder.path() / "snapshots"};
    const oci::DiffId layer{digest_of('1')};
    snapshots.commit_layer(layer, snapshots.prepare_layer(layer));
    LeasedSnapshotter leased{snapshots, lease};
    EXPECT_TRUE(leased.has_layer(layer));
    EXPECT_FALSE(leased.has_layer({digest_of('2')}));
    EXPECT_THAT(Collection{folder.path() / "leases"}.uses(), UnorderedElementsAre(layer.digest));
}

TEST_F(LeaseTest, EndsWithItsBuild) {
    {
        Lease lease{folder.path()};
        Lease::Use{lease}.add(digest_of('1'));
        EXPECT_THAT(uses(), UnorderedElementsAre(digest_of('1')));
        EXPECT_THAT(find_abandoned_leases(folder.path()), IsEmpty());
    }
    EXPECT_THAT(uses(), IsEmpty());
}

TEST_F(LeaseTest, IsAbandonedWhenItsProcessIsKilled) {
    const pid_t child = ::fork();
    if (child == 0) {
        Lease lease{folder.path()};
        Lease::Use{lease}.add(digest_of('1'));
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_THAT(uses(), IsEmpty());
    const auto abandoned = find_abandoned_leases(folder.path());
    ASSERT_EQ(abandoned.size(), 1U);
    EXPECT_TRUE(std::filesystem::exists(abandoned.front().folder));
    // Held by one sweeper: another does not find it.
    EXPECT_THAT(find_abandoned_leases(folder.path()), IsEmpty());
}

TEST_F(LeaseTest, HoldsLookupsBackWhileACollectionRuns) {
    Lease lease{folder.path()};
    const Collection collection{folder.path()};
    const os::UniqueFd other{::open((folder.path() / "collect.lock").c_str(), O_RDWR | O_CLOEXEC)};
    EXPECT_EQ(::flock(other.get(), LOCK_SH | LOCK_NB), -1);
}

}  // namespace
}  // namespace nacre::store
