#include "contract/repositories_contract.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>

namespace nacre::distgit::contract {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(RepositoriesContract, HasNothingAtFirst) {
    EXPECT_THAT(repositories().list(), IsEmpty());
    EXPECT_FALSE(repositories().find(httpd_));
}

TEST_P(RepositoriesContract, FindsWhatItCreated) {
    const Repository made = create(httpd_);
    EXPECT_EQ(made.name, httpd_);
    const auto found = repositories().find(httpd_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->description, "A web server");
    EXPECT_EQ(found->created, 1'790'000'000);
    create(other_);
    EXPECT_THAT(repositories().list(), ElementsAre(httpd_, other_));
}

TEST_P(RepositoriesContract, StartsWithOneCommitOnMain) {
    create(httpd_);
    const auto branches = repositories().branches(httpd_, {});
    ASSERT_THAT(branches, SizeIs(1));
    EXPECT_EQ(branches[0].name, "main");
    EXPECT_THAT(branches[0].commit, SizeIs(40));
    EXPECT_EQ(repositories().resolve(httpd_, "main", {}), branches[0].commit);
    EXPECT_EQ(repositories().resolve(httpd_, branches[0].commit, {}), branches[0].commit);
    EXPECT_EQ(
        repositories().resolve(httpd_, branches[0].commit.substr(0, 12), {}), branches[0].commit);
}

TEST_P(RepositoriesContract, RefusesToCreateTwice) {
    create(httpd_);
    EXPECT_EQ(test::error_of([&] { return create(httpd_); }).code(), ErrorCode::Conflict);
    EXPECT_EQ(
        ensure_repository(repositories(), httpd_, {"bob", "x"}, {}).description, "A web server");
    EXPECT_EQ(ensure_repository(repositories(), other_, {"bob", "x"}, {}).description, "x");
}

TEST_P(RepositoriesContract, NamesTheAllowedNamespaces) {
    const Error error = test::error_of([&] { return create(RepositoryName::parse("evil/x")); });
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_THAT(error.describe(), HasSubstr("container, flatpaks, modules, rpms, tests"));
    EXPECT_THAT(repositories().list(), IsEmpty());
}

TEST_P(RepositoriesContract, RefusesAnOrderThatIsIncomplete) {
    for (const NewRepository& order :
         {NewRepository{"", "x"},
          NewRepository{"alice", "two\nlines"},
          NewRepository{"alice", std::string(1001, 'x')}})
        EXPECT_EQ(
            test::error_of([&] { return repositories().create(httpd_, order, {}); }).code(),
            ErrorCode::InvalidArgument);
    EXPECT_FALSE(repositories().find(httpd_));
}

TEST_P(RepositoriesContract, ReportsWhatIsNotThere) {
    EXPECT_EQ(
        test::error_of([&] { return repositories().branches(httpd_, {}); }).code(),
        ErrorCode::NotFound);
    create(httpd_);
    for (const char* ref : {"nope", "deadbeef", "0123456789012345678901234567890123456789"})
        EXPECT_EQ(
            test::error_of([&] { return repositories().resolve(httpd_, ref, {}); }).code(),
            ErrorCode::NotFound)
            << ref;
}

TEST_P(RepositoriesContract, RefusesTextThatCannotBeARef) {
    create(httpd_);
    for (const char* ref : {"", "-h", "--all", "main~1", "a b", "main^{tree}", "main:x", "../main"})
        EXPECT_EQ(
            test::error_of([&] { return repositories().resolve(httpd_, ref, {}); }).code(),
            ErrorCode::InvalidArgument)
            << ref;
}

}  // namespace nacre::distgit::contract
