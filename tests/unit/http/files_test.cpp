#include "http/files.hpp"

#include "base/error.hpp"
#include "support/http_fixture.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace nacre::http {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

void put(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
}

class FilesTest : public testing::Test {
protected:
    FilesTest() { fs::create_directories(root_); }

    ClientResponse get(const std::string& path) {
        return http_.exchange({.url = path, .follow_redirects = false});
    }

    test::TempDir dir_;
    fs::path root_ = dir_.path() / "root";
    Files files_{{.root = root_, .prefix = "/mirror", .listing = Listing::Html}};
    test::HttpFixture http_{files_};
};

TEST_F(FilesTest, AreServedWithTypeLengthAndValidators) {
    put(root_ / "a b" / "build.log", "hello");
    const auto answer = get("/mirror/a%20b/build.log");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.headers.find("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer.headers.find("Content-Length"), "5");
    EXPECT_TRUE(answer.headers.find("Last-Modified").has_value());
    ClientRequest again{.url = "/mirror/a%20b/build.log"};
    again.headers.add("If-None-Match", *answer.headers.find("ETag"));
    EXPECT_EQ(http_.exchange(again).status, 304);
    ClientRequest range{.url = "/mirror/a%20b/build.log"};
    range.headers.add("Range", "bytes=-2");
    EXPECT_EQ(http_.exchange(range).body, "lo");
}

TEST_F(FilesTest, ThatGrowAreServedAsTheyAreNow) {
    put(root_ / "x.log", "one\n");
    EXPECT_EQ(get("/mirror/x.log").body, "one\n");
    std::ofstream{root_ / "x.log", std::ios::app} << "two\n";
    EXPECT_EQ(get("/mirror/x.log").body, "one\ntwo\n");
}

TEST_F(FilesTest, OutsideTheRootAreNotThere) {
    put(dir_.path() / "secret", "secret");
    put(root_ / "sub" / "x", "x");
    fs::create_symlink("../secret", root_ / "relative");
    fs::create_symlink(dir_.path() / "secret", root_ / "absolute");
    fs::create_directory_symlink(dir_.path(), root_ / "folder");
    for (const char* path :
         {"/mirror/../secret",
          "/mirror/%2e%2e/secret",
          "/mirror/relative",
          "/mirror/absolute",
          "/mirror/folder/secret",
          "/mirror/sub/..%2f..%2fsecret",
          "/mirror/x%2f..%2f..%2fsecret",
          "/mirror//../secret"})
        EXPECT_THAT(get(path).body, Not(HasSubstr("secret\n"))) << path;
    for (const char* path : {"/mirror/relative", "/mirror/absolute", "/mirror/folder/secret"})
        EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(FilesTest, BehindALinkInsideTheRootAreServed) {
    put(root_ / "1.0" / "x.txt", "x");
    fs::create_directory_symlink("1.0", root_ / "latest");
    EXPECT_EQ(get("/mirror/latest/x.txt").body, "x");
}

TEST_F(FilesTest, WithADotInFrontAndSpecialOnesAreNotThere) {
    put(root_ / ".htaccess", "x");
    put(root_ / ".git" / "config", "x");
    ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
    for (const char* path :
         {"/mirror/.htaccess", "/mirror/.git/config", "/mirror/pipe", "/mirror/missing"})
        EXPECT_EQ(get(path).status, 404) << path;
}

TEST_F(FilesTest, AreListedOnAPageWithoutActiveContent) {
    put(root_ / "z.txt", "12345");
    put(root_ / "<script>alert(1)<", "x");
    put(root_ / "javascript:x", "x");
    put(root_ / ".hidden", "x");
    fs::create_directories(root_ / "sub");
    const auto redirect = get("/mirror");
    EXPECT_EQ(redirect.status, 301);
    EXPECT_EQ(redirect.headers.find("Location"), "/mirror/");
    const auto page = get("/mirror/");
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, HasSubstr("<a href=\"./sub/\">sub/</a>"));
    EXPECT_THAT(page.body, HasSubstr("<a href=\"./z.txt\">z.txt</a>"));
    EXPECT_THAT(page.body, HasSubstr("href=\"./javascript%3Ax\""));
    EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
    EXPECT_THAT(page.body, Not(HasSubstr("hidden")));
    EXPECT_THAT(*page.headers.find("Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

TEST_F(FilesTest, FoldersAreNotThereWhenListingIsRefused) {
    put(root_ / "sub" / "x.txt", "x");
    Files files{{.root = root_, .prefix = "/plain"}};
    test::HttpFixture http{files};
    EXPECT_EQ(http.get("/plain/sub/").status, 404);
    EXPECT_EQ(http.get("/plain/sub").status, 404);
    EXPECT_EQ(http.get("/plain/sub/x.txt").status, 200);
}

TEST_F(FilesTest, CannotBeWritten) {
    const auto answer = http_.exchange({.method = "PUT", .url = "/mirror/x", .body = "x"});
    EXPECT_EQ(answer.status, 405);
    EXPECT_EQ(answer.headers.find("Allow"), "GET, HEAD");
}

TEST_F(FilesTest, OfARootThatDoesNotExistYetAreNotThere) {
    Files files{{.root = dir_.path() / "later", .prefix = ""}};
    test::HttpFixture http{files};
    EXPECT_EQ(http.get("/x").status, 404);
    put(dir_.path() / "later" / "x", "x");
    EXPECT_EQ(http.get("/x").status, 200);
}

}  // namespace
}  // namespace nacre::http
