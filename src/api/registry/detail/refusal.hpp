#pragma once

#include "base/error.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>

namespace nacre::api::registry::detail {

/// A refusal with a code of the distribution-spec ("Error Codes"), which clients act on.
class Refusal final : public Error {
public:
    Refusal(int status, std::string_view spec_code, const std::string& message);

    int status() const noexcept { return status_; }

    const std::string& spec_code() const noexcept { return spec_code_; }

private:
    int status_;
    std::string spec_code_;
};

http::Response render(const Refusal& refusal);

/// The same for an Error of another origin; throws it again when it is a failure of ours, which the server logs.
http::Response render_or_rethrow(const Error& error);

}  // namespace nacre::api::registry::detail
