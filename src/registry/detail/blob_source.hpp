#pragma once

#include "archive/digester.hpp"
#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "registry/detail/session.hpp"

#include <memory>
#include <stop_token>

namespace nacre::registry::detail {

/// The bytes of a blob, verified, over as many connections as it takes.
class BlobSource final : public ByteSource {
public:
    /// Connects; throws Error{NotFound}. The session outlives it.
    BlobSource(Session& session, Repository repository, oci::Descriptor blob, std::stop_token stop);

    std::size_t read(std::span<std::byte> buffer) override;

private:
    void connect();
    void skip(std::uint64_t count);
    std::size_t read_some(std::span<std::byte> buffer);
    void verify();
    [[noreturn]] void refuse(const std::string& why) const;

    Session& session_;
    const Repository repository_;
    const oci::Descriptor blob_;
    const std::stop_token stop_;
    archive::Digester digester_;
    http::ClientStream stream_;
    std::uint64_t position_ = 0;
    int failures_ = 0;  ///< since the last byte came
    int connections_ = 0;
    bool is_verified_ = false;
};

}  // namespace nacre::registry::detail
