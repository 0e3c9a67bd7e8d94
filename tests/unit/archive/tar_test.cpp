#include "archive/tar.hpp"

#include "archive/compression.hpp"
#include "unit/archive/tar_support.hpp"

namespace nacre::archive {
namespace {

using std::string_literals::operator""s;
using test::code_of;
using test::read_tar;
using test::write_tar;

TEST(Tar, ReadsBackWhatItWrote) {
    const auto entries = test::one_of_everything();
    const auto found = read_tar(write_tar(entries));
    ASSERT_EQ(found.size(), entries.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        test::expect_same(found[i], entries[i]);
}

TEST(Tar, ReadsCompressedArchives) {
    StringSink compressed;
    auto sink = make_compressing_sink({}, compressed);
    sink->write(as_bytes(write_tar(test::one_of_everything())));
    sink->finish();
    EXPECT_EQ(read_tar(compressed.text()).size(), test::one_of_everything().size());
}

TEST(TarWriter, WritesTheSameBytesForTheSameEntries) {
    EXPECT_EQ(write_tar(test::one_of_everything()), write_tar(test::one_of_everything()));
    TarEntry entry{.path = "x", .xattrs = {{"user.b", "2"}, {"user.a", "1"}}};
    TarEntry sorted{.path = "x", .xattrs = {{"user.a", "1"}, {"user.b", "2"}}};
    EXPECT_EQ(write_tar({{entry, ""}}), write_tar({{sorted, ""}}));
}

TEST(TarWriter, SpendsAPaxHeaderOnlyWhereItMust) {
    EXPECT_EQ(write_tar({{{.path = "a"}, ""}}).size(), 512U * 3);
    EXPECT_EQ(write_tar({{{.path = "a"}, "content"}}).size(), 512U * 4);
    const std::string fits = std::string(155, 'd') + "/" + std::string(100, 'f');
    EXPECT_EQ(write_tar({{{.path = fits}, ""}}).size(), 512U * 3);
    EXPECT_EQ(write_tar({{{.path = fits + "f"}, ""}}).size(), 512U * 5);
}

TEST(TarWriter, EndsAnEmptyArchiveWithTwoZeroBlocks) {
    EXPECT_EQ(write_tar({}), std::string(1024, '\0'));
    EXPECT_TRUE(read_tar(write_tar({})).empty());
}

TEST(TarWriter, SaysSizesBeyondUstarInPax) {
    StringSink out;
    TarWriter writer{out};
    constexpr std::uint64_t kSize = 10ULL << 30U;
    writer.add({.path = "large", .size = kSize});
    EXPECT_NE(out.text().find("20 size=10737418240\n"), std::string::npos);
    StringSource in{out.text()};
    TarReader reader{in, {}};
    TarEntry entry;
    ASSERT_TRUE(reader.next(entry));
    EXPECT_EQ(entry.size, kSize);
}

TEST(TarWriter, ReportsAFileThatShrankWhileItWasRead) {
    StringSink out;
    TarWriter writer{out};
    StringSource content{"short"};
    EXPECT_EQ(
        code_of([&] { writer.add_file({.path = "a", .size = 100}, content); }),
        ErrorCode::Conflict);
}

TEST(TarWriter, TakesExactlyTheContentItWasPromised) {
    StringSink out;
    TarWriter writer{out};
    writer.add({.path = "a", .size = 3});
    EXPECT_EQ(code_of([&] { writer.write_content(as_bytes("four")); }), ErrorCode::Internal);
    EXPECT_EQ(code_of([&] { writer.add({.path = "b"}); }), ErrorCode::Internal);
    EXPECT_EQ(code_of([&] { writer.finish(); }), ErrorCode::Internal);
}

TEST(TarWriter, RefusesWhatTheFormatCannotSay) {
    const std::vector<TarEntry> refused = {
        {.path = ""},
        {.path = "a\0b"s},
        {.path = "a", .type = EntryType::Symlink, .link_target = "\0"s},
        {.path = "a", .xattrs = {{"user.a=b", "c"}}},
        {.path = "a", .type = EntryType::CharDevice, .device_major = 1U << 22U},
    };
    for (const TarEntry& entry : refused) {
        StringSink out;
        TarWriter writer{out};
        EXPECT_EQ(code_of([&] { writer.add(entry); }), ErrorCode::InvalidArgument);
        EXPECT_EQ(out.text(), "");
    }
}

TEST(TarReader, SkipsContentThatNobodyRead) {
    const std::string tar =
        write_tar({{{.path = "a"}, std::string(100'000, 'a')}, {{.path = "b"}, "b"}});
    StringSource in{tar};
    TarReader reader{in, {}};
    TarEntry entry;
    ASSERT_TRUE(reader.next(entry));
    ASSERT_TRUE(reader.next(entry));
    EXPECT_EQ(entry.path, "b");
    EXPECT_FALSE(reader.next(entry));
    EXPECT_FALSE(reader.next(entry));
}

TEST(TarReader, TakesAnArchiveWithoutItsEndMark) {
    const std::string tar = write_tar({{{.path = "a"}, "content"}});
    EXPECT_EQ(read_tar(tar.substr(0, 1024)).size(), 1U);
    EXPECT_EQ(read_tar("").size(), 0U);
}

TEST(TarReader, StripsOuterSlashesAndNothingElse) {
    const auto path_of = [](const std::string& path) {
        return read_tar(write_tar({{{.path = path}, ""}})).at(0).entry.path;
    };
    EXPECT_EQ(path_of("/etc/passwd"), "etc/passwd");
    EXPECT_EQ(path_of("//a//b"), "a//b");
    EXPECT_EQ(path_of("./a"), "./a");
    EXPECT_EQ(path_of("../../a"), "../../a");
}

}  // namespace
}  // namespace nacre::archive
