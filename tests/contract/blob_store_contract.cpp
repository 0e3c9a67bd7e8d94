#include "contract/blob_store_contract.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/thread_group.hpp"
#include "support/code_of.hpp"

#include <array>
#include <vector>

namespace nacre::store::contract {
namespace {

using test::code_of;

const oci::Digest kFoo =
    oci::Digest::parse("sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
const oci::Digest kEmpty =
    oci::Digest::parse("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
const oci::Digest kFoo512 = oci::Digest::parse(
    "sha512:"
    "f7fbba6e0636f890e56fbbf3283e524c6fa3204ae298382d624741d0dc6638326e282c41be5e4254d8820772"
    "c5518a2c5a8c0c7f7eda19594a7eb539453e1ed7");

constexpr std::size_t kLimit = 10U << 20U;

}  // namespace

void BlobStoreContract::put(const std::string& content, const oci::Digest& digest) {
    auto ingest = store().ingest();
    ingest->write(as_bytes(content));
    ingest->commit(digest);
}

TEST_P(BlobStoreContract, ReturnsWhatWasCommitted) {
    put("foo", kFoo);
    EXPECT_EQ(store().find(kFoo), 3U);
    EXPECT_EQ(read_blob(store(), kFoo, kLimit), "foo");
}

TEST_P(BlobStoreContract, SaysTheDigestOfWhatItGot) {
    EXPECT_EQ(write_blob(store(), "foo"), kFoo);
    EXPECT_EQ(write_blob(store(), ""), kEmpty);
}

TEST_P(BlobStoreContract, JoinsSeveralWritesAndCountsThem) {
    auto ingest = store().ingest();
    ingest->write(as_bytes("f"));
    ingest->write(as_bytes(""));
    ingest->write(as_bytes("oo"));
    EXPECT_EQ(ingest->size(), 3U);
    ingest->commit(kFoo);
    EXPECT_EQ(read_blob(store(), kFoo, kLimit), "foo");
}

TEST_P(BlobStoreContract, KeepsLargeBlobsWhole) {
    std::string content;
    auto ingest = store().ingest();
    for (int i = 0; i < 300; ++i) {
        const std::string piece(static_cast<std::size_t>(i) * 37, static_cast<char>('a' + i % 26));
        ingest->write(as_bytes(piece));
        content += piece;
    }
    ingest->write(as_bytes(std::string(300'000, 'z')));
    content += std::string(300'000, 'z');
    const oci::Digest digest = ingest->commit();
    EXPECT_EQ(digest.hex(), archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(content)));
    EXPECT_EQ(read_blob(store(), digest, kLimit), content);
}

TEST_P(BlobStoreContract, ReadsFromAnOffset) {
    put("foo", kFoo);
    const auto read_from = [&](std::uint64_t offset) {
        const auto source = store().open(kFoo, offset);
        std::array<std::byte, 10> buffer{};
        return std::string{as_text(Bytes{buffer}.first(source->read(buffer)))};
    };
    EXPECT_EQ(read_from(1), "oo");
    EXPECT_EQ(read_from(3), "");
    EXPECT_EQ(read_from(100), "");
}

TEST_P(BlobStoreContract, KnowsSha512) {
    put("foo", kFoo512);
    EXPECT_EQ(read_blob(store(), kFoo512, kLimit), "foo");
    EXPECT_EQ(store().find(kFoo), std::nullopt);
    auto ingest = store().ingest();
    ingest->write(as_bytes("bar"));
    EXPECT_EQ(code_of([&] { ingest->commit(kFoo512); }), ErrorCode::DataCorrupt);
}

TEST_P(BlobStoreContract, HidesABlobUntilCommit) {
    auto ingest = store().ingest();
    ingest->write(as_bytes("foo"));
    EXPECT_EQ(store().find(kFoo), std::nullopt);
    ingest.reset();
    EXPECT_EQ(store().find(kFoo), std::nullopt);
    EXPECT_TRUE(store().list().empty());
}

TEST_P(BlobStoreContract, RefusesBytesWithAnotherDigest) {
    auto ingest = store().ingest();
    ingest->write(as_bytes("bar"));
    EXPECT_EQ(code_of([&] { ingest->commit(kFoo); }), ErrorCode::DataCorrupt);
    EXPECT_EQ(store().find(kFoo), std::nullopt);
    EXPECT_TRUE(store().list().empty());
}

TEST_P(BlobStoreContract, AcceptsTheSameBlobTwice) {
    put("foo", kFoo);
    put("foo", kFoo);
    store().sync();
    put("foo", kFoo);
    store().sync();
    EXPECT_EQ(read_blob(store(), kFoo, kLimit), "foo");
    EXPECT_EQ(store().list().size(), 1U);
}

TEST_P(BlobStoreContract, KeepsBlobsOverASync) {
    put("foo", kFoo);
    store().sync();
    store().sync();
    EXPECT_EQ(store().find(kFoo), 3U);
    EXPECT_EQ(read_blob(store(), kFoo, kLimit), "foo");
}

TEST_P(BlobStoreContract, ReportsAMissingBlob) {
    EXPECT_EQ(code_of([&] { store().open(kFoo, 0); }), ErrorCode::NotFound);
    EXPECT_EQ(store().find(kFoo), std::nullopt);
    EXPECT_FALSE(store().remove(kFoo));
}

TEST_P(BlobStoreContract, ForgetsARemovedBlob) {
    put("foo", kFoo);
    EXPECT_TRUE(store().remove(kFoo));
    EXPECT_EQ(store().find(kFoo), std::nullopt);
    put("foo", kFoo);
    store().sync();
    EXPECT_TRUE(store().remove(kFoo));
    EXPECT_FALSE(store().remove(kFoo));
    EXPECT_TRUE(store().list().empty());
}

TEST_P(BlobStoreContract, LetsAReaderFinishARemovedBlob) {
    put("foo", kFoo);
    const auto source = store().open(kFoo, 0);
    store().remove(kFoo);
    std::array<std::byte, 10> buffer{};
    EXPECT_EQ(source->read(buffer), 3U);
}

TEST_P(BlobStoreContract, ListsInOrder) {
    put("foo", kFoo);
    put("", kEmpty);
    put("foo", kFoo512);
    const std::vector<oci::Digest> expected{kFoo, kEmpty, kFoo512};
    EXPECT_EQ(store().list(), expected);
}

TEST_P(BlobStoreContract, RefusesToReadBeyondTheLimit) {
    put("foo", kFoo);
    EXPECT_EQ(read_blob(store(), kFoo, 3), "foo");
    EXPECT_EQ(code_of([&] { read_blob(store(), kFoo, 2); }), ErrorCode::ResourceExhausted);
}

TEST_P(BlobStoreContract, TakesBlobsFromSeveralThreads) {
    constexpr int kThreads = 4;
    constexpr int kBlobs = 10;
    {
        ThreadGroup threads;
        for (int t = 0; t < kThreads; ++t)
            threads.start("writer", [&](std::stop_token) {
                for (int i = 0; i < kBlobs; ++i)
                    write_blob(store(), std::to_string(i));
                store().sync();
            });
        threads.join();
    }
    EXPECT_EQ(store().list().size(), std::size_t{kBlobs});
    for (const oci::Digest& digest : store().list())
        EXPECT_EQ(read_blob(store(), digest, kLimit).size(), 1U);
}

}  // namespace nacre::store::contract
