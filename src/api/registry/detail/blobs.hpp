#pragma once

#include "api/registry/detail/uploads.hpp"

#include <string>

namespace nacre::api::registry::detail {

/// Reading and uploading blobs. Thread-safe.
class Blobs {
public:
    Blobs(const RegistryParts& parts, const RegistryLimits& limits)
        : parts_{parts},
          limits_{limits},
          uploads_{parts, limits} {}

    http::Response get(const http::Request& request, const std::string& reference) const;

    /// POST: opens a session, or does it all at once (`digest`, `mount`).
    http::Response start(const http::Request& request, const std::string& repository);
    /// GET, PATCH, PUT and DELETE of a session.
    http::Response status(const std::string& repository, const std::string& id);
    http::Response append(
        const http::Request& request, const std::string& repository, const std::string& id);
    http::Response finish(
        const http::Request& request, const std::string& repository, const std::string& id);
    http::Response cancel(const std::string& repository, const std::string& id);

private:
    void write(const http::Request& request, Uploads::Use& upload) const;
    static void check_content_range(const http::Request& request, Uploads::Use& upload);
    static http::Response commit(
        const std::string& repository, const oci::Digest& digest, Uploads::Use& upload);

    RegistryParts parts_;
    RegistryLimits limits_;
    Uploads uploads_;
};

}  // namespace nacre::api::registry::detail
