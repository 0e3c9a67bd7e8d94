#include "base/adler32.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

std::string sum_of(std::string_view text) {
    Adler32 sum;
    sum.update(as_bytes(text));
    return sum.hex();
}

TEST(Adler32, IsTheOneOfZlib) {
    EXPECT_EQ(sum_of(""), "00000001");
    EXPECT_EQ(sum_of("Wikipedia"), "11e60398");
    EXPECT_EQ(sum_of(std::string(1'000'000, '\xFF')), "3843e1be");
}

TEST(Adler32, DoesNotCareHowTheBytesArePieced) {
    Adler32 pieces;
    pieces.update(as_bytes("Wiki"));
    pieces.update(as_bytes(""));
    pieces.update(as_bytes("pedia"));
    EXPECT_EQ(pieces.hex(), "11e60398");
}

}  // namespace
}  // namespace nacre
