#include "archive/compression.hpp"
#include "base/error.hpp"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace nacre::archive {
namespace {

constexpr std::size_t kInputBuffer = 128U << 10U;
/// What a decoder may hold: xz dictionaries and zstd windows beyond it are refused.
constexpr std::uint64_t kXzMemoryMax = 256U << 20U;
constexpr int kZstdWindowLogMax = 27;

constexpr std::string_view kGzipMagic{"\x1f\x8b", 2};
constexpr std::string_view kZstdMagic{"\x28\xb5\x2f\xfd", 4};
constexpr std::string_view kXzMagic{
    "\xfd"
    "7zXZ\0",
    6};
constexpr std::string_view kBzip2Magic{"BZh"};
/// Follows "BZh" and the level: the magic alone is three letters that a file's name may start with.
constexpr std::string_view kBzip2Block{"\x31\x41\x59\x26\x53\x59", 6};
constexpr std::string_view kBzip2End{"\x17\x72\x45\x38\x50\x90", 6};
constexpr std::size_t kHeadBytes = 10;

bool is_bzip2(std::string_view head) noexcept {
    if (head.size() < kHeadBytes || !head.starts_with(kBzip2Magic)) return false;
    const std::string_view block = head.substr(4, 6);
    return head[3] >= '1' && head[3] <= '9' && (block == kBzip2Block || block == kBzip2End);
}

[[noreturn]] void throw_damaged(std::string_view format, std::string_view reason) {
    throw Error{
        ErrorCode::DataCorrupt, "damaged " + std::string{format} + " data: " + std::string{reason}};
}

/// What one call of a decoder consumed and produced.
struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool ended = false;  ///< the member, stream or frame is complete
};

class Decoder {
public:
    virtual ~Decoder() = default;
    virtual std::string_view format() const noexcept = 0;
    /// Neither span is empty unless the input ended. Throws Error{DataCorrupt}.
    virtual Step decode(Bytes input, std::span<std::byte> output) = 0;
    /// Called between two members.
    virtual void restart() = 0;
};

template <class Size>
Size clamp_size(std::size_t size) noexcept {
    return static_cast<Size>(std::min<std::size_t>(size, std::numeric_limits<Size>::max()));
}

class GzipDecoder final : public Decoder {
public:
    GzipDecoder() {
        constexpr int kGzipOnly = 16 + MAX_WBITS;
        if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc{};
    }

    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;

    ~GzipDecoder() override { inflateEnd(&stream_); }

    std::string_view format() const noexcept override { return "gzip"; }

    Step decode(Bytes input, std::span<std::byte> output) override {
        const auto given_in = clamp_size<uInt>(input.size());
        const auto given_out = clamp_size<uInt>(output.size());
        // zlib does not write to its input; its interface says const only when compiled so.
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
        stream_.avail_in = given_in;
        stream_.next_out = reinterpret_cast<Bytef*>(output.data());
        stream_.avail_out = given_out;
        const int result = inflate(&stream_, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            throw_damaged(format(), stream_.msg != nullptr ? stream_.msg : "cannot be inflated");
        return {given_in - stream_.avail_in, given_out - stream_.avail_out, result == Z_STREAM_END};
    }

    void restart() override { inflateReset(&stream_); }

private:
    z_stream stream_{};
};

class Bzip2Decoder final : public Decoder {
public:
    Bzip2Decoder() { start(); }

    Bzip2Decoder(const Bzip2Decoder&) = delete;
    Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;

    ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }

    std::string_view format() const noexcept override { return "bzip2"; }

    Step decode(Bytes input, std::span<std::byte> output) override {
        const auto given_in = clamp_size<unsigned>(input.size());
        const auto given_out = clamp_size<unsigned>(output.size());
        // bzip2 only reads it.
        stream_.next_in = const_cast<char*>(as_text(input).data());
        stream_.avail_in = given_in;
        stream_.next_out = reinterpret_cast<char*>(output.data());
        stream_.avail_out = given_out;
        const int result = BZ2_bzDecompress(&stream_);
        if (result != BZ_OK && result != BZ_STREAM_END)
            throw_damaged(format(), "block or checksum is wrong");
        return {
            given_in - stream_.avail_in, given_out - stream_.avail_out, result == BZ_STREAM_END};
    }

    void restart() override {
        BZ2_bzDecompressEnd(&stream_);
        start();
    }

private:
    void start() {
        stream_ = {};
        if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc{};
    }

    bz_stream stream_{};
};

class XzDecoder final : public Decoder {
public:
    XzDecoder() { start(); }

    XzDecoder(const XzDecoder&) = delete;
    XzDecoder& operator=(const XzDecoder&) = delete;

    ~XzDecoder() override { lzma_end(&stream_); }

    std::string_view format() const noexcept override { return "xz"; }

