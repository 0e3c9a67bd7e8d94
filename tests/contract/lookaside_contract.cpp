#include "contract/lookaside_contract.hpp"

#include "support/errors.hpp"

#include <array>

namespace nacre::distgit::contract {
namespace {

/// Of "foo".
const std::string kSum =
    "f7fbba6e0636f890e56fbbf3283e524c6fa3204ae298382d624741d0dc663832"
    "6e282c41be5e4254d8820772c5518a2c5a8c0c7f7eda19594a7eb539453e1ed7";

const LookasideFile kFile{
    RepositoryName::parse("container/httpd"), "a.tar.gz", LookasideHash::Sha512, kSum};

}  // namespace

void LookasideContract::put(const LookasideFile& file, std::string_view content) {
    auto upload = lookaside().upload();
    upload->write(as_bytes(content));
    upload->commit(file, std::nullopt);
}

std::string LookasideContract::get(const LookasideFile& file) {
    auto source = lookaside().open(file);
    std::string content;
    std::array<std::byte, 2> buffer{};
    while (const std::size_t count = source->read(buffer))
        content += as_text(Bytes{buffer}.first(count));
    return content;
}

TEST_P(LookasideContract, GivesBackWhatWasStored) {
    EXPECT_FALSE(lookaside().find(kFile));
    put(kFile, "foo");
    EXPECT_EQ(get(kFile), "foo");
    EXPECT_EQ(lookaside().find(kFile)->size, 3U);
    EXPECT_EQ(to_unix_seconds(lookaside().find(kFile)->modified), 1'790'000'000);
    EXPECT_FALSE(has_leftovers());
}

TEST_P(LookasideContract, KeepsTheTimeThatItIsGiven) {
    auto upload = lookaside().upload();
    upload->write(as_bytes("fo"));
    upload->write(as_bytes("o"));
    EXPECT_EQ(upload->size(), 3U);
    EXPECT_EQ(upload->checksum(), kSum);
    upload->commit(kFile, from_unix_seconds(1'000'000));
    EXPECT_EQ(to_unix_seconds(lookaside().find(kFile)->modified), 1'000'000);
}

TEST_P(LookasideContract, RefusesBytesWithAnotherChecksum) {
    EXPECT_EQ(
        test::error_of([&] {
            put(kFile, "bar");
            return 0;
        }).code(),
        ErrorCode::DataCorrupt);
    EXPECT_FALSE(lookaside().find(kFile));
    EXPECT_FALSE(has_leftovers());
}

TEST_P(LookasideContract, TakesNoMd5) {
    const LookasideFile file{
        kFile.repository(), "a.tar.gz", LookasideHash::Md5, "acbd18db4cc2f85cedef654fccc4a4d8"};
    EXPECT_EQ(
        test::error_of([&] {
            put(file, "foo");
            return 0;
        }).code(),
        ErrorCode::Unsupported);
    EXPECT_FALSE(lookaside().find(file));
}

TEST_P(LookasideContract, HidesAFileUntilItIsCommitted) {
    auto upload = lookaside().upload();
    upload->write(as_bytes("foo"));
    EXPECT_FALSE(lookaside().find(kFile));
    upload.reset();
    EXPECT_FALSE(lookaside().find(kFile));
    EXPECT_FALSE(has_leftovers());
}

TEST_P(LookasideContract, LeavesAFileThatIsThereAlone) {
    auto first = lookaside().upload();
    first->write(as_bytes("foo"));
    first->commit(kFile, from_unix_seconds(1'000'000));
    put(kFile, "foo");
    EXPECT_EQ(to_unix_seconds(lookaside().find(kFile)->modified), 1'000'000);
}

TEST_P(LookasideContract, ReportsAMissingFile) {
    EXPECT_EQ(test::error_of([&] { return lookaside().open(kFile); }).code(), ErrorCode::NotFound);
}

TEST_P(LookasideContract, TellsFilesApartByEveryPart) {
    put(kFile, "foo");
    EXPECT_FALSE(lookaside().find(
        {RepositoryName::parse("rpms/httpd"), "a.tar.gz", LookasideHash::Sha512, kSum}));
    EXPECT_FALSE(lookaside().find({kFile.repository(), "b.tar.gz", LookasideHash::Sha512, kSum}));
}

}  // namespace nacre::distgit::contract
