#pragma once

#include "base/error.hpp"
#include "exec/executor.hpp"

namespace nacre::exec {

// What all executors say of a ContainerSpec.

/// Throws Error{InvalidArgument} for a name that is not plain, an unknown limit and an empty command.
void check(const ContainerSpec& spec);

/// Error{DeadlineExceeded}.
Error past_time_limit(const ContainerSpec& spec);

}  // namespace nacre::exec
