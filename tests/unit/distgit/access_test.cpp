#include "distgit/access.hpp"

#include "distgit/file_access_list.hpp"
#include "os/file.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::distgit {
namespace {

using testing::HasSubstr;

const RepositoryName kHttpd = RepositoryName::parse("container/httpd");

TEST(Access, RanksUsers) {
    const Access access{"alice", {"bob"}, {"carol"}};
    EXPECT_EQ(acl_of(access, "alice"), Acl::Admin);
    EXPECT_EQ(acl_of(access, "bob"), Acl::Admin);
    EXPECT_EQ(acl_of(access, "carol"), Acl::Commit);
    EXPECT_EQ(acl_of(access, "eve"), Acl::None);
    EXPECT_EQ(acl_of(Access{}, ""), Acl::None);
}

TEST(Access, SaysWhoMayPushAndWhomToAsk) {
    const Access access{"alice", {"bob"}, {"carol"}};
    EXPECT_NO_THROW(require_push(access, kHttpd, "carol"));
    const Error error = test::error_of([&] {
        require_push(access, kHttpd, "eve");
        return 0;
    });
    EXPECT_EQ(error.code(), ErrorCode::PermissionDenied);
    EXPECT_EQ(
        error.describe(),
        "user 'eve' may not push to 'container/httpd'; may do so: the owner 'alice', 'bob', "
        "'carol', "
        "and administrators");
    EXPECT_EQ(error.hint(), "ask 'alice' for the commit right");
}

TEST(Access, NamesNotAllOfVeryManyUsers) {
    Access access{"alice", {}, {}};
    for (int i = 0; i < 1000; ++i)
        access.committers.insert("user" + std::to_string(i));
    const std::string message = test::message_of([&] {
        require_push(access, kHttpd, "eve");
        return 0;
    });
    EXPECT_LT(message.size(), 300U);
    EXPECT_THAT(message, HasSubstr("and others"));
}

TEST(Access, ReadsWhatItWrites) {
    const Access access{"alice", {"bob", "b\"ob"}, {"carol"}};
    EXPECT_EQ(parse_access(render(access)), access);
}

TEST(Access, ReportsATextThatIsCorrupt) {
    for (const char* text :
         {"",
          "{}",
          "[]",
          R"({"version":2,"owner":"a"})",
          R"({"version":1,"owner":"a","admins":[1]})"})
        EXPECT_EQ(test::error_of([&] { return parse_access(text); }).code(), ErrorCode::DataCorrupt)
            << text;
}

TEST(FileAccessList, NamesTheRepositoryWhoseFileIsCorrupt) {
    const test::TempDir root;
    os::ensure_directory(root.path() / "container");
    os::ensure_directory(root.path() / "container/httpd.git");
    os::write_file_atomically(root.path() / "container/httpd.git" / kAccessFile, "{");
    FileAccessList list{root.path()};
    EXPECT_THAT(
        test::message_of([&] { return list.find(kHttpd); }),
        HasSubstr("repository 'container/httpd': access of a repository: "));
}

}  // namespace
}  // namespace nacre::distgit
