#pragma once

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nacre::test {

/// The Error that `action` throws; fails the test when it throws none.
template <class Action>
Error error_of(Action&& action) {
    try {
        static_cast<void>(action());
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "no Error was thrown";
    return Error{ErrorCode::Internal, "no Error was thrown"};
}

/// Its whole text: what a person reads.
template <class Action>
std::string message_of(Action&& action) {
    return error_of(action).describe();
}

}  // namespace nacre::test
