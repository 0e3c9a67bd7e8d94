#include "archive/digester.hpp"
#include "archive/tar.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "support/temp_dir.hpp"
#include "unit/archive/tar_support.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

// Archives that GNU tar wrote are read by us, and ours are read by libarchive.

namespace nacre::archive {
namespace {

std::string read_data(const std::string& name) {
    std::ifstream file{
        std::string{NACRE_SOURCE_DIR} + "/tests/unit/archive/data/" + name, std::ios::binary};
    EXPECT_TRUE(file.good()) << name;
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::map<std::string, test::ReadEntry> by_path(const std::string& tar) {
    std::map<std::string, test::ReadEntry> result;
    for (auto& one : test::read_tar(tar)) {
        const std::string path = one.entry.path;
        EXPECT_TRUE(result.emplace(path, std::move(one)).second) << path;
    }
    return result;
}

class GnuTar : public testing::TestWithParam<const char*> {
protected:
    const std::map<std::string, test::ReadEntry> entries_ =
        by_path(read_data(std::string{GetParam()} + ".tar.gz"));
};

TEST_P(GnuTar, IsReadWithAllThatItSays) {
    ASSERT_TRUE(entries_.contains("tree/hard"));
    const test::ReadEntry& file = entries_.at("tree/hard");
    EXPECT_EQ(file.content, "hello\n");
    EXPECT_EQ(file.entry.mode, 04755U);
    EXPECT_EQ(file.entry.uid, 1000U);
    EXPECT_EQ(file.entry.gid, 100U);
    EXPECT_EQ(file.entry.mtime, 1'700'000'000);
    EXPECT_EQ(entries_.at("tree").entry.type, EntryType::Directory);
    EXPECT_EQ(entries_.at("tree/soft").entry.link_target, "sub/file");
    EXPECT_EQ(entries_.at("tree/sub/file").entry.type, EntryType::Hardlink);
    EXPECT_EQ(entries_.at("tree/sub/file").entry.link_target, "tree/hard");
    EXPECT_TRUE(entries_.contains("tree/latin-\xe9"));
    EXPECT_TRUE(entries_.contains("tree/utf-\xc3\xa9"));
}

INSTANTIATE_TEST_SUITE_P(
    Formats,
    GnuTar,
    testing::Values("gnu", "pax_0_0", "pax_0_1", "pax_1_0", "ustar", "v7"),
    [](const auto& tested) { return std::string{tested.param}; });

class GnuTarExtensions : public GnuTar {};

TEST_P(GnuTarExtensions, AreReadToo) {
    const std::string long_name(120, 'n');
    EXPECT_TRUE(entries_.contains("tree/" + long_name));
    EXPECT_EQ(entries_.at("tree/longlink").entry.link_target, long_name + long_name);
    EXPECT_EQ(entries_.at("tree/fifo").entry.type, EntryType::Fifo);
    EXPECT_EQ(entries_.at("tree/null").entry.device_minor, 3U);
    const test::ReadEntry& sparse = entries_.at("tree/sparse");
    EXPECT_EQ(sparse.entry.size, 3'932'237U);
    EXPECT_EQ(sparse.content.size(), 3'932'237U);
    EXPECT_EQ(
        hash_hex(HashAlgorithm::Sha256, as_bytes(sparse.content)),
        "cbae5e1060f970419e91fcc4d400bcbbbccb6074864d647f518c21b0cedd3fa9");
}

INSTANTIATE_TEST_SUITE_P(
    Formats,
    GnuTarExtensions,
    testing::Values("gnu", "pax_0_0", "pax_0_1", "pax_1_0"),
    [](const auto& tested) { return std::string{tested.param}; });

TEST(GnuTarXattrs, AreReadToo) {
    const auto entries = by_path(read_data("pax_1_0.tar.gz"));
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"user.note", std::string{"a\0b", 3}}};
    EXPECT_EQ(entries.at("tree/hard").entry.xattrs, expected);
}

TEST(GnuTarProgram, ListsWhatWeWrite) {
    auto entries = test::one_of_everything();
    // Its list has a line for each entry.
    std::erase_if(entries, [](const test::ReadEntry& one) {
        return one.entry.path.find('\n') != std::string::npos;
    });
    const nacre::test::TempDir folder;
    const std::string file = folder.path() / "archive.tar";
    os::write_file_atomically(file, test::write_tar(entries));
    os::SystemProcessRunner runner;
    const os::ProcessResult result = runner.run(
        {.argv = {"tar", "--list", "--quoting-style=literal", "--file", file},
         .environment = os::minimal_environment()},
        {},
        {});
    EXPECT_TRUE(result.status.success()) << result.err;
    std::string expected;
    for (const auto& one : entries)
        expected += one.entry.path + (one.entry.type == EntryType::Directory ? "/" : "") + "\n";
    EXPECT_EQ(result.out, expected);
}

struct FreeArchive {
    void operator()(::archive* reader) const noexcept { archive_read_free(reader); }
};

std::unique_ptr<::archive, FreeArchive> open_with_libarchive(const std::string& tar) {
    std::unique_ptr<::archive, FreeArchive> reader{archive_read_new()};
    archive_read_support_format_tar(reader.get());
    EXPECT_EQ(archive_read_open_memory(reader.get(), tar.data(), tar.size()), ARCHIVE_OK);
    return reader;
}

TEST(Libarchive, ReadsWhatWeWrite) {
    auto entries = test::one_of_everything();
    // libarchive converts names by the locale of the process, which is "C" here.
    std::erase_if(entries, [](const test::ReadEntry& one) {
        return std::ranges::any_of(
            one.entry.path, [](char c) { return static_cast<unsigned char>(c) >= 0x80U; });
    });
    const std::string tar = test::write_tar(entries);
    auto reader = open_with_libarchive(tar);
    for (const auto& wanted : entries) {
        SCOPED_TRACE(wanted.entry.path);
        ::archive_entry* found = nullptr;
        ASSERT_EQ(archive_read_next_header(reader.get(), &found), ARCHIVE_OK);
        std::string path = archive_entry_pathname(found);
        if (path.ends_with('/')) path.pop_back();
        EXPECT_EQ(path, wanted.entry.path);
        EXPECT_EQ(archive_entry_perm(found), wanted.entry.mode);
        EXPECT_EQ(archive_entry_uid(found), wanted.entry.uid);
        EXPECT_EQ(archive_entry_gid(found), wanted.entry.gid);
        EXPECT_EQ(archive_entry_mtime(found), wanted.entry.mtime);
        EXPECT_EQ(archive_entry_size(found), static_cast<la_int64_t>(wanted.content.size()));
        if (wanted.entry.type == EntryType::Symlink) {
            EXPECT_EQ(archive_entry_symlink(found), wanted.entry.link_target);
        }
        if (wanted.entry.type == EntryType::Hardlink) {
            EXPECT_EQ(archive_entry_hardlink(found), wanted.entry.link_target);
        }
        EXPECT_EQ(archive_entry_xattr_count(found), static_cast<int>(wanted.entry.xattrs.size()));
        std::string content(wanted.content.size(), '\0');
        EXPECT_EQ(
            archive_read_data(reader.get(), content.data(), content.size()),
            static_cast<la_ssize_t>(content.size()));
        EXPECT_EQ(content, wanted.content);
    }
    ::archive_entry* none = nullptr;
    EXPECT_EQ(archive_read_next_header(reader.get(), &none), ARCHIVE_EOF);
}

}  // namespace
}  // namespace nacre::archive
