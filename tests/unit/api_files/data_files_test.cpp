#include "api/files/data_files.hpp"

#include "http/router.hpp"
#include "support/http_fixture.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace nacre::api::files {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void put(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
}

class DataFilesTest : public testing::Test {
protected:
    DataFilesTest() {
        router_.add("/kojifiles", koji_);
        router_.add("/mirror", mirror_);
    }

    test::TempDir dir_;
    KojiFiles koji_{dir_.path()};
    MirrorFiles mirror_{dir_.path()};
    http::Router router_;
    test::HttpFixture http_{router_};
};

TEST_F(DataFilesTest, ServesTheOutputOfATaskWhileItGrows) {
    const fs::path log = dir_.path() / "work" / "tasks" / "7" / "7" / "build.log";
    put(log, "step 1\n");
    EXPECT_EQ(http_.get("/kojifiles/work/tasks/7/7/build.log").body, "step 1\n");
    std::ofstream{log, std::ios::app} << "step 2\n";
    EXPECT_EQ(http_.get("/kojifiles/work/tasks/7/7/build.log").body, "step 1\nstep 2\n");
    EXPECT_THAT(http_.get("/kojifiles/work/tasks/7/7/").body, HasSubstr("build.log"));
}

TEST_F(DataFilesTest, ServesPackagesAndNothingElseOfTheDataFolder) {
    put(dir_.path() / "packages" / "httpd" / "1" / "2" / "x.tar.gz", "image");
    put(dir_.path() / "db.sqlite", "secret");
    put(dir_.path() / "workshop" / "x", "secret");
    EXPECT_EQ(http_.get("/kojifiles/packages/httpd/1/2/x.tar.gz").body, "image");
    for (const char* path :
         {"/kojifiles/db.sqlite",
          "/kojifiles/",
          "/kojifiles/workshop/x",
          "/kojifiles/work/../db.sqlite",
          "/kojifiles/work/%2e%2e/db.sqlite"})
        EXPECT_EQ(http_.exchange({.url = path}).status, 404) << path;
}

TEST_F(DataFilesTest, ListsThePublishedTree) {
    put(dir_.path() / "mirror" / "container" / "CHECKSUM", "SHA256 (x) = 1\n");
    EXPECT_THAT(http_.get("/mirror/").body, HasSubstr("href=\"./container/\""));
    const auto answer = http_.get("/mirror/container/CHECKSUM");
    EXPECT_EQ(answer.headers.find("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(
        http_.exchange({.method = "DELETE", .url = "/mirror/container/CHECKSUM"}).status, 405);
}

}  // namespace
}  // namespace nacre::api::files
