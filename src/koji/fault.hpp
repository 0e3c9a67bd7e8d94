#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace nacre::koji {

/// Koji's fault codes (reference C.1.3).
enum class FaultCode : std::int32_t {
    Uncaught = 1,
    GenericError = 1000,
    LockError = 1001,
    AuthError = 1002,
    TagError = 1003,
    ActionNotAllowed = 1004,
    BuildError = 1005,
    AuthLockError = 1006,
    AuthExpired = 1007,
    SequenceError = 1008,
    RetryError = 1009,
    PreBuildError = 1010,
    PostBuildError = 1011,
    BuildrootError = 1012,
    FunctionDeprecated = 1013,
    ServerOffline = 1014,
    LiveCDError = 1015,
    PluginError = 1016,
    CallbackError = 1017,
    ApplianceError = 1018,
    ParameterError = 1019,
    ImportError = 1020,
    ConfigurationError = 1021,
    LiveMediaError = 1022,
    GSSAPIAuthError = 1023,
    NameValidationError = 1024,
    ContainerError = 2001,
    ContainerCancelled = 2002,
};

/// "GenericError", "BuildError": Koji's class name for a code; "Fault" for an unknown one.
std::string_view class_name(FaultCode code) noexcept;

/// A fault on the wire. An Error, so that it passes every boundary that knows Error; the hub throws it
/// where clients depend on the code or the text, the client throws it for what a hub answered.
class Fault : public Error {
public:
    Fault(
        FaultCode code, const std::string& text, SourceLocation where = SourceLocation::current());

    FaultCode fault_code() const noexcept { return fault_code_; }

private:
    FaultCode fault_code_;
};

/// The fault that a client sees for an error of ours (std::current_exception() in a handler): a Fault's own code, else ActionNotAllowed for
/// PermissionDenied, AuthError for Unauthenticated, ServerOffline for Unavailable, ParameterError for
/// InvalidArgument, GenericError for all others. The text is describe() plus the hint.
struct FaultText {
    FaultCode code;
    std::string text;
};

/// Other exceptions than Error pass through.
FaultText fault_of(const std::exception_ptr& error);

}  // namespace nacre::koji
