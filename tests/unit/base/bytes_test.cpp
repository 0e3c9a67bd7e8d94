#include "base/bytes.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <array>

namespace nacre {
namespace {

TEST(Hex, WritesTwoLowerCaseDigitsAByte) {
    EXPECT_EQ(to_hex(as_bytes("\x01\xAB")), "01ab");
}

TEST(Base64, FollowsTheVectorsOfRfc4648) {
    const std::array<std::array<const char*, 2>, 7> vectors{
        {{"", ""},
         {"f", "Zg=="},
         {"fo", "Zm8="},
         {"foo", "Zm9v"},
         {"foob", "Zm9vYg=="},
         {"fooba", "Zm9vYmE="},
         {"foobar", "Zm9vYmFy"}}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
        EXPECT_EQ(from_base64(encoded), plain);
    }
}

TEST(Base64, AcceptsLineBreaks) {
    EXPECT_EQ(from_base64("Zm9v\r\nYmFy\n"), "foobar");
}

TEST(Base64, RefusesForeignDigitsAndCutText) {
    for (const char* text : {"Zg=", "Zm9v!mFy", "Z", "Zg==Zg==", "===="})
        EXPECT_THROW(from_base64(text), Error) << text;
}

TEST(StringSource, GivesAllBytesInPieces) {
    StringSource source{"abc"};
    std::array<std::byte, 2> buffer{};
    EXPECT_EQ(source.read(buffer), 2U);
    EXPECT_EQ(source.read(buffer), 1U);
    EXPECT_EQ(source.read(buffer), 0U);
}

}  // namespace
}  // namespace nacre
