#include "contract/blob_store_contract.hpp"
#include "registry/fetching_blob_store.hpp"
#include "registry/memory_registry.hpp"
#include "store/directory_blob_store.hpp"
#include "store/faulty_blob_store.hpp"
#include "store/lease.hpp"
#include "store/memory_blob_store.hpp"
#include "support/temp_dir.hpp"

namespace nacre::store::contract {
namespace {

class MemoryFixture final : public BlobStoreFixture {
public:
    BlobStore& store() override { return store_; }

private:
    MemoryBlobStore store_;
};

template <BlobDurability kDurability>
class DirectoryFixture final : public BlobStoreFixture {
public:
    BlobStore& store() override { return store_; }

private:
    test::TempDir root_;
    DirectoryBlobStore store_{root_.path(), kDurability};
};

class FaultlessFixture final : public BlobStoreFixture {
public:
    BlobStore& store() override { return store_; }

private:
    MemoryBlobStore next_;
    FaultyBlobStore store_{next_, 0};
};

class FetchingFixture final : public BlobStoreFixture {
public:
    BlobStore& store() override { return store_; }

private:
    MemoryBlobStore next_;
    registry::Origins origins_;
    registry::MemoryRegistry registry_;
    registry::FetchingBlobStore store_{next_, origins_, registry_, {}};
};

class LeasedFixture final : public BlobStoreFixture {
public:
    BlobStore& store() override { return store_; }

private:
    test::TempDir root_;
    Lease lease_{root_.path()};
    MemoryBlobStore next_;
    LeasedBlobStore store_{next_, lease_};
};

template <class Fixture>
BlobStoreImplementation implementation(std::string name) {
    return {std::move(name), [] { return std::make_unique<Fixture>(); }};
}

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    BlobStoreContract,
    testing::Values(
        implementation<MemoryFixture>("Memory"),
        implementation<DirectoryFixture<BlobDurability::EachCommit>>("Directory"),
        implementation<DirectoryFixture<BlobDurability::AtSync>>("DirectoryAtSync"),
        implementation<LeasedFixture>("Leased"),
        implementation<FaultlessFixture>("Faulty"),
        implementation<FetchingFixture>("Fetching")),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::store::contract
