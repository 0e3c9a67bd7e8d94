#include "contract/remote_sources_contract.hpp"

#include "support/code_of.hpp"

#include <array>

namespace nacre::source {
namespace {

using test::code_of;
using test::message_of;

constexpr const char* kHelloDigest =
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

std::string read(const Tree& tree, const std::string& path) {
    return find_text(tree, path, 1000).value_or("(nothing)");
}

TEST_P(RemoteSourcesContract, GivesAFileWithItsNameModeTimeAndDigest) {
    const auto fixture = GetParam().make();
    const auto tree =
        fixture->sources().fetch(UrlAddress{fixture->file_url(), "hello.txt", kHelloDigest}, {});
    const Node node = tree->find("hello.txt").value();
    EXPECT_EQ(node.mode, 0600U);
    EXPECT_EQ(node.mtime, kRemoteFileTime);
    EXPECT_EQ(node.size, 5U);
    EXPECT_EQ(node.content_key, kHelloDigest);
    EXPECT_EQ(read(*tree, "hello.txt"), "hello");
    EXPECT_EQ(tree->walk("").size(), 1U);
    EXPECT_FALSE(tree->find("other"));
}

TEST_P(RemoteSourcesContract, RefusesAFileWithAnotherChecksum) {
    const auto fixture = GetParam().make();
    const std::string other = "sha256:" + std::string(64, '0');
    const auto fetch = [&] {
        fixture->sources().fetch(UrlAddress{fixture->file_url(), "hello.txt", other}, {});
    };
    EXPECT_EQ(code_of(fetch), ErrorCode::DataCorrupt);
    EXPECT_NE(message_of(fetch).find(kHelloDigest), std::string::npos);
}

TEST_P(RemoteSourcesContract, SaysThatAFileIsNotThere) {
    const auto fixture = GetParam().make();
    std::string url = fixture->file_url() + ".missing";
    EXPECT_EQ(
        code_of([&] { fixture->sources().fetch(UrlAddress{url, "x", {}}, {}); }),
        ErrorCode::NotFound);
}

TEST_P(RemoteSourcesContract, GivesACommit) {
    const auto fixture = GetParam().make();
    const std::string start = fixture->commit().substr(0, 7);
    const auto tree =
        fixture->sources().fetch(GitAddress{.remote = fixture->remote(), .checksum = start}, {});
    EXPECT_EQ(tree->commit_time(), kRemoteCommitTime);
    EXPECT_EQ(read(*tree, "top"), "1");
    EXPECT_EQ(tree->find("docs/a").value().mode, 0755U);
    EXPECT_FALSE(tree->find(".git"));
}

TEST_P(RemoteSourcesContract, GivesAFolderOfACommit) {
    const auto fixture = GetParam().make();
    const auto tree = fixture->sources().fetch(
        GitAddress{.remote = fixture->remote(), .ref = fixture->commit(), .folder = "docs"}, {});
    EXPECT_EQ(read(*tree, "a"), "2");
    EXPECT_EQ(tree->walk("").size(), 1U);
    EXPECT_FALSE(tree->find("top"));
    EXPECT_EQ(
        code_of([&] {
            fixture->sources().fetch(GitAddress{.remote = fixture->remote(), .folder = "none"}, {});
        }),
        ErrorCode::NotFound);
}

TEST_P(RemoteSourcesContract, RefusesAnotherCommitThanTheChecksumSays) {
    const auto fixture = GetParam().make();
    EXPECT_EQ(
        code_of([&] {
            fixture->sources().fetch(
                GitAddress{.remote = fixture->remote(), .checksum = "0000000"}, {});
        }),
        ErrorCode::DataCorrupt);
}

}  // namespace
}  // namespace nacre::source
