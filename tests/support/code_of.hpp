#pragma once

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace nacre::test {

/// The code of the Error that `action` throws; a test failure when it throws none.
inline ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no Error was thrown";
    return ErrorCode::Internal;
}

/// What a person reads of the Error that `action` throws.
inline std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.describe();
    }
    ADD_FAILURE() << "no Error was thrown";
    return "";
}

}  // namespace nacre::test
