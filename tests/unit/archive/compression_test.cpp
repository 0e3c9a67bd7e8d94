#include "archive/compression.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

#include <gmock/gmock.h>

#include <array>
#include <functional>

namespace nacre::archive {
namespace {

/// Text that compresses, differently in every block.
std::string sample(std::size_t size) {
    SeededRandom random{42};
    std::string text;
    while (text.size() < size) {
        text += "line " + std::to_string(random.next() % 1000) + " of the sample\n";
    }
    text.resize(size);
    return text;
}

std::string compress(
    std::string_view input, const CompressionSettings& settings, std::size_t step = 1U << 20U) {
    StringSink out;
    auto sink = make_compressing_sink(settings, out);
    for (std::size_t at = 0; at < input.size(); at += step)
        sink->write(as_bytes(input.substr(at, step)));
    sink->finish();
    return out.take();
}

/// Gives at most `step` bytes a read.
class DrippingSource final : public ByteSource {
public:
    DrippingSource(std::string_view text, std::size_t step) : source_{text}, step_{step} {}

    std::size_t read(std::span<std::byte> buffer) override {
        return source_.read(buffer.first(std::min(step_, buffer.size())));
    }

private:
    StringSource source_;
    std::size_t step_;
};

std::string decompress(std::string_view input, std::size_t step = 1U << 20U) {
    DrippingSource in{input, step};
    auto source = make_decompressing_source(in);
    std::string output;
    std::array<std::byte, 5000> buffer{};
    while (const std::size_t got = source->read(buffer))
        output += as_text(Bytes{buffer}.first(got));
    return output;
}

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no Error was thrown";
    return ErrorCode::Internal;
}

constexpr CompressionSettings kGzip{.kind = CompressionKind::Gzip, .level = 1};
constexpr CompressionSettings kZstd{.kind = CompressionKind::Zstd, .level = 3};

/// gzip, bzip2 and xz of "hello\n" by the programs of those names.
const std::string kBzip2 = from_base64("QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi");
const std::string kXz = from_base64(
    "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAApWCX8ZT2/eAAAR4GwS+kHR+2830BAAAAAARZWg==");

TEST(CompressingSink, GivesTheSameBytesForAnyNumberOfThreadsAndAnyWrites) {
    const std::string input = sample(5'300'001);
    for (CompressionSettings settings : {kGzip, kZstd}) {
        settings.threads = 1;
        const std::string expected = compress(input, settings);
        EXPECT_LT(expected.size(), input.size() / 3);
        EXPECT_EQ(decompress(expected), input);
        for (const unsigned threads : {2U, 7U}) {
            settings.threads = threads;
            EXPECT_EQ(compress(input, settings, 4097), expected);
            EXPECT_EQ(compress(input, settings, 524'288), expected);
            EXPECT_EQ(compress(input, settings, 6'000'000), expected);
        }
    }
}

TEST(CompressingSink, SurvivesEverySizeAroundABlock) {
    for (const std::size_t size : {0U, 1U, 524'287U, 524'288U, 524'289U, 1'048'576U}) {
        const std::string input = sample(size);
        EXPECT_EQ(decompress(compress(input, kGzip)), input) << size;
        EXPECT_EQ(decompress(compress(input, kZstd)), input) << size;
    }
}

TEST(CompressingSink, WritesNoTimeAndNoMachineIntoTheGzipHeader) {
    const std::string output = compress("hello", {.kind = CompressionKind::Gzip, .level = 6});
    EXPECT_EQ(output.substr(0, 10), (std::string{"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10}));
}

/// The bytes are part of what makes an image reproducible: another version of a library that changes
/// them must be noticed.
TEST(CompressingSink, KeepsItsBytesFromReleaseToRelease) {
    const std::string input = sample(1'000'000);
    EXPECT_EQ(
        hash_hex(HashAlgorithm::Sha256, as_bytes(compress(input, {}))).substr(0, 16),
        "b24c64c1d07635a6");
    EXPECT_EQ(
        hash_hex(HashAlgorithm::Sha256, as_bytes(compress(input, kZstd))).substr(0, 16),
        "13ca11c2937619fb");
}

TEST(CompressingSink, PassesPlainBytesOn) {
    EXPECT_EQ(compress("hello", {.kind = CompressionKind::None}), "hello");
}

TEST(CompressingSink, RefusesALevelThatTheFormatDoesNotHave) {
    StringSink out;
    EXPECT_EQ(
        code_of([&] { make_compressing_sink({.kind = CompressionKind::Zstd, .level = 20}, out); }),
        ErrorCode::InvalidArgument);
}

class FullSink final : public ByteSink {
public:
    void write(Bytes) override { throw Error{ErrorCode::ResourceExhausted, "disk is full"}; }
};

TEST(CompressingSink, EndsItsThreadsWhenTheNextSinkFails) {
    FullSink full;
    auto sink = make_compressing_sink({.threads = 3}, full);
    const std::string input = sample(12'000'000);
    EXPECT_EQ(code_of([&] { sink->write(as_bytes(input)); }), ErrorCode::ResourceExhausted);
}

TEST(CompressingSink, MayBeDroppedUnfinished) {
    StringSink out;
    auto sink = make_compressing_sink({.threads = 3}, out);
    sink->write(as_bytes(sample(3'000'000)));
    sink.reset();
    EXPECT_LT(out.text().size(), 3'000'000U);
}

TEST(DecompressingSource, ReadsWhatTheUsualProgramsWrite) {
    EXPECT_EQ(decompress(kBzip2), "hello\n");
    EXPECT_EQ(decompress(kXz), "hello\n");
    EXPECT_EQ(decompress(kXz + kXz, 1), "hello\nhello\n");
    EXPECT_EQ(decompress(kBzip2 + kBzip2, 7), "hello\nhello\n");
}

TEST(DecompressingSource, JoinsMembersWhereverTheInputIsCut) {
    const std::string two = compress("hello ", kGzip) + compress("world", kGzip);
    for (const std::size_t step : {1U, 2U, 3U, 11U, 29U}) {
        EXPECT_EQ(decompress(two, step), "hello world");
    }
}

TEST(DecompressingSource, PassesPlainBytesOn) {
    EXPECT_EQ(decompress(""), "");
    EXPECT_EQ(decompress("B"), "B");
    EXPECT_EQ(
        decompress("BZh9 is how the name of a file may start", 3),
        "BZh9 is how the name of a file may start");
}

TEST(DecompressingSource, ToleratesZeroPadding) {
    EXPECT_EQ(decompress(compress("hello", kGzip) + std::string(1000, '\0'), 100), "hello");
}

TEST(DecompressingSource, RefusesBytesAfterTheEnd) {
    for (const auto& whole : {compress("hello", kGzip), compress("hello", kZstd), kXz, kBzip2}) {
        EXPECT_EQ(code_of([&] { decompress(whole + "garbage"); }), ErrorCode::DataCorrupt);
        EXPECT_EQ(
            code_of([&] { decompress(whole + std::string(8, '\0') + whole); }),
            ErrorCode::DataCorrupt);
    }
}

TEST(DecompressingSource, ReportsInputThatIsCutAnywhere) {
    for (const auto& whole : {compress("hello", kGzip), compress("hello", kZstd), kXz, kBzip2}) {
        for (std::size_t size = 10; size < whole.size(); ++size) {
            EXPECT_EQ(
                code_of([&] { decompress(whole.substr(0, size), 5); }), ErrorCode::DataCorrupt)
                << size;
        }
    }
}

TEST(DecompressingSource, ReportsAWrongChecksum) {
    std::string gzip = compress("hello", kGzip);
    gzip[gzip.size() - 6] ^= 1;
    EXPECT_EQ(code_of([&] { decompress(gzip); }), ErrorCode::DataCorrupt);
    std::string zstd = compress("hello", kZstd);
    zstd[zstd.size() - 1] ^= 1;
    EXPECT_EQ(code_of([&] { decompress(zstd); }), ErrorCode::DataCorrupt);
}

TEST(DecompressingSource, RefusesAZstdWindowOfTwoGibibytes) {
    const std::string frame{"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9};
    EXPECT_EQ(code_of([&] { decompress(frame); }), ErrorCode::DataCorrupt);
}

TEST(DecompressingSource, GivesABombOutPieceByPiece) {
    std::string bomb;
    const std::string member = compress(std::string(400'000, '\0'), kGzip);
    for (int i = 0; i < 1000; ++i)
        bomb += member;
    StringSource in{bomb};
    auto source = make_decompressing_source(in);
    std::array<std::byte, 4096> buffer{};
    EXPECT_GT(source->read(buffer), 0U);  // and the reader stops when it had enough
}

TEST(DetectCompression, GoesByTheMagicBytes) {
    EXPECT_EQ(detect_compression(as_bytes(compress("", kGzip))), CompressionKind::Gzip);
    EXPECT_EQ(detect_compression(as_bytes(compress("", kZstd))), CompressionKind::Zstd);
    EXPECT_EQ(detect_compression(as_bytes("hello")), CompressionKind::None);
    EXPECT_EQ(detect_compression({}), CompressionKind::None);
}

}  // namespace
}  // namespace nacre::archive
