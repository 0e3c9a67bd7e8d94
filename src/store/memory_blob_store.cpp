#include "store/memory_blob_store.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "store/blob_digest.hpp"

#include <algorithm>

namespace nacre::store {
namespace {

class MemoryIngest final : public Ingest {
public:
    explicit MemoryIngest(Guarded<MemoryBlobStore::Blobs>& blobs) : blobs_{blobs} {}

    void write(Bytes bytes) override { content_ += as_text(bytes); }

    std::uint64_t size() const noexcept override { return content_.size(); }

    oci::Digest commit() override {
        const oci::Digest digest = sha256();
        keep(digest);
        return digest;
    }

    void commit(const oci::Digest& expected) override {
        StringSource content{content_};
        require_digest(sha256(), expected, content);
        keep(expected);
    }

private:
    oci::Digest sha256() const {
        return oci::Digest::parse(
            "sha256:" + archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(content_)));
    }

    void keep(const oci::Digest& digest) {
        blobs_.lock()->emplace(digest, std::make_shared<const std::string>(std::move(content_)));
    }

    Guarded<MemoryBlobStore::Blobs>& blobs_;
    std::string content_;
};

/// Shares the content, so that the blob may be removed while it is read.
class SharedSource final : public ByteSource {
public:
    SharedSource(std::shared_ptr<const std::string> content, std::uint64_t offset)
        : content_{std::move(content)},
          rest_{std::string_view{*content_}.substr(
              std::min<std::uint64_t>(offset, content_->size()))} {}

    std::size_t read(std::span<std::byte> buffer) override { return rest_.read(buffer); }

private:
    std::shared_ptr<const std::string> content_;
    StringSource rest_;
};

}  // namespace

std::unique_ptr<Ingest> MemoryBlobStore::ingest() {
    return std::make_unique<MemoryIngest>(blobs_);
}

std::optional<std::uint64_t> MemoryBlobStore::find(const oci::Digest& digest) const {
    auto blobs = blobs_.lock();
    const auto found = blobs->find(digest);
    if (found == blobs->end()) return std::nullopt;
    return found->second->size();
}

std::unique_ptr<ByteSource> MemoryBlobStore::open(
    const oci::Digest& digest, std::uint64_t offset) const {
    auto blobs = blobs_.lock();
    const auto found = blobs->find(digest);
    if (found == blobs->end()) throw Error{ErrorCode::NotFound, "no blob " + digest.str()};
    return std::make_unique<SharedSource>(found->second, offset);
}

bool MemoryBlobStore::remove(const oci::Digest& digest) {
    return blobs_.lock()->erase(digest) > 0;
}

std::vector<oci::Digest> MemoryBlobStore::list() const {
    std::vector<oci::Digest> digests;
    auto blobs = blobs_.lock();
    for (const auto& [digest, content] : *blobs)
        digests.push_back(digest);
    return digests;
}

}  // namespace nacre::store
