#include "registry/fetching_blob_store.hpp"

#include "base/thread_group.hpp"
#include "registry/memory_registry.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"

namespace nacre::registry {
namespace {

using test::code_of;

class FetchingBlobStoreTest : public testing::Test {
protected:
    oci::Descriptor put_remote(const std::string& content, const Repository& repository) {
        store::MemoryBlobStore source;
        const oci::Descriptor blob{
            .media_type = std::string{oci::kMediaTypeLayer},
            .digest = store::write_blob(source, content),
            .size = content.size()};
        registry_.upload_blob(repository, blob, source, {});
        return blob;
    }

    const Repository base_{"registry.test", "base"};
    store::MemoryBlobStore next_;
    Origins origins_;
    MemoryRegistry registry_;
    FetchingBlobStore store_{next_, origins_, registry_, {}};
};

TEST_F(FetchingBlobStoreTest, FetchesABlobWhenItIsOpened) {
    const oci::Descriptor blob = put_remote("remote content", base_);
    EXPECT_FALSE(store_.find(blob.digest));
    origins_.add(blob, base_);
    EXPECT_EQ(store_.find(blob.digest), blob.size);
    EXPECT_FALSE(next_.find(blob.digest));
    EXPECT_TRUE(store_.list().empty());
    EXPECT_EQ(store::read_blob(store_, blob.digest, blob.size), "remote content");
    EXPECT_EQ(store::read_blob(store_, blob.digest, blob.size), "remote content");
    EXPECT_EQ(next_.find(blob.digest), blob.size);
    EXPECT_EQ(registry_.opened().size(), 1U);
}

TEST_F(FetchingBlobStoreTest, KeepsWhatIsWrittenInTheNextStore) {
    const oci::Digest digest = store::write_blob(store_, "local");
    EXPECT_TRUE(next_.find(digest));
    EXPECT_EQ(store::read_blob(store_, digest, 5), "local");
    EXPECT_TRUE(store_.remove(digest));
    EXPECT_EQ(code_of([&] { store_.open(digest, 0); }), ErrorCode::NotFound);
}

TEST_F(FetchingBlobStoreTest, TriesTheNextRepositoryWhenOneFails) {
    const oci::Descriptor blob = put_remote("content", base_);
    origins_.add(blob, {"gone.test", "base"});
    origins_.add(blob, base_);
    EXPECT_EQ(store::read_blob(store_, blob.digest, blob.size), "content");
}

TEST_F(FetchingBlobStoreTest, SaysWhyNobodyHasTheBlob) {
    const oci::Descriptor blob = put_remote("content", base_);
    origins_.add(blob, {"gone.test", "a"});
    EXPECT_EQ(code_of([&] { store_.open(blob.digest, 0); }), ErrorCode::NotFound);
    origins_.add(blob, {"gone.test", "b"});
    EXPECT_EQ(code_of([&] { store_.open(blob.digest, 0); }), ErrorCode::Unavailable);
    origins_.add(blob, base_);
    EXPECT_EQ(store::read_blob(store_, blob.digest, blob.size), "content");
}

TEST_F(FetchingBlobStoreTest, FetchesOnceForManyReaders) {
    const oci::Descriptor blob = put_remote(std::string(200'000, 'x'), base_);
    origins_.add(blob, base_);
    Guarded<std::size_t> bytes{0U};
    {
        ThreadGroup readers;
        for (int i = 0; i < 8; ++i)
            readers.start("reader", [&](const std::stop_token&) {
                const std::size_t size = store::read_blob(store_, blob.digest, blob.size).size();
                *bytes.lock() += size;
            });
        readers.join();
    }
    EXPECT_EQ(*bytes.lock(), 8U * 200'000U);
    EXPECT_EQ(registry_.opened().size(), 1U);
}

TEST_F(FetchingBlobStoreTest, EndsAFetchWhenStopped) {
    std::stop_source stop;
    FetchingBlobStore stopped{next_, origins_, registry_, stop.get_token()};
    const oci::Descriptor blob = put_remote("content", base_);
    origins_.add(blob, base_);
    stop.request_stop();
    EXPECT_THROW(stopped.open(blob.digest, 0), Cancelled);
}

}  // namespace
}  // namespace nacre::registry
