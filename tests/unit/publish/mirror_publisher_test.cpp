#include "publish/mirror_publisher.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "os/file.hpp"
#include "store/faulty_blob_store.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "support/test_image.hpp"

namespace nacre::publish {
namespace {

namespace fs = std::filesystem;

class MirrorPublisherTest : public testing::Test {
protected:
    Publication publication(const std::string& layer) {
        return {
            .destination = "f43-container",
            .name = "httpd",
            .version = "2.4",
            .release = "1.f43",
            .architecture = "x86_64",
            .manifest = test::write_image(blobs_, layer),
            .reference = "registry.example.org/httpd:2.4-1.f43"};
    }

    std::string read(const std::string& name) { return os::read_file(folder_ / name, 1U << 20U); }

    std::ptrdiff_t files() {
        return std::distance(fs::directory_iterator{folder_}, fs::directory_iterator{});
    }

    store::MemoryBlobStore blobs_;
    test::TempDir root_;
    fs::path folder_ = root_.path() / "f43-container/Container/x86_64/images";
    MirrorPublisher publisher_{root_.path(), blobs_};
};

constexpr const char* kArchive = "httpd-2.4-1.f43.x86_64.oci.tar";
constexpr const char* kChecksum = "httpd-2.4-1.f43-x86_64-CHECKSUM";

TEST_F(MirrorPublisherTest, WritesTheArchiveAndItsChecksum) {
    const Receipt receipt = publisher_.publish(publication("layer"));
    EXPECT_EQ(receipt.location, "f43-container/Container/x86_64/images/" + std::string{kArchive});
    const std::string tar = read(kArchive);
    EXPECT_EQ(receipt.size, tar.size());
    EXPECT_EQ(receipt.sha256, archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(tar)));
    EXPECT_EQ(
        read(kChecksum),
        "# " + std::string{kArchive} + ": " + std::to_string(tar.size()) + " bytes\nSHA256 ("
            + kArchive + ") = " + receipt.sha256 + "\n");
    EXPECT_EQ(files(), 2);
}

TEST_F(MirrorPublisherTest, WritesTheChecksumThatAKilledProcessOwes) {
    const Receipt receipt = publisher_.publish(publication("layer"));
    fs::remove(folder_ / kChecksum);
    EXPECT_EQ(publisher_.publish(publication("layer")), receipt);
    EXPECT_TRUE(fs::exists(folder_ / kChecksum));
}

TEST_F(MirrorPublisherTest, LeavesWhatIsThereWhenItConflicts) {
    publisher_.publish(publication("layer"));
    const std::string before = read(kArchive);
    const Publication another = publication("another");
    EXPECT_EQ(test::code_of([&] { publisher_.publish(another); }), ErrorCode::Conflict);
    EXPECT_EQ(read(kArchive), before);
    EXPECT_EQ(files(), 2);
}

TEST_F(MirrorPublisherTest, LeavesNothingBehindWhateverFails) {
    const Publication one = publication("layer");
    int failing = 1;
    for (;; ++failing) {
        const store::FaultyBlobStore faulty{blobs_, failing};
        MirrorPublisher publisher{root_.path(), faulty};
        try {
            publisher.publish(one);
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable);
            EXPECT_EQ(files(), 0);
        }
    }
    EXPECT_GT(failing, 6);
    EXPECT_EQ(files(), 2);
}

TEST_F(MirrorPublisherTest, RetractsBothFiles) {
    publisher_.publish(publication("layer"));
    EXPECT_TRUE(publisher_.retract(publication("layer")));
    EXPECT_EQ(files(), 0);
}

}  // namespace
}  // namespace nacre::publish
