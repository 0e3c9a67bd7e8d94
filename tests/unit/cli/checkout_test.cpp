#include "cli/checkout.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre::cli {
namespace {

constexpr const char* kClean =
    "# branch.oid 0123456789abcdef0123456789abcdef01234567\n"
    "# branch.head main\n"
    "# branch.upstream origin/main\n"
    "# branch.ab +0 -0\n";

Checkout checkout_with(const std::string& status) {
    Checkout checkout = parse_remote("http://host/git/container/httpd.git");
    checkout.status = parse_status(status);
    return checkout;
}

TEST(Checkout, ReadsTheStatus) {
    const CheckoutStatus status = parse_status(std::string{kClean} + "1 .M N... 100644 a\n? new\n");
    EXPECT_EQ(status.commit, "0123456789abcdef0123456789abcdef01234567");
    EXPECT_EQ(status.branch, "main");
    EXPECT_EQ(status.upstream, "origin/main");
    EXPECT_EQ(status.changes, 2);
}

TEST(Checkout, TakesNamesFromTheRemoteAndDropsCredentials) {
    const Checkout checkout = parse_remote("http://alice:secret@host:1/git/container/httpd.git");
    EXPECT_EQ(checkout.name_space, "container");
    EXPECT_EQ(checkout.name, "httpd");
    EXPECT_EQ(checkout.clone_url, "http://host:1/git/container/httpd.git");
    EXPECT_THROW(parse_remote("http://host"), Error);
}

TEST(Checkout, OnlyPushedCommitsAreBuilt) {
    EXPECT_NO_THROW(require_pushed(checkout_with(kClean)));
    EXPECT_THROW(require_pushed(checkout_with(std::string{kClean} + "? new\n")), Error);
    EXPECT_THROW(require_pushed(checkout_with("# branch.oid a\n# branch.head main\n")), Error);
    EXPECT_THROW(
        require_pushed(checkout_with("# branch.oid a\n# branch.head main\n# branch.upstream "
                                     "origin/main\n# branch.ab +2 -0\n")),
        Error);
}

TEST(Checkout, TheTargetFollowsTheBranch) {
    EXPECT_EQ(default_target(checkout_with(kClean)), "rawhide-container-candidate");
    EXPECT_EQ(
        default_target(checkout_with("# branch.oid a\n# branch.head f40\n")),
        "f40-container-candidate");
}

}  // namespace
}  // namespace nacre::cli
