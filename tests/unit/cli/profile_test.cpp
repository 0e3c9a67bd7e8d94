#include "cli/profile.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre::cli {
namespace {

TEST(Profile, DerivesAddressesFromTheServer) {
    const Profile profile =
        parse_profile("[nacre]\nserver = http://h:1/kojihub\nuser=alice\npassword = p\n", {});
    EXPECT_EQ(profile.server, "http://h:1/kojihub");
    EXPECT_EQ(profile.weburl, "http://h:1/koji");
    EXPECT_EQ(profile.topurl, "http://h:1/kojifiles");
    EXPECT_EQ(profile.gitbaseurl, "http://h:1/git");
    EXPECT_EQ(profile.apiurl, "http://h:1/api/0");
    EXPECT_EQ(profile.user, "alice");
    EXPECT_EQ(profile.password.reveal(), "p");
}

TEST(Profile, KeepsExplicitAddressesAndSections) {
    const Profile profile = parse_profile(
        "# "
        "comment\n[koji]\nserver=http://other/kojihub\n[nacre]\nserver=http://h\nweburl=http://w\n",
        {});
    EXPECT_EQ(profile.server, "http://h/kojihub");
    EXPECT_EQ(profile.weburl, "http://w");
}

TEST(Profile, DoesNotGiveAPasswordToAnotherUser) {
    const ProfileSource source{.user = "eve"};
    EXPECT_TRUE(parse_profile("[nacre]\nserver=http://h\nuser=alice\npassword=p\n", source)
                    .password.empty());
}

TEST(Profile, SaysWhatIsMissingAndWhere) {
    try {
        parse_profile("", {.file = "f.conf"});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.describe(), "no server is configured in 'f.conf'");
        EXPECT_NE(error.hint().find("nacre login"), std::string::npos);
    }
    try {
        parse_profile("[nacre]\nserver\n", {.file = "f.conf"});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.describe(), "f.conf:2: expected 'key = value', found 'server'");
    }
}

TEST(Profile, KnowsTheServersAuthorityBeforeTheServer) {
    EXPECT_EQ(find_server_ca({.file = "/nonexistent", .ca_file = "a.pem"}), "a.pem");
    EXPECT_EQ(find_server_ca({.file = "/nonexistent"}), "");
    const std::string text = "[nacre]\nserver=https://h\nserverca=/b.pem\n";
    EXPECT_EQ(parse_profile(text, {}).serverca, "/b.pem");
    EXPECT_EQ(parse_profile(text, {.ca_file = "a.pem"}).serverca, "a.pem");
    Profile profile = parse_profile(text, {.ca_file = "/a.pem"});
    EXPECT_EQ(parse_profile(render_profile(text, "nacre", profile), {}).serverca, "/a.pem");
}

TEST(Profile, IsWrittenIntoItsSectionOnly) {
    Profile profile;
    profile.server = "http://new/kojihub";
    profile.user = "bob";
    profile.password = Secret{"q"};
    const std::string text = render_profile(
        "[koji]\nserver = a\n[nacre]\nserver = old\nweburl = w\n[z]\nuser = z\n", "nacre", profile);
    EXPECT_EQ(
        text,
        "[koji]\nserver = a\n[nacre]\nserver = http://new/kojihub\nuser = bob\npassword = "
        "q\nweburl = w\n[z]\nuser = "
        "z\n");
    EXPECT_EQ(parse_profile(text, {}).user, "bob");
}

}  // namespace
}  // namespace nacre::cli
