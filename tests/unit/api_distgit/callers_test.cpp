#include "api/distgit/callers.hpp"

#include "support/errors.hpp"

#include "support.hpp"
#include <gtest/gtest.h>

namespace nacre::api::distgit {
namespace {

class CallersTest : public testing::Test {
protected:
    CallersTest() {
        test::add_users(authenticator_);
        authenticator_.set_token("ABC", "eve");
    }

    std::optional<std::string> find(const std::string& value) {
        test::TestRequest request{"GET", "/"};
        request.get().headers.set("Authorization", value);
        return callers_.find(request.get());
    }

    auth::StaticAuthenticator authenticator_;
    test::FixedAdministrators administrators_;
    Callers callers_{authenticator_, administrators_};
};

TEST_F(CallersTest, ReadsPasswordsAndTokens) {
    EXPECT_EQ(find("Basic " + to_base64(as_bytes("alice:alice-password"))), "alice");
    EXPECT_EQ(find("token ABC"), "eve");
    EXPECT_EQ(find("bearer ABC"), "eve");
}

TEST_F(CallersTest, FindsNobodyInOtherText) {
    for (const char* value : {"", "Basic", "Basic !!!", "Digest x", "tokenABC"})
        EXPECT_EQ(find(value), std::nullopt) << value;
}

TEST_F(CallersTest, RefusesWrongCredentials) {
    for (const std::string& value :
         {std::string{"token XYZ"}, "Basic " + to_base64(as_bytes("alice:guess"))})
        EXPECT_EQ(
            nacre::test::error_of([&] { return find(value); }).code(), ErrorCode::Unauthenticated);
}

TEST_F(CallersTest, AsksForCredentialsWhereTheyAreNeeded) {
    test::TestRequest request{"GET", "/"};
    const Error error =
        nacre::test::error_of([&] { return callers_.require(request.get(), "pushing"); });
    EXPECT_EQ(error.code(), ErrorCode::Unauthenticated);
    EXPECT_EQ(error.describe(), "pushing needs a user and a password, or a token");
    EXPECT_EQ(callers_.require(request.as("alice").get(), "pushing"), "alice");
}

}  // namespace
}  // namespace nacre::api::distgit
