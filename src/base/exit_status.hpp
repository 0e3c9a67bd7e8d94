#pragma once

#include "base/error.hpp"

namespace nacre {

// How our programs end, besides 0 for done.

inline constexpr int kExitFailed = 1;
inline constexpr int kExitWrongUsage = 2;
inline constexpr int kExitTryAgain = 75;  ///< a peer is away (EX_TEMPFAIL of sysexits)

inline constexpr int kExitInterrupted = 130;  ///< by Ctrl-C, as shells have it

/// What a program that ends by an error of this code returns.
int exit_status(ErrorCode code) noexcept;

}  // namespace nacre
