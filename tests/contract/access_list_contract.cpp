#include "contract/access_list_contract.hpp"

#include "support/errors.hpp"

namespace nacre::distgit::contract {

TEST_P(AccessListContract, KnowsTheOwner) {
    EXPECT_EQ(list().find(httpd_), (Access{"alice", {}, {}}));
}

TEST_P(AccessListContract, KnowsNothingOfOtherRepositories) {
    EXPECT_EQ(list().find(other_), std::nullopt);
    EXPECT_EQ(
        test::error_of([&] {
            list().set(other_, "bob", Acl::Commit);
            return 0;
        }).code(),
        ErrorCode::NotFound);
}

TEST_P(AccessListContract, GivesExactlyOneRight) {
    list().set(httpd_, "bob", Acl::Commit);
    EXPECT_EQ(list().find(httpd_), (Access{"alice", {}, {"bob"}}));
    list().set(httpd_, "bob", Acl::Admin);
    EXPECT_EQ(list().find(httpd_), (Access{"alice", {"bob"}, {}}));
    list().set(httpd_, "carol", Acl::Commit);
    list().set(httpd_, "bob", Acl::None);
    EXPECT_EQ(list().find(httpd_), (Access{"alice", {}, {"carol"}}));
    list().set(httpd_, "nobody", Acl::None);
    EXPECT_EQ(list().find(httpd_), (Access{"alice", {}, {"carol"}}));
}

TEST_P(AccessListContract, KeepsTheOwnersRights) {
    for (const Acl acl : {Acl::None, Acl::Commit})
        EXPECT_EQ(
            test::error_of([&] {
                list().set(httpd_, "alice", acl);
                return 0;
            }).code(),
            ErrorCode::Conflict);
    list().set(httpd_, "alice", Acl::Admin);
    EXPECT_EQ(list().find(httpd_), (Access{"alice", {}, {}}));
}

}  // namespace nacre::distgit::contract
