#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "archive/tar_format.hpp"
#include "unit/archive/tar_support.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nacre::archive {
namespace {

using std::string_literals::operator""s;
using test::code_of;
using test::read_tar;
using test::write_tar;

/// An archive of one header with `text` put at a field, its checksum right.
std::string header_with(TarField field, std::string_view text, char type = '0') {
    std::string tar = write_tar({{{.path = "a"}, ""}});
    TarBlock block{};
    std::copy_n(tar.begin(), kTarBlock, block.begin());
    std::ranges::fill_n(
        block.begin() + static_cast<std::ptrdiff_t>(field.offset),
        static_cast<std::ptrdiff_t>(field.length),
        '\0');
    std::ranges::copy(text, block.begin() + static_cast<std::ptrdiff_t>(field.offset));
    block[kTarType] = type;
    std::ranges::copy(
        fmt::format("{:06o}", tar_checksum(block)),
        block.begin() + static_cast<std::ptrdiff_t>(kTarChecksum.offset));
    return std::string{block.data(), block.size()} + tar.substr(kTarBlock);
}

std::string padded(std::string text) {
    text.resize(text.size() + tar_padding(text.size()));
    return text;
}

/// A pax header with these records before one empty file.
std::string with_pax(const std::string& records, char type = 'x') {
    return header_with(kTarSize, fmt::format("{:011o}", records.size()), type).substr(0, kTarBlock)
           + padded(records) + write_tar({{{.path = "a"}, ""}});
}

std::string record(const std::string& body) {
    for (std::size_t length = body.size() + 3;; ++length) {
        const std::string text = fmt::format("{} {}\n", length, body);
        if (text.size() == length) return text;
    }
}

ErrorCode code_of_reading(const std::string& tar) {
    return code_of([&] { read_tar(tar); });
}

TEST(HostileTar, WithAWrongChecksumIsRefused) {
    std::string tar = write_tar({{{.path = "a"}, ""}});
    tar[0] = 'b';
    EXPECT_EQ(code_of_reading(tar), ErrorCode::DataCorrupt);
}

TEST(HostileTar, ThatIsNoTarIsRefused) {
    EXPECT_EQ(code_of_reading("hello"), ErrorCode::DataCorrupt);
    EXPECT_EQ(code_of_reading(std::string(5000, 'x')), ErrorCode::DataCorrupt);
}

TEST(HostileTar, CutAnywhereIsRefusedOrShorter) {
    const std::string tar = write_tar(test::one_of_everything());
    const std::size_t all = test::one_of_everything().size();
    for (std::size_t size = 1; size < tar.size() - 1024; size += 37) {
        try {
            EXPECT_LE(read_tar(tar.substr(0, size)).size(), all);
            EXPECT_EQ(size % kTarBlock, 0U);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::DataCorrupt);
        }
    }
}

TEST(HostileTar, WithBadNumbersIsRefused) {
    EXPECT_EQ(code_of_reading(header_with(kTarSize, "hello")), ErrorCode::DataCorrupt);
    EXPECT_EQ(code_of_reading(header_with(kTarSize, "-0000000001")), ErrorCode::DataCorrupt);
    // base 256: minus one, 2^63 - 1, and 2^70
    EXPECT_EQ(
        code_of_reading(header_with(kTarSize, std::string(12, '\xff'))), ErrorCode::DataCorrupt);
    EXPECT_EQ(
        code_of_reading(header_with(kTarSize, "\x80\0\0\0\x7f"s + std::string(7, '\xff'))),
        ErrorCode::ResourceExhausted);
    EXPECT_EQ(
        code_of_reading(header_with(kTarSize, "\x80\0\0\x40"s + std::string(8, '\0'))),
        ErrorCode::DataCorrupt);
    EXPECT_EQ(
        code_of_reading(header_with(kTarUid, "\x80\0\0\x01\0\0\0\0"s)), ErrorCode::DataCorrupt);
}

TEST(HostileTar, OfAnUnknownTypeIsRefused) {
    EXPECT_EQ(code_of_reading(header_with(kTarUid, "", 'Z')), ErrorCode::Unsupported);
    EXPECT_EQ(code_of_reading(header_with(kTarUid, "", 'M')), ErrorCode::Unsupported);
}

TEST(HostileTar, WithADamagedPaxHeaderIsRefused) {
    for (const std::string& records :
         {"path=a\n"s,
          "999 path=a\n"s,
          "9 path=abc\n"s,
          "0 path=a\n"s,
          "-1 path=a\n"s,
          "5 =a\n"s,
          "6 abc\n"s,
          record("path=a\0b"s),
          record("size=-1"),
          record("size=9223372036854775808"),
          record("uid=4294967296"),
          record("mtime=yesterday"),
          "99999999999999999999999999999999999999 a=b\n"s})
        EXPECT_EQ(code_of_reading(with_pax(records)), ErrorCode::DataCorrupt) << records;
}

