#include "api/registry/detail/refusal.hpp"

#include "http/errors.hpp"
#include "json/value.hpp"

namespace nacre::api::registry::detail {
namespace {

ErrorCode to_error_code(int status) noexcept {
    switch (status) {
        case 401:
            return ErrorCode::Unauthenticated;
        case 403:
            return ErrorCode::PermissionDenied;
        case 404:
            return ErrorCode::NotFound;
        case 405:
            return ErrorCode::Unsupported;
        case 409:
            return ErrorCode::Conflict;
        case 413:
        case 429:
            return ErrorCode::ResourceExhausted;
        default:
            return ErrorCode::InvalidArgument;
    }
}

http::Response error_document(
    int status, std::string_view code, const std::string& message, const std::string& hint) {
    json::Object entry;
    entry.set("code", code);
    entry.set("message", hint.empty() ? message : message + " (" + hint + ")");
    json::Object document;
    document.set("errors", json::Array{std::move(entry)});
    return http::Response::json(status, json::render(std::move(document)));
}

}  // namespace

Refusal::Refusal(int status, std::string_view spec_code, const std::string& message)
    : Error{to_error_code(status), message},
      status_{status},
      spec_code_{spec_code} {}

http::Response render(const Refusal& refusal) {
    return error_document(
        refusal.status(), refusal.spec_code(), refusal.describe(), refusal.hint());
}

http::Response render_or_rethrow(const Error& error) {
    const auto answer = [&](int status, std::string_view code) {
        return error_document(status, code, error.describe(), error.hint());
    };
    switch (error.code()) {
        case ErrorCode::Unauthenticated: {
            http::Response response = answer(401, "UNAUTHORIZED");
            response.headers.set("WWW-Authenticate", "Basic realm=\"nacre\"");
            return response;
        }
        case ErrorCode::PermissionDenied:
            return answer(403, "DENIED");
        case ErrorCode::InvalidArgument:
            return answer(400, "UNSUPPORTED");
        default:
            // It is called from a handler only, as its header says.
            // cppcheck-suppress rethrowNoCurrentException
            throw;
    }
}

}  // namespace nacre::api::registry::detail
