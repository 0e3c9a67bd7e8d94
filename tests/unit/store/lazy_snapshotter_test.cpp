#include "store/lazy_snapshotter.hpp"

#include "base/error.hpp"
#include "store/copy_snapshotter.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

namespace nacre::store {
namespace {

TEST(LazySnapshotter, MakesNothingBeforeItIsNeededAndThenOnce) {
    const test::TempDir folder;
    int made = 0;
    LazySnapshotter lazy{[&] {
        ++made;
        return std::make_unique<CopySnapshotter>(folder.path());
    }};
    EXPECT_EQ(made, 0);
    EXPECT_TRUE(lazy.layers().empty());
    EXPECT_TRUE(lazy.layers().empty());
    EXPECT_EQ(made, 1);
}

TEST(LazySnapshotter, TriesAgainWhatCouldNotBeMade) {
    const test::TempDir folder;
    int tries = 0;
    LazySnapshotter lazy{[&]() -> std::unique_ptr<Snapshotter> {
        if (++tries == 1) throw Error{ErrorCode::PermissionDenied, "not yet"};
        return std::make_unique<CopySnapshotter>(folder.path());
    }};
    EXPECT_EQ(test::code_of([&] { lazy.layers(); }), ErrorCode::PermissionDenied);
    EXPECT_TRUE(lazy.layers().empty());
}

}  // namespace
}  // namespace nacre::store