TEST(HostileTar, WithAPaxHeaderOfEightMebibytesIsRefusedUnread) {
    const std::string records = record("path=" + std::string(8U << 20U, 'a'));
    EXPECT_EQ(code_of_reading(with_pax(records)), ErrorCode::ResourceExhausted);
}

TEST(HostileTar, BeyondEachLimitIsRefused) {
    const std::string tar = write_tar(
        {{{.path = "abcde", .xattrs = {{"user.a", "12345"}}}, "hello"},
         {{.path = "s", .type = EntryType::Symlink, .link_target = "target"}, ""}});
    EXPECT_EQ(read_tar(tar).size(), 2U);
    for (const TarLimits& limits :
         {TarLimits{.entries = 1},
          TarLimits{.path_bytes = 4},
          TarLimits{.link_bytes = 5},
          TarLimits{.xattr_bytes = 10},
          TarLimits{.content_bytes = 4}})
        EXPECT_EQ(code_of([&] { read_tar(tar, limits); }), ErrorCode::ResourceExhausted);
}

TEST(HostileTar, WithHeadersWithoutEndIsRefused) {
    std::string tar;
    const std::string one = with_pax(record("comment=a"));
    for (int i = 0; i < 20; ++i)
        tar += one.substr(0, 2 * kTarBlock);
    EXPECT_EQ(code_of_reading(tar), ErrorCode::DataCorrupt);
}

TEST(HostileTar, WithALyingSparseMapIsRefused) {
    const auto map = [](const std::string& numbers) {
        return with_pax(record("GNU.sparse.size=100") + record("GNU.sparse.map=" + numbers));
    };
    EXPECT_EQ(read_tar(map("100,0")).at(0).content, std::string(100, '\0'));
    for (const char* numbers :
         {"0",
          "101,0",
          "50,0,40,0",
          "0,10",
          "0,-1",
          "0,x",
          "10,91",
          "9223372036854775807,9223372036854775807"})
        EXPECT_EQ(code_of_reading(map(numbers)), ErrorCode::DataCorrupt) << numbers;
    EXPECT_EQ(
        code_of_reading(with_pax(record("GNU.sparse.major=1") + record("GNU.sparse.realsize=100"))),
        ErrorCode::DataCorrupt);
}

TEST(HostileTar, WithAHugeSparseFileIsRefused) {
    EXPECT_EQ(
        code_of_reading(with_pax(
            record("GNU.sparse.size=9223372036854775807")
            + record("GNU.sparse.map=9223372036854775807,0"))),
        ErrorCode::ResourceExhausted);
}

TEST(HostileTar, OfManyExtentsIsRefused) {
    std::string numbers = "0,0";
    for (int i = 0; i < 300'000; ++i)
        numbers += ",0,0";
    EXPECT_EQ(
        code_of([&] {
            read_tar(
                with_pax(record("GNU.sparse.size=100") + record("GNU.sparse.map=" + numbers)),
                {.xattr_bytes = 16U << 20U});
        }),
        ErrorCode::ResourceExhausted);
}

TEST(HostileTar, ThatIsABombIsStoppedByTheLimit) {
    StringSink compressed;
    auto sink = make_compressing_sink({}, compressed);
    StringSink head;
    TarWriter writer{head};
    writer.add({.path = "bomb", .size = 1ULL << 30U});
    sink->write(as_bytes(head.text()));
    for (int i = 0; i < 64; ++i)
        sink->write(as_bytes(std::string(1U << 20U, '\0')));
    sink->finish();
    EXPECT_EQ(
        code_of([&] { read_tar(compressed.text(), {.content_bytes = 1U << 20U}); }),
        ErrorCode::ResourceExhausted);
}

TEST(HostileTar, HidesNoContentBehindASlash) {
    const auto found = read_tar(write_tar({{{.path = "a/"}, "content"}, {{.path = "b"}, ""}}));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].entry.type, EntryType::File);
    EXPECT_EQ(found[0].content, "content");
    EXPECT_EQ(found[1].entry.path, "b");
}

TEST(HostileTar, KeepsNamesThatWouldTrickATerminal) {
    const auto found = read_tar(write_tar({{{.path = "a\n\x1b[2J\xff"}, ""}}));
    EXPECT_EQ(found.at(0).entry.path, "a\n\x1b[2J\xff");
}

}  // namespace
}  // namespace nacre::archive
