#pragma once

#include "http/message.hpp"

#include <string_view>

namespace nacre::api::registry {

/// Who may change what is in the registry. Thread-safe. The composition root gives the real one.
class PushPolicy {
public:
    virtual ~PushPolicy() = default;

    /// Whether "/v2/" answers 401 to a request without credentials. Most clients send none anywhere when it does
    /// not; they still pull without any when it does.
    virtual bool asks_for_credentials() const noexcept = 0;

    /// Throws Error{Unauthenticated} for wrong credentials; a request without any is fine.
    virtual void check_credentials(const http::Request& request) const = 0;

    /// Throws Error{Unauthenticated} or Error{PermissionDenied} unless the request may push to and delete from the
    /// repository.
    virtual void check_push(const http::Request& request, std::string_view repository) const = 0;
};

/// Nobody may: images come from builds.
class ClosedPushPolicy final : public PushPolicy {
public:
    bool asks_for_credentials() const noexcept override { return false; }

    void check_credentials(const http::Request& request) const override;
    void check_push(const http::Request& request, std::string_view repository) const override;
};

}  // namespace nacre::api::registry
