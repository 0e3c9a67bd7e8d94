#include "base/exit_status.hpp"

namespace nacre {

int exit_status(ErrorCode code) noexcept {
    return is_retryable(code) ? kExitTryAgain : kExitFailed;
}

}  // namespace nacre
