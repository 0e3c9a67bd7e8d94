#include "base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace nacre {
namespace {

TEST(Error, PutsTheOutermostFrameFirst) {
    try {
        with_context("building 'web'", [] {
            with_context("step 3/9", [] { throw SystemError{EACCES, "cannot mount '/x'"}; });
        });
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(
            error.describe(), "building 'web': step 3/9: cannot mount '/x': Permission denied");
        EXPECT_EQ(error.code(), ErrorCode::PermissionDenied);
    }
}

TEST(Error, CarriesAHint) {
    const Error error = Error{ErrorCode::NotFound, "no x"}.with_hint("make one");
    EXPECT_EQ(error.hint(), "make one");
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
}

TEST(Error, AFullDiskIsAnExhaustedResource) {
    EXPECT_EQ(SystemError(ENOSPC, "x").code(), ErrorCode::ResourceExhausted);
}

TEST(Error, OnlyFailuresOfPeersAreRetried) {
    EXPECT_TRUE(is_retryable(ErrorCode::Unavailable));
    EXPECT_FALSE(is_retryable(ErrorCode::InvalidArgument));
}

}  // namespace
}  // namespace nacre
