#pragma once

#include "api/koji/dispatcher.hpp"
#include "auth/ticket_verifier.hpp"
#include "base/log.hpp"
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
    /// The attribute of a client certificate that names the user: Koji's DNUsernameComponent.
    std::string certificate_name = "CN";
    auth::TicketVerifier* tickets = nullptr;  ///< outlives the handler; null: no logins by Kerberos
};

/// Koji's hub over HTTP (reference C.1): for /kojihub and /kojihub/ssllogin. Thread-safe.
class HubHandler final : public http::Handler {
public:
    /// `dispatcher` outlives it.
    HubHandler(const Dispatcher& dispatcher, HubHandlerConfig config, Log log);

    /// 405 for anything but POST, 400 for an empty body, 401 at ssllogin for who has to show a ticket or showed a bad one,
    /// else 200 with a response or a fault.
    http::Response handle(const http::Request& request) override;

private:
    struct Login;

    bool is_from_proxy(const http::Request& request) const;
    CallHeaders headers_of(const http::Request& request) const;
    Login verify_client(const http::Request& request) const;
    void verify_ticket(const http::Request& request, std::string_view token, Login& login) const;
    void verify_certificate(const http::ClientCertificate& certificate, Login& login) const;
    Value answer(const CallHeaders& headers, std::string_view body) const;
    Value upload(
        const http::Request& request, const CallHeaders& headers, std::string_view body) const;
    http::Response answer_with(const http::Request& request, const Login& login) const;

    const Dispatcher& dispatcher_;
    HubHandlerConfig config_;
    Log log_;
};

}  // namespace nacre::api::koji
