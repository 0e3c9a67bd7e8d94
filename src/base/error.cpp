#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace nacre {
namespace {

ErrorCode code_for(int error_number) noexcept {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::NotFound;
        case EEXIST:
        case EBUSY:
        case ENOTEMPTY:
            return ErrorCode::Conflict;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorCode::PermissionDenied;
        case ENOSPC:
        case EDQUOT:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
            return ErrorCode::ResourceExhausted;
        case EAGAIN:
        case ECONNREFUSED:
        case ECONNRESET:
        case ENETUNREACH:
        case EIO:
            return ErrorCode::Unavailable;
        case ETIMEDOUT:
            return ErrorCode::DeadlineExceeded;
        case ENOSYS:
        case EOPNOTSUPP:
            return ErrorCode::Unsupported;
        default:
            return ErrorCode::Internal;
    }
}

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::InvalidArgument:
            return "invalid-argument";
        case ErrorCode::NotFound:
            return "not-found";
        case ErrorCode::Conflict:
            return "conflict";
        case ErrorCode::Unauthenticated:
            return "unauthenticated";
        case ErrorCode::PermissionDenied:
            return "permission-denied";
        case ErrorCode::ResourceExhausted:
            return "resource-exhausted";
        case ErrorCode::Unavailable:
            return "unavailable";
        case ErrorCode::DeadlineExceeded:
            return "deadline-exceeded";
        case ErrorCode::DataCorrupt:
            return "data-corrupt";
        case ErrorCode::Unsupported:
            return "unsupported";
        case ErrorCode::Internal:
            return "internal";
    }
    return "unknown";
}

bool is_retryable(ErrorCode code) noexcept {
    return code == ErrorCode::Unavailable || code == ErrorCode::DeadlineExceeded;
}

Error::Error(ErrorCode code, const std::string& message, SourceLocation where)
    : std::runtime_error{message},
      code_{code},
      where_{where} {}

void Error::add_context(std::string frame) {
    context_.insert(context_.begin(), std::move(frame));
}

void Error::set_hint(std::string hint) {
    hint_ = std::move(hint);
}

Error Error::with_hint(std::string hint) const {
    Error copy = *this;
    copy.hint_ = std::move(hint);
    return copy;
}

std::string Error::describe() const {
    std::string text;
    for (const auto& frame : context_)
        text += frame + ": ";
    return text + what();
}

std::string Error::explain() const {
    return hint_.empty() ? describe() : describe() + "\nhint: " + hint_;
}

SystemError::SystemError(int error_number, const std::string& message, SourceLocation where)
    : Error{code_for(error_number), message + ": " + std::generic_category().message(error_number), where},
      error_number_{error_number} {}

}  // namespace nacre
