#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace nacre::archive {

enum class HashAlgorithm : std::uint8_t { Md5, Sha1, Sha256, Sha512 };

/// Of the names that digests of OCI have (image-spec, descriptor.md, "Digests"): "sha512", and else SHA-256.
HashAlgorithm algorithm_of_digest(std::string_view name) noexcept;

/// Incremental digest (OpenSSL EVP, which uses the SHA instructions of the processor).
class Digester {
public:
    explicit Digester(HashAlgorithm algorithm);
    Digester(Digester&&) noexcept;
    Digester& operator=(Digester&&) noexcept;
    ~Digester();

    void update(Bytes bytes);

    /// Lower-case hex. May be called once; nothing else after it.
    std::string finish_hex();

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string hash_hex(HashAlgorithm algorithm, Bytes bytes);

/// Passes bytes on to `next`, which outlives it, and digests and counts them.
class DigestingSink final : public ByteSink {
public:
    DigestingSink(HashAlgorithm algorithm, ByteSink& next) : digester_{algorithm}, next_{next} {}

    void write(Bytes bytes) override;

    std::string finish_hex() { return digester_.finish_hex(); }

    std::uint64_t size() const noexcept { return size_; }

private:
    Digester digester_;
    ByteSink& next_;
    std::uint64_t size_ = 0;
};

}  // namespace nacre::archive
