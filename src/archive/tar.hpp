#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nacre::archive {

enum class EntryType : std::uint8_t {
    File,
    Directory,
    Symlink,
    Hardlink,
    CharDevice,
    BlockDevice,
    Fifo
};

/// One entry of a tar archive. Paths are relative, without leading or trailing '/', and as in the archive
/// otherwise: the reader checks nothing but the format.
struct TarEntry {
    std::string path;
    EntryType type = EntryType::File;
    std::uint32_t mode = 0644;  ///< permission, set-id and sticky bits
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;  ///< seconds since 1970; sub-second parts are dropped
    std::uint64_t size = 0;  ///< of a File's content
    std::string link_target;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    /// Extended attributes, "user.x", "security.capability", sorted by name when written.
    std::vector<std::pair<std::string, std::string>> xattrs;
};

/// Writes POSIX.1-2001 (pax) archives whose bytes depend on the entries only: ustar headers, with a pax
/// header just for what ustar cannot say, no user or group names, SCHILY.xattr for attributes.
class TarWriter {
public:
    /// `out` outlives the writer.
    explicit TarWriter(ByteSink& out) noexcept : out_{out} {}

    /// Starts the next entry. A File with size > 0 is followed by exactly that many bytes by write_content().
    void add(const TarEntry& entry);
    void write_content(Bytes bytes);
    /// Reads `entry.size` bytes from `content`; throws Error{Conflict} when it ends early ("changed while it
    /// was read"), so that a file that shrinks is an error and not a damaged archive.
    void add_file(const TarEntry& entry, ByteSource& content);
    /// Two zero blocks. Must be called once, last.
    void finish();

private:
    void pad();

    ByteSink& out_;
    std::uint64_t content_left_ = 0;
    std::uint64_t padding_ = 0;
};

struct TarLimits {
    std::uint64_t entries = 4'000'000;
    std::size_t path_bytes = 4096;
    std::size_t link_bytes = 4096;
    std::size_t xattr_bytes = 1U << 20U;         ///< of all attributes of one entry
    std::uint64_t content_bytes = 64ULL << 30U;  ///< of all entries together
};

/// Whether a tar may be compressed.
enum class Packing : std::uint8_t { ByMagic, Plain };

/// Reads tar (v7, ustar, pax, GNU, sparse) from an uncompressed or compressed source, entry by entry. Names are
/// bytes in no particular character set.
class TarReader {
public:
    /// `in` outlives the reader.
    TarReader(ByteSource& in, const TarLimits& limits, Packing packing = Packing::ByMagic);
    TarReader(TarReader&&) noexcept;
    ~TarReader();

    /// False at the end. Throws Error{DataCorrupt} for a damaged archive, Error{ResourceExhausted} for one
    /// beyond the limits, Error{Unsupported} for an entry of an unknown type. What is left of the current
    /// entry's content is skipped. Bytes after the end mark are left unread.
    bool next(TarEntry& entry);

    /// The content of the current entry.
    std::size_t read_content(std::span<std::byte> buffer);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::archive
