#pragma once

#include "api/koji/dispatcher.hpp"
#include "http/server.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nacre::api::koji {

struct HubHandlerConfig {
    std::size_t request_bytes_max = 4U << 20U;  ///< Koji's MaxRequestLength
    std::size_t upload_bytes_max = 16U << 20U;  ///< of one chunk of a raw upload
    /// Addresses of proxies that end TLS or Kerberos for us: their X-Forwarded-For and Remote-User fields count.
    std::vector<std::string> trusted_proxies;
};

/// Koji's hub over HTTP (reference C.1): for /kojihub and /kojihub/ssllogin. Thread-safe.
class HubHandler final : public http::Handler {
public:
    /// `dispatcher` outlives it.
    HubHandler(const Dispatcher& dispatcher, HubHandlerConfig config, Log log);

    /// 405 for anything but POST, 400 for an empty body, else 200 with a response or a fault.
    http::Response handle(const http::Request& request) override;

private:
    CallHeaders headers_of(const http::Request& request) const;
    Value answer(const http::Request& request, std::string_view body) const;
    Value upload(const http::Request& request, std::string_view body) const;
    std::string answer_text(const http::Request& request) const;

    const Dispatcher& dispatcher_;
    HubHandlerConfig config_;
    Log log_;
};

}  // namespace nacre::api::koji
