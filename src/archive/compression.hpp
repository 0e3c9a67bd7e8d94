#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace nacre::archive {

enum class CompressionKind : std::uint8_t { None, Gzip, Zstd };

/// How layers are compressed. The bytes depend on the input and on these values only: never on
/// threads, time or machine.
struct CompressionSettings {
    CompressionKind kind = CompressionKind::Gzip;
    int level = 6;         ///< gzip 1 to 12 (libdeflate's), zstd 1 to 19
    unsigned threads = 0;  ///< 0: one a processor
};

/// Compresses what is written to it into `next`. The input is cut into blocks of fixed size, each an
/// independent gzip member (RFC 1952 section 2.2) or zstd frame, compressed by several threads and passed
/// on in order by the thread that calls. Memory is bounded by threads times block size.
class CompressingSink : public ByteSink {
public:
    /// Writes what is left and the end mark. Must be called once; without it the output is cut.
    virtual void finish() = 0;
};

/// `next` outlives the result.
std::unique_ptr<CompressingSink> make_compressing_sink(
    const CompressionSettings& settings, ByteSink& next);

/// By the magic bytes, not by the name; needs the first 6 bytes.
CompressionKind detect_compression(Bytes head) noexcept;

/// A source of the uncompressed bytes: gzip (all members), bzip2, xz, zstd or plain, by the magic bytes.
/// `compressed` outlives the result. read() throws Error{DataCorrupt} for damaged input.
std::unique_ptr<ByteSource> make_decompressing_source(ByteSource& compressed);

}  // namespace nacre::archive
