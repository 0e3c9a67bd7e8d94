#pragma once

#include "source/tree.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre::source {

/// A tree with these entries, and whatever keeps it alive:
///
///     a/b.txt "beta", a/run (0755) "#!/bin/sh\n", a/deep/empty "", a.txt "alpha", link -> a/b.txt, out -> ../../etc
///
/// and, as bytes, "big" with kBigSize times 'x'.
inline constexpr std::size_t kBigSize = 300'000;

class TreeFixture {
public:
    virtual ~TreeFixture() = default;
    virtual const Tree& tree() = 0;
};

struct TreeCase {
    std::string name;
    std::function<std::unique_ptr<TreeFixture>()> make;
};

class TreeContract : public testing::TestWithParam<TreeCase> {};

}  // namespace nacre::source
