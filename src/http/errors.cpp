#include "http/errors.hpp"

namespace nacre::http {

int status_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::InvalidArgument:
            return 400;
        case ErrorCode::Unauthenticated:
            return 401;
        case ErrorCode::PermissionDenied:
            return 403;
        case ErrorCode::NotFound:
            return 404;
        case ErrorCode::Conflict:
            return 409;
        case ErrorCode::ResourceExhausted:
            return 413;
        case ErrorCode::Unsupported:
            return 501;
        case ErrorCode::Unavailable:
            return 503;
        case ErrorCode::DeadlineExceeded:
            return 504;
        case ErrorCode::DataCorrupt:
        case ErrorCode::Internal:
            break;
    }
    return 500;
}

Response error_response(const Error& error) {
    const int status = status_of(error.code());
    std::string text =
        status == 500 ? "internal error, see the log of the service" : error.describe();
    text += "\n";
    if (status != 500 && !error.hint().empty()) text += "hint: " + error.hint() + "\n";
    Response response = Response::plain(status, text);
    if (status == 401) response.headers.set("WWW-Authenticate", "Basic realm=\"nacre\"");
    return response;
}

}  // namespace nacre::http
