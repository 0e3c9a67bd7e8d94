#include "koji/fault.hpp"

#include <algorithm>
#include <array>

namespace nacre::koji {
namespace {

struct Known {
    FaultCode code;
    std::string_view name;
    ErrorCode meaning;
};

constexpr std::array kKnown{
    Known{FaultCode::GenericError, "GenericError", ErrorCode::InvalidArgument},
    Known{FaultCode::LockError, "LockError", ErrorCode::Conflict},
    Known{FaultCode::AuthError, "AuthError", ErrorCode::Unauthenticated},
    Known{FaultCode::TagError, "TagError", ErrorCode::Conflict},
    Known{FaultCode::ActionNotAllowed, "ActionNotAllowed", ErrorCode::PermissionDenied},
    Known{FaultCode::BuildError, "BuildError", ErrorCode::InvalidArgument},
    Known{FaultCode::AuthLockError, "AuthLockError", ErrorCode::Conflict},
    Known{FaultCode::AuthExpired, "AuthExpired", ErrorCode::Unauthenticated},
    Known{FaultCode::SequenceError, "SequenceError", ErrorCode::Conflict},
    Known{FaultCode::RetryError, "RetryError", ErrorCode::Conflict},
    Known{FaultCode::PreBuildError, "PreBuildError", ErrorCode::InvalidArgument},
    Known{FaultCode::PostBuildError, "PostBuildError", ErrorCode::InvalidArgument},
    Known{FaultCode::BuildrootError, "BuildrootError", ErrorCode::InvalidArgument},
    Known{FaultCode::FunctionDeprecated, "FunctionDeprecated", ErrorCode::Unsupported},
    Known{FaultCode::ServerOffline, "ServerOffline", ErrorCode::Unavailable},
    Known{FaultCode::LiveCDError, "LiveCDError", ErrorCode::InvalidArgument},
    Known{FaultCode::PluginError, "PluginError", ErrorCode::Internal},
    Known{FaultCode::CallbackError, "CallbackError", ErrorCode::Internal},
    Known{FaultCode::ApplianceError, "ApplianceError", ErrorCode::InvalidArgument},
    Known{FaultCode::ParameterError, "ParameterError", ErrorCode::InvalidArgument},
    Known{FaultCode::ImportError, "ImportError", ErrorCode::InvalidArgument},
    Known{FaultCode::ConfigurationError, "ConfigurationError", ErrorCode::Internal},
    Known{FaultCode::LiveMediaError, "LiveMediaError", ErrorCode::InvalidArgument},
    Known{FaultCode::GSSAPIAuthError, "GSSAPIAuthError", ErrorCode::Unauthenticated},
    Known{FaultCode::NameValidationError, "NameValidationError", ErrorCode::InvalidArgument},
    Known{FaultCode::ContainerError, "ContainerError", ErrorCode::InvalidArgument},
    Known{FaultCode::ContainerCancelled, "ContainerCancelled", ErrorCode::Conflict},
};

const Known* find_known(FaultCode code) noexcept {
    const auto found = std::find_if(
        kKnown.begin(), kKnown.end(), [code](const Known& known) { return known.code == code; });
    return found == kKnown.end() ? nullptr : &*found;
}

FaultCode fault_code_for(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::PermissionDenied:
            return FaultCode::ActionNotAllowed;
        case ErrorCode::Unauthenticated:
            return FaultCode::AuthError;
        case ErrorCode::Unavailable:
            return FaultCode::ServerOffline;
        case ErrorCode::InvalidArgument:
            return FaultCode::ParameterError;
        default:
            return FaultCode::GenericError;
    }
}

}  // namespace

std::string_view class_name(FaultCode code) noexcept {
    const Known* known = find_known(code);
    return known == nullptr ? "Fault" : known->name;
}

Fault::Fault(FaultCode code, const std::string& text, SourceLocation where)
    : Error{find_known(code) == nullptr ? ErrorCode::Internal : find_known(code)->meaning, text, where},
      fault_code_{code} {}

FaultText fault_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const Fault& fault) {
        return {.code = fault.fault_code(), .text = fault.explain()};
    } catch (const Error& failure) {
        return {.code = fault_code_for(failure.code()), .text = failure.explain()};
    }
}

}  // namespace nacre::koji
