#include "auth/password.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::auth {
namespace {

TEST(Password, VerifiesTheOneThatWasHashed) {
    const std::string hash = hash_password(Secret{"correct horse"});
    EXPECT_THAT(hash, testing::StartsWith("$argon2id$v=19$m=32768,t=2,p=1$"));
    EXPECT_TRUE(verify_password(Secret{"correct horse"}, hash));
    EXPECT_FALSE(verify_password(Secret{"correct horsf"}, hash));
    EXPECT_FALSE(verify_password(Secret{""}, hash));
    EXPECT_FALSE(needs_rehash(hash));
}

TEST(Password, HasASaltOfItsOwnEachTime) {
    EXPECT_NE(hash_password(Secret{"correct horse"}), hash_password(Secret{"correct horse"}));
}

TEST(Password, RefusesOnesThatAreTooShortOrTooLong) {
    EXPECT_EQ(
        test::message_of([] { return hash_password(Secret{"short"}); }),
        "the password has 5 bytes, needed are 8 to 1024");
    EXPECT_EQ(
        test::error_of([] { return hash_password(Secret{std::string(1025, 'x')}); }).code(),
        ErrorCode::InvalidArgument);
    EXPECT_NO_THROW(hash_password(Secret{std::string(1024, 'x')}));
}

TEST(Password, NeverMatchesATextThatIsNoHash) {
    for (const std::string& hash :
         {std::string{},
          std::string{"x"},
          std::string{"$argon2id$"},
          std::string(5000, '$'),
          std::string{"$argon2id$v=19$m=4294967295,t=4294967295,p=1$AAAA$AAAA"}}) {
        EXPECT_FALSE(verify_password(Secret{"correct horse"}, hash)) << hash;
        EXPECT_TRUE(needs_rehash(hash));
    }
}

TEST(Password, WantsANewHashForOtherParameters) {
    EXPECT_TRUE(
        needs_rehash("$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                     "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"));
}

TEST(Token, HasOneHash) {
    EXPECT_EQ(hash_token(Secret{"t"}), hash_token(Secret{"t"}));
    EXPECT_NE(hash_token(Secret{"t"}), hash_token(Secret{"u"}));
    EXPECT_EQ(hash_token(Secret{""}).size(), 64U);
}

}  // namespace
}  // namespace nacre::auth
