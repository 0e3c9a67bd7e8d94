#pragma once

#include "backend/backend.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre::backend {

/// What the worker of a backend under test does.
enum class Conduct : std::uint8_t {
    ExitsWithSeven,
    RunsUntilAsked,  ///< ends at the first request
    RefusesToEnd     ///< ends by force only
};

struct BackendCase {
    std::string name;
    std::function<std::unique_ptr<Backend>(Conduct)> make;
};

class BackendContract : public testing::TestWithParam<BackendCase> {};

}  // namespace nacre::backend
