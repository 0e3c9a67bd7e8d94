#include "base/path_names.hpp"

#include <gmock/gmock.h>

namespace nacre {
namespace {

TEST(PathNames, CutAtTheLastSlash) {
    EXPECT_EQ(base_name("a/b/c"), "c");
    EXPECT_EQ(parent_of("a/b/c"), "a/b");
    EXPECT_EQ(base_name("/a"), "a");
    EXPECT_EQ(parent_of("/a"), "");
    EXPECT_EQ(base_name("a"), "a");
    EXPECT_EQ(parent_of("a"), "");
    EXPECT_EQ(base_name("a/"), "");
    EXPECT_EQ(parent_of("a/"), "a");
}

TEST(PathNames, JoinWithOneSlash) {
    EXPECT_EQ(join_path("a", "b"), "a/b");
    EXPECT_EQ(join_path("a/", "b"), "a/b");
    EXPECT_EQ(join_path("/", "b"), "/b");
    EXPECT_EQ(join_path("", "b"), "b");
    EXPECT_EQ(join_path("a", ""), "a");
    EXPECT_EQ(join_path("", ""), "");
}

}  // namespace
}  // namespace nacre