    Step decode(Bytes input, std::span<std::byte> output) override {
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
        stream_.avail_in = input.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
        stream_.avail_out = output.size();
        const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
        if (result == LZMA_MEMLIMIT_ERROR)
            throw Error{ErrorCode::ResourceExhausted, "xz data needs more than 256 MiB of memory"};
        if (result != LZMA_OK && result != LZMA_STREAM_END && result != LZMA_BUF_ERROR)
            throw_damaged(format(), "block or checksum is wrong");
        return {
            input.size() - stream_.avail_in,
            output.size() - stream_.avail_out,
            result == LZMA_STREAM_END};
    }

    void restart() override { start(); }

private:
    void start() {
        if (lzma_stream_decoder(&stream_, kXzMemoryMax, 0) != LZMA_OK) throw std::bad_alloc{};
    }

    lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdDecoder final : public Decoder {
public:
    ZstdDecoder() : context_{ZSTD_createDCtx()} {
        if (!context_) throw std::bad_alloc{};
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }

    std::string_view format() const noexcept override { return "zstd"; }

    Step decode(Bytes input, std::span<std::byte> output) override {
        ZSTD_inBuffer in{input.data(), input.size(), 0};
        ZSTD_outBuffer out{output.data(), output.size(), 0};
        const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
        if (ZSTD_isError(result) != 0) throw_damaged(format(), ZSTD_getErrorName(result));
        return {in.pos, out.pos, result == 0};
    }

    void restart() override {}

private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
    };

    std::unique_ptr<ZSTD_DCtx, Free> context_;
};

std::unique_ptr<Decoder> find_decoder(Bytes head) {
    const std::string_view text = as_text(head);
    if (text.starts_with(kGzipMagic)) return std::make_unique<GzipDecoder>();
    if (text.starts_with(kZstdMagic)) return std::make_unique<ZstdDecoder>();
    if (text.starts_with(kXzMagic)) return std::make_unique<XzDecoder>();
    if (is_bzip2(text)) return std::make_unique<Bzip2Decoder>();
    return nullptr;
}

class DecompressingSource final : public ByteSource {
public:
    explicit DecompressingSource(ByteSource& compressed)
        : compressed_{compressed},
          buffer_(kInputBuffer) {}

    std::size_t read(std::span<std::byte> buffer) override {
        if (!started_) start();
        if (!decoder_) return read_plain(buffer);
        while (!finished_) {
            if (input_.empty() && !at_end_) refill();
            if (between_members_ && !begin_member()) break;
            const Step step = decoder_->decode(input_, buffer);
            input_ = input_.subspan(step.consumed);
            if (step.ended) between_members_ = true;
            if (step.produced != 0) return step.produced;
            if (step.consumed == 0 && !step.ended && input_.empty() && at_end_)
                throw_damaged(decoder_->format(), "ends too early");
            if (step.consumed == 0 && !step.ended && !input_.empty())
                throw_damaged(decoder_->format(), "makes no progress");
        }
        return 0;
    }

private:
    void start() {
        started_ = true;
        std::size_t have = 0;
        while (have < kHeadBytes && !at_end_) {
            const std::size_t got = compressed_.read(std::span{buffer_}.subspan(have));
            at_end_ = got == 0;
            have += got;
        }
        input_ = Bytes{buffer_}.first(have);
        decoder_ = find_decoder(input_);
    }

    std::size_t read_plain(std::span<std::byte> buffer) {
        if (input_.empty()) return at_end_ ? 0 : compressed_.read(buffer);
        const std::size_t taken = std::min(buffer.size(), input_.size());
        std::ranges::copy(input_.first(taken), buffer.begin());
        input_ = input_.subspan(taken);
        return taken;
    }

    void refill() {
        const std::size_t got = compressed_.read(buffer_);
        at_end_ = got == 0;
        input_ = Bytes{buffer_}.first(got);
    }

    /// False when nothing but zero padding, as tapes have it, follows the last member.
    bool begin_member() {
        while (true) {
            const auto* const data = std::ranges::find_if(
                input_.data(), input_.data() + input_.size(), [](std::byte byte) {
                    return byte != std::byte{0};
                });
            padded_ = padded_ || data != input_.data();
            input_ = input_.subspan(static_cast<std::size_t>(data - input_.data()));
            if (!input_.empty()) break;
            if (at_end_) {
                finished_ = true;
                return false;
            }
            refill();
        }
        if (padded_) throw_damaged(decoder_->format(), "other bytes follow its end");
        between_members_ = false;
        decoder_->restart();
        return true;
    }

    ByteSource& compressed_;
    std::vector<std::byte> buffer_;
    Bytes input_;
    std::unique_ptr<Decoder> decoder_;
    bool started_ = false;
    bool at_end_ = false;
    bool between_members_ = false;
    bool padded_ = false;
    bool finished_ = false;
};

}  // namespace

CompressionKind detect_compression(Bytes head) noexcept {
    const std::string_view text = as_text(head);
    if (text.starts_with(kGzipMagic)) return CompressionKind::Gzip;
    if (text.starts_with(kZstdMagic)) return CompressionKind::Zstd;
    return CompressionKind::None;
}

std::unique_ptr<ByteSource> make_decompressing_source(ByteSource& compressed) {
    return std::make_unique<DecompressingSource>(compressed);
}

}  // namespace nacre::archive
