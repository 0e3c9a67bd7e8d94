#include "engine/accounts.hpp"

#include "support/code_of.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using test::code_of;
using test::message_of;

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken\n"
    "alsobroken:x:many:0::/:\n"
    "web:x:1000:1001::/home/web:/bin/sh\n"
    "homeless:x:1002:1002::\n"
    "77:x:4000:4001::/seven:/bin/sh\n";
constexpr const char* kGroup = "root:x:0:\nweb:x:1001:\nmedia:x:2000:root,web\naudio:x:2001:web\n";

Account resolve(std::string_view text) {
    return resolve_account(text, kPasswd, kGroup);
}

TEST(ResolveAccount, TakesNothingForRoot) {
    EXPECT_EQ(resolve(""), Account{});
}

TEST(ResolveAccount, FindsANameWithItsGroupsAndHome) {
    const Account web = resolve("web");
    EXPECT_EQ(web.owner, (Owner{1000, 1001}));
    EXPECT_EQ(web.additional_gids, (std::vector<std::uint32_t>{2000, 2001}));
    EXPECT_EQ(web.home, "/home/web");
}

TEST(ResolveAccount, FindsTheSameByNumber) {
    EXPECT_EQ(resolve("1000"), resolve("web"));
}

TEST(ResolveAccount, TakesTheGroupThatIsGiven) {
    EXPECT_EQ(resolve("web:media").owner, (Owner{1000, 2000}));
    EXPECT_EQ(resolve("web:3000").owner, (Owner{1000, 3000}));
    EXPECT_TRUE(resolve("web:media").additional_gids.empty());
    EXPECT_EQ(resolve("0:web").owner, (Owner{0, 1001}));
}

TEST(ResolveAccount, TakesNumbersThatTheImageDoesNotKnow) {
    EXPECT_EQ(resolve("5000").owner, (Owner{5000, 0}));
    EXPECT_EQ(resolve("5000:5001").owner, (Owner{5000, 5001}));
    EXPECT_EQ(resolve("4294967294").owner.uid, 4294967294U);
    EXPECT_EQ(resolve("5000").home, "/");
}

TEST(ResolveAccount, PrefersTheFirstLineThatFits) {
    EXPECT_EQ(resolve("77").owner, (Owner{4000, 4001}));
}

TEST(ResolveAccount, RefusesNamesAndNumbersThatCannotBe) {
    for (const char* text : {"nobody", "web:nobody", "-1", "4294967295", "4294967296", "5000:-1"})
        EXPECT_EQ(code_of([&] { resolve(text); }), ErrorCode::NotFound) << text;
    EXPECT_THAT(
        message_of([] { resolve("nobody"); }),
        testing::HasSubstr("user 'nobody' is not in the image's /etc/passwd"));
    EXPECT_THAT(
        message_of([] { resolve("web:nobody"); }),
        testing::HasSubstr("group 'nobody' is not in the image's /etc/group"));
}

TEST(ResolveAccount, WorksWithoutFiles) {
    EXPECT_EQ(resolve_account("1:2", "", "").owner, (Owner{1, 2}));
    EXPECT_EQ(code_of([] { resolve_account("web", "", ""); }), ErrorCode::NotFound);
}

}  // namespace
}  // namespace nacre::engine
