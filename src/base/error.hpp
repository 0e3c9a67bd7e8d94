#pragma once

#include "base/source_location.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre {

/// What a caller can do about a failure. The HTTP status, the exit code and the retry decision
/// are derived from this value, and from nothing else.
enum class ErrorCode : std::uint8_t {
    InvalidArgument,  ///< the request is wrong: do not retry it unchanged
    NotFound,
    Conflict,  ///< the state forbids it now: reload and decide again
    Unauthenticated,
    PermissionDenied,
    ResourceExhausted,  ///< quota, disk, memory, process limit
    Unavailable,        ///< a peer or device failed: retry with back-off
    DeadlineExceeded,
    DataCorrupt,  ///< stored or received bytes contradict their digest or format
    Unsupported,
    Internal,  ///< our own fault
};

std::string_view to_string(ErrorCode code) noexcept;
bool is_retryable(ErrorCode code) noexcept;

/// A failure of the current operation. `message` names what failed and why, in lower case and
/// without a full stop; context frames are added while the error passes upwards, so that the
/// user reads "building image 'web': step 3/9: cannot mount overlay at '/x': Permission denied".
class Error : public std::runtime_error {
public:
    explicit Error(
        ErrorCode code,
        const std::string& message,
        SourceLocation where = SourceLocation::current());

    ErrorCode code() const noexcept { return code_; }

    const SourceLocation& where() const noexcept { return where_; }

    /// Outermost frame first.
    const std::vector<std::string>& context() const noexcept { return context_; }

    void add_context(std::string frame);

    /// One thing the user can try; empty when we know none.
    const std::string& hint() const noexcept { return hint_; }

    void set_hint(std::string hint);

    /// A copy with another hint: `throw Error{...}.with_hint("...")`.
    Error with_hint(std::string hint) const;

    /// Context frames and message joined by ": ".
    std::string describe() const;

    /// describe(), and "hint: ..." on a line of its own when there is a hint: the whole of it, for people.
    std::string explain() const;

private:
    ErrorCode code_;
    SourceLocation where_;
    std::vector<std::string> context_;
    std::string hint_;
};

/// A system call failed. The code is derived from `error_number`.
class SystemError : public Error {
public:
    explicit SystemError(
        int error_number,
        const std::string& message,
        SourceLocation where = SourceLocation::current());

    int error_number() const noexcept { return error_number_; }

private:
    int error_number_;
};

/// The operation was asked to stop. Deliberately not an Error: a handler that catches Error to
/// retry or to report must not swallow a cancellation.
class Cancelled : public std::exception {
public:
    const char* what() const noexcept override { return "cancelled"; }
};

/// Runs `body`; an Error which leaves it carries `frame` as its outermost context.
template <class Body>
decltype(auto) with_context(std::string_view frame, Body&& body) {
    try {
        return std::forward<Body>(body)();
    } catch (Error& error) {
        error.add_context(std::string{frame});
        throw;
    }
}

}  // namespace nacre
