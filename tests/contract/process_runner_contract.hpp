#pragma once

#include "os/process.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre::os {

/// A runner for which these commands do what they do on any Unix: `sh -c "echo out; echo err >&2; exit 7"`,
/// `sh -c "kill -9 $$"`, `sleep 1000`, `cat`; and there is no `no-such-program`.
struct ProcessRunnerCase {
    std::string name;
    std::function<std::unique_ptr<ProcessRunner>()> make;
};

class ProcessRunnerContract : public testing::TestWithParam<ProcessRunnerCase> {
protected:
    std::unique_ptr<ProcessRunner> runner_ = GetParam().make();
};

inline Command failing_command() {
    return {
        .argv = {"sh", "-c", "echo out; echo err >&2; exit 7"},
        .environment = minimal_environment()};
}

inline Command killed_command() {
    return {.argv = {"sh", "-c", "kill -9 $$"}, .environment = minimal_environment()};
}

inline Command endless_command() {
    return {.argv = {"sleep", "1000"}, .environment = minimal_environment()};
}

inline Command echoing_command() {
    return {.argv = {"cat"}, .environment = minimal_environment()};
}

}  // namespace nacre::os
