#include "source/remote_address.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nacre::source {
namespace {

GitAddress git(const std::string& text) {
    return std::get<GitAddress>(parse_remote_address(text).value());
}

UrlAddress url(const std::string& text) {
    return std::get<UrlAddress>(parse_remote_address(text).value());
}

TEST(RemoteAddress, IsNoPathOfAFile) {
    for (const char* text :
         {"a", "./a:b", "dir/x.git", "/abs", "C:x", "a@b", "dir/u@h:x", "ftp://x/y", "*.tar"})
        EXPECT_FALSE(parse_remote_address(text)) << text;
}

TEST(RemoteAddress, NamesTheFileAsBuildKitDoes) {
    EXPECT_EQ(url("https://example.org/a/b.tar.gz").file_name, "b.tar.gz");
    EXPECT_EQ(url("https://example.org/a/b%20c?x=/y#z").file_name, "b c");
    EXPECT_EQ(url("https://example.org/a/").file_name, "a");
    EXPECT_EQ(url("http://example.org").file_name, "__unnamed__");
    EXPECT_EQ(url("http://example.org/").file_name, "__unnamed__");
    EXPECT_EQ(url("http://example.org/%2e%2e").file_name, "__unnamed__");
    EXPECT_EQ(url("http://example.org/..%2f..%2fetc%2fpasswd").file_name, "passwd");
}

TEST(RemoteAddress, TakesRepositoriesInEveryForm) {
    EXPECT_EQ(
        git("https://example.org/x.git"), (GitAddress{.remote = "https://example.org/x.git"}));
    EXPECT_EQ(
        git("https://example.org/x.git#main:docs/a"),
        (GitAddress{.remote = "https://example.org/x.git", .ref = "main", .folder = "docs/a"}));
    EXPECT_EQ(
        git("git@example.org:team/x.git#:docs"),
        (GitAddress{.remote = "git@example.org:team/x.git", .folder = "docs"}));
    EXPECT_EQ(git("ssh://git@example.org/x#v1").ref, "v1");
    EXPECT_EQ(git("git://example.org/x").remote, "git://example.org/x");
}

TEST(RemoteAddress, TakesOptionsOfTheQuery) {
    const GitAddress address =
        git("https://example.org/x.git?branch=main&subdir=a%2Fb&checksum=ABCDEF0&keep-git-dir=1");
    EXPECT_EQ(address.remote, "https://example.org/x.git");
    EXPECT_EQ(address.ref, "refs/heads/main");
    EXPECT_EQ(address.folder, "a/b");
    EXPECT_EQ(address.checksum, "abcdef0");
    EXPECT_EQ(address.git_folder, GitFolder::Keep);
    EXPECT_EQ(git("https://example.org/x.git?tag=v1").ref, "refs/tags/v1");
    EXPECT_EQ(git("https://example.org/x.git?ref=v1#v1").ref, "v1");
}

TEST(RemoteAddress, RefusesWhatCouldBeTakenForSomethingElse) {
    for (const char* text :
         {"https://example.org/x.git#--upload-pack=touch",
          "https://example.org/x.git#a:../../etc",
          "https://example.org/x.git?ref=-x",
          "https://example.org/x.git?what=1",
          "https://example.org/x.git?ref=",
          "https://example.org/x.git?ref=a#b",
          "https://example.org/x.git?tag=a&branch=b",
          "https://example.org/x.git?checksum=xyz",
          "https://example.org/x.git?submodules=maybe",
          "https://example.org/x.git#a..b",
          "-x@example.org:y",
          "https://example.org/x.git#a\nb"})
        EXPECT_THROW(static_cast<void>(parse_remote_address(text)), Error) << text;
}

TEST(RemoteAddress, IsShownWithoutCredentials) {
    EXPECT_EQ(without_credentials("https://u:p@example.org/a@b"), "https://example.org/a@b");
    EXPECT_EQ(without_credentials("https://example.org/a@b"), "https://example.org/a@b");
    EXPECT_EQ(without_credentials("dir/a"), "dir/a");
    EXPECT_EQ(
        render(parse_remote_address("https://u:p@example.org/x.git#v1:d").value()),
        "https://example.org/x.git#v1:d");
}

}  // namespace
}  // namespace nacre::source
