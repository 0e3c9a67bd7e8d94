#include "oci/digest.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::oci {
namespace {

const std::string kHex = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

TEST(Digest, ReadsBothAlgorithms) {
    const Digest digest = Digest::parse("sha256:" + kHex);
    EXPECT_EQ(digest.algorithm(), "sha256");
    EXPECT_EQ(digest.hex(), kHex);
    EXPECT_EQ(digest.str(), "sha256:" + kHex);
    EXPECT_EQ(Digest::parse("sha512:" + kHex + kHex).algorithm(), "sha512");
}

TEST(Digest, RejectsWhatIsNotOne) {
    std::string upper = kHex;
    upper[1] = 'C';
    for (const std::string& text :
         {std::string{},
          std::string{"sha256:"},
          kHex,
          "sha256:" + upper,
          "sha256:" + kHex + "0",
          "sha256:" + kHex.substr(1),
          "sha512:" + kHex,
          "SHA256:" + kHex,
          "md5:" + kHex.substr(32),
          std::string{"sha256:../../x"},
          "sha256:" + kHex.substr(3) + "/..",
          " sha256:" + kHex,
          "sha256:" + kHex + "\n",
          "sha256:" + std::string(64, '\0')}) {
        EXPECT_EQ(Digest::try_parse(text), std::nullopt) << text;
        EXPECT_EQ(
            test::error_of([&] { return Digest::parse(text); }).code(), ErrorCode::InvalidArgument);
    }
}

TEST(Digest, NamesWhatItFoundAndWhatIsNeeded) {
    const std::string message = test::message_of([] { return Digest::parse("sha256:../../x"); });
    EXPECT_THAT(message, testing::HasSubstr("'sha256:../../x'"));
    EXPECT_THAT(message, testing::HasSubstr("64"));
}

}  // namespace
}  // namespace nacre::oci
