#include "store/faulty_blob_store.hpp"

#include "base/error.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"

namespace nacre::store {
namespace {

TEST(FaultyBlobStore, FailsEachCallOnce) {
    const auto work = [](BlobStore& store) {
        const oci::Digest digest = write_blob(store, "foo");
        store.sync();
        return read_blob(store, digest, 10);
    };
    int failing = 1;
    for (;; ++failing) {
        MemoryBlobStore next;
        FaultyBlobStore store{next, failing};
        try {
            EXPECT_EQ(work(store), "foo");
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable);
            EXPECT_EQ(store.calls(), failing);
        }
    }
    EXPECT_EQ(failing, 8);  // ingest, write, commit, sync, open and two reads succeed
}

}  // namespace
}  // namespace nacre::store
