#pragma once

#include "json/value.hpp"

#include <string_view>
#include <vector>

namespace nacre::exec {

/// "linux.seccomp" of runtime-spec 1.0. System calls are allowed unless they are known to let containers out or to concern
/// the whole machine: so that programs that are newer than this list work. Refused besides denied_system_calls(): clone
/// with a namespace flag, and clone3, whose flags a filter cannot see (ENOSYS: the C library uses clone then), and sockets
/// that no network namespace holds back (vsock) or that reach deep into the kernel (the crypto API).
json::Value seccomp_profile();

/// System calls that no build needs and that have let containers out before: they fail with EPERM.
const std::vector<std::string_view>& denied_system_calls();

}  // namespace nacre::exec
