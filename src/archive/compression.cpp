#include "archive/compression.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/queue.hpp"
#include "base/thread_group.hpp"

#include <fmt/format.h>
#include <libdeflate.h>
#include <zstd.h>

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <map>

namespace nacre::archive {
namespace {

// The sizes of the independent blocks are part of the output format: changing them changes the digest of
// every layer. Deflate looks back 32 KiB only, so that cutting costs it under 1 %; zstd looks back further.
constexpr std::size_t kGzipBlock = 512U << 10U;
constexpr std::size_t kZstdBlock = 2U << 20U;
constexpr unsigned kThreadsMax = 64;
constexpr std::size_t kBlocksPerThreadMax = 2;

/// Compresses single blocks; owned by one thread.
class BlockCompressor {
public:
    virtual ~BlockCompressor() = default;
    virtual std::string compress(std::string_view input) = 0;
};

class GzipCompressor final : public BlockCompressor {
public:
    explicit GzipCompressor(int level) : compressor_{libdeflate_alloc_compressor(level)} {
        if (!compressor_) throw std::bad_alloc{};
    }

    std::string compress(std::string_view input) override {
        std::string output;
        output.resize(libdeflate_gzip_compress_bound(compressor_.get(), input.size()));
        // libdeflate writes no time and no name and says "unknown operating system".
        output.resize(libdeflate_gzip_compress(
            compressor_.get(), input.data(), input.size(), output.data(), output.size()));
        return output;
    }

private:
    struct Free {
        void operator()(libdeflate_compressor* compressor) const noexcept {
            libdeflate_free_compressor(compressor);
        }
    };

    std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

class ZstdCompressor final : public BlockCompressor {
public:
    explicit ZstdCompressor(int level) : context_{ZSTD_createCCtx()} {
        if (!context_) throw std::bad_alloc{};
        require(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
        require(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
    }

    std::string compress(std::string_view input) override {
        std::string output;
        output.resize(ZSTD_compressBound(input.size()));
        output.resize(require(ZSTD_compress2(
            context_.get(), output.data(), output.size(), input.data(), input.size())));
        return output;
    }

private:
    struct Free {
        void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
    };

    static std::size_t require(std::size_t result) {
        if (ZSTD_isError(result) != 0)
            throw Error{
                ErrorCode::Internal,
                std::string{"cannot compress with zstd: "} + ZSTD_getErrorName(result)};
        return result;
    }

    std::unique_ptr<ZSTD_CCtx, Free> context_;
};

std::unique_ptr<BlockCompressor> make_compressor(const CompressionSettings& settings) {
    if (settings.kind == CompressionKind::Gzip)
        return std::make_unique<GzipCompressor>(settings.level);
    return std::make_unique<ZstdCompressor>(settings.level);
}

unsigned processors() noexcept {
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1U : static_cast<unsigned>(online);
}

class PlainSink final : public CompressingSink {
public:
    explicit PlainSink(ByteSink& next) noexcept : next_{next} {}

    void write(Bytes bytes) override { next_.write(bytes); }

    void finish() override {}

private:
    ByteSink& next_;
};

struct Block {
    std::uint64_t number = 0;
    std::string input;
};

/// What came of a block: its compressed bytes or the reason why there are none.
struct Result {
    std::string output;
    std::exception_ptr failure;
};

/// Blocks go to the threads through one queue and come back, in any order, in one map; the calling thread
/// takes them out in order. It never has more than `in_flight_max_` blocks under way, so both are bounded.
/// Input of at most one block, which most layers of a Dockerfile are, starts no thread.
class ParallelSink final : public CompressingSink {
public:
    ParallelSink(const CompressionSettings& settings, ByteSink& next)
        : settings_{settings},
          next_{next},
          block_size_{settings.kind == CompressionKind::Gzip ? kGzipBlock : kZstdBlock},
          thread_count_{
              std::clamp(settings.threads != 0 ? settings.threads : processors(), 1U, kThreadsMax)},
          in_flight_max_{thread_count_ * kBlocksPerThreadMax},
          todo_{in_flight_max_} {}

    void write(Bytes bytes) override {
        while (!bytes.empty()) {
            if (pending_.size() == block_size_) submit();
            const std::size_t taken = std::min(bytes.size(), block_size_ - pending_.size());
            pending_.append(as_text(bytes.first(taken)));
            bytes = bytes.subspan(taken);
        }
    }

    void finish() override {
        if (submitted_ == 0) {
            next_.write(as_bytes(make_compressor(settings_)->compress(pending_)));
            return;
        }
        // pending_ is not empty: write() submits a full block only when more bytes follow it.
        submit();
        while (passed_on_ < submitted_)
            pass_on();
    }

private:
    void submit() {
        if (submitted_ == 0) start_threads();
        if (submitted_ - passed_on_ == in_flight_max_) pass_on();
        if (!todo_.try_push({submitted_, std::exchange(pending_, {})}))
            throw Error{ErrorCode::Internal, "the queue of blocks to compress is full"};
        ++submitted_;
        pending_.reserve(block_size_);
    }

    /// Waits for the oldest block.
    void pass_on() {
        Result result;
        {
            auto results = results_.lock();
            results.wait(changed_, {}, [&](const auto& r) { return r.contains(passed_on_); });
            result = std::move(results->extract(passed_on_).mapped());
        }
        ++passed_on_;
        if (result.failure) std::rethrow_exception(result.failure);
        next_.write(as_bytes(result.output));
    }

    void start_threads() {
        for (unsigned i = 0; i < thread_count_; ++i)
            threads_.start(fmt::format("compress-{}", i), [this](std::stop_token stop) {
                std::unique_ptr<BlockCompressor> compressor;
                while (auto block = todo_.pop(stop)) {
                    Result result = compress(compressor, block->input);
                    results_.lock()->emplace(block->number, std::move(result));
                    changed_.notify_one();
                }
            });
    }

    Result compress(std::unique_ptr<BlockCompressor>& compressor, std::string_view input) const {
        Result result;
        try {
            if (!compressor) compressor = make_compressor(settings_);
            result.output = compressor->compress(input);
        } catch (const std::exception&) {
            result.failure = std::current_exception();
        }
        return result;
    }

    const CompressionSettings settings_;
    ByteSink& next_;
    const std::size_t block_size_;
    const unsigned thread_count_;
    const std::size_t in_flight_max_;
    std::string pending_;
    std::uint64_t submitted_ = 0;
    std::uint64_t passed_on_ = 0;
    Queue<Block> todo_;
    Guarded<std::map<std::uint64_t, Result>> results_;
    std::condition_variable_any changed_;
    ThreadGroup threads_;  // last: its destructor joins, and the threads use what is above
};

}  // namespace

std::unique_ptr<CompressingSink> make_compressing_sink(
    const CompressionSettings& settings, ByteSink& next) {
    if (settings.kind == CompressionKind::None) return std::make_unique<PlainSink>(next);
    const int highest = settings.kind == CompressionKind::Gzip ? 12 : 19;
    if (settings.level < 1 || settings.level > highest)
        throw Error{
            ErrorCode::InvalidArgument,
            fmt::format("compression level {} is not between 1 and {}", settings.level, highest)};
    return std::make_unique<ParallelSink>(settings, next);
}

}  // namespace nacre::archive
