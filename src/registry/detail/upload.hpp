#pragma once

#include "oci/descriptor.hpp"
#include "registry/detail/session.hpp"
#include "store/blob_store.hpp"

#include <cstdint>
#include <stop_token>

namespace nacre::registry::detail {

/// Uploads one blob (distribution-spec, "Pushing Blobs"): whole, or in chunks that go on where a connection broke.
class Upload {
public:
    /// All of it outlives the upload.
    Upload(
        Session& session,
        const Repository& repository,
        const oci::Descriptor& blob,
        const store::BlobStore& blobs,
        std::stop_token stop);

    /// Returns when the registry has the blob.
    void run();

private:
    Call make_call(const std::string& method, Url url) const;
    void run_once();
    void start();
    void send_chunks();
    void send_chunk(std::uint64_t size);
    bool try_find_position();
    void finish(std::uint64_t offset);
    void cancel() noexcept;
    http::ClientResponse send(const Call& call, int wanted);
    void take_location(const http::Headers& headers);
    std::unique_ptr<ByteSource> open_part(std::uint64_t offset, std::uint64_t size) const;

    Session& session_;
    const Repository& repository_;
    const oci::Descriptor& blob_;
    const store::BlobStore& blobs_;
    const std::stop_token stop_;
    std::optional<Url> location_;  ///< of the upload session, while there is one
    std::uint64_t chunk_bytes_;
    std::uint64_t position_ = 0;
};

}  // namespace nacre::registry::detail
