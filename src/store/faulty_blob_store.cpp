#include "store/faulty_blob_store.hpp"

#include "base/error.hpp"

namespace nacre::store {
namespace {

class FaultyIngest final : public Ingest {
public:
    FaultyIngest(const FaultyBlobStore& store, std::unique_ptr<Ingest> next)
        : store_{store},
          next_{std::move(next)} {}

    void write(Bytes bytes) override {
        store_.count();
        next_->write(bytes);
    }

    std::uint64_t size() const noexcept override { return next_->size(); }

    oci::Digest commit() override {
        store_.count();
        return next_->commit();
    }

    void commit(const oci::Digest& expected) override {
        store_.count();
        next_->commit(expected);
    }

private:
    const FaultyBlobStore& store_;
    std::unique_ptr<Ingest> next_;
};

class FaultySource final : public ByteSource {
public:
    FaultySource(const FaultyBlobStore& store, std::unique_ptr<ByteSource> next)
        : store_{store},
          next_{std::move(next)} {}

    std::size_t read(std::span<std::byte> buffer) override {
        store_.count();
        return next_->read(buffer);
    }

private:
    const FaultyBlobStore& store_;
    std::unique_ptr<ByteSource> next_;
};

}  // namespace

void FaultyBlobStore::count() const {
    if (++calls_ == failing_)
        throw Error{
            ErrorCode::Unavailable,
            "call " + std::to_string(failing_) + " of the blob store fails as it was told to"};
}

std::unique_ptr<Ingest> FaultyBlobStore::ingest() {
    count();
    return std::make_unique<FaultyIngest>(*this, next_.ingest());
}

void FaultyBlobStore::sync() {
    count();
    next_.sync();
}

std::optional<std::uint64_t> FaultyBlobStore::find(const oci::Digest& digest) const {
    count();
    return next_.find(digest);
}

std::unique_ptr<ByteSource> FaultyBlobStore::open(
    const oci::Digest& digest, std::uint64_t offset) const {
    count();
    return std::make_unique<FaultySource>(*this, next_.open(digest, offset));
}

bool FaultyBlobStore::remove(const oci::Digest& digest) {
    count();
    return next_.remove(digest);
}

std::vector<oci::Digest> FaultyBlobStore::list() const {
    count();
    return next_.list();
}

}  // namespace nacre::store
