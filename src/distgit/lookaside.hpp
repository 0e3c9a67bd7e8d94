#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "distgit/repository_name.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::distgit {

/// md5 is read only: files that were stored long ago.
enum class LookasideHash : std::uint8_t { Md5, Sha512 };

std::string_view to_string(LookasideHash hash) noexcept;
std::optional<LookasideHash> find_lookaside_hash(std::string_view name) noexcept;

/// One file of one repository. Holds well-formed values always.
class LookasideFile {
public:
    /// Throws Error{InvalidArgument} for a file name that is no plain name ('/', leading '.', control characters, more
    /// than 255 bytes) or a checksum that is not lower-case hex of the right length.
    LookasideFile(
        RepositoryName repository,
        std::string_view file_name,
        LookasideHash hash,
        std::string_view checksum);

    const RepositoryName& repository() const noexcept { return repository_; }

    const std::string& file_name() const noexcept { return file_name_; }

    LookasideHash hash() const noexcept { return hash_; }

    const std::string& checksum() const noexcept { return checksum_; }

    /// "container/httpd/a.tar.gz/sha512/<hash>/a.tar.gz": its place in a store and in download URLs.
    std::string path() const;

    auto operator<=>(const LookasideFile&) const = default;

private:
    RepositoryName repository_;
    std::string file_name_;
    LookasideHash hash_;
    std::string checksum_;
};

struct StoredFile {
    std::uint64_t size = 0;
    WallTime modified;
};

/// What LookasideUpload::commit() demands.
void require_match(const LookasideFile& file, const std::string& checksum);

/// A file on its way in. It becomes visible by commit() only; when it is dropped before, nothing is left. Confined to
/// one thread.
class LookasideUpload : public ByteSink {
public:
    virtual std::uint64_t size() const noexcept = 0;

    /// The SHA-512 of what was written, in hex. Nothing is written after it.
    virtual const std::string& checksum() = 0;

    /// Makes the file durable and visible; `modified` is the time that downloads show. A file which is there already stays as
    /// it is. Throws Error{DataCorrupt}, and keeps nothing, when the bytes have another checksum, Error{Unsupported} for
    /// md5.
    virtual void commit(const LookasideFile& file, std::optional<WallTime> modified) = 0;
};

/// The big files that do not belong into git, by checksum. Thread-safe, and a folder is safe between processes. Every
/// implementation passes tests/contract/lookaside_contract.cpp.
class Lookaside {
public:
    virtual ~Lookaside() = default;

    virtual std::optional<StoredFile> find(const LookasideFile& file) const = 0;

    /// Throws Error{NotFound}.
    virtual std::unique_ptr<ByteSource> open(const LookasideFile& file) const = 0;

    virtual std::unique_ptr<LookasideUpload> upload() = 0;
};

}  // namespace nacre::distgit
