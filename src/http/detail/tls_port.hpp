#pragma once

#include "base/guarded.hpp"
#include "http/message.hpp"
#include "http/tls.hpp"

#include <memory>
#include <optional>

struct MHD_Connection;

namespace nacre::http::detail {

/// One state of a server's certificates (GnuTLS). Immutable.
class TlsContext;

/// The certificates that a listening server shows and trusts now. A connection keeps those that it began with. Thread-safe.
class TlsPort {
public:
    /// Throws Error{InvalidArgument} that says which part of `config` is wrong.
    explicit TlsPort(const TlsConfig& config);
    TlsPort(const TlsPort&) = delete;
    TlsPort& operator=(const TlsPort&) = delete;
    ~TlsPort();

    /// For connections that begin after it. Whether clients are asked for a certificate does not change. Throws as the
    /// constructor does, and changes nothing then.
    void replace(const TlsConfig& config);

    /// The PEM text that the library is given for MHD_OPTION_HTTPS_MEM_TRUST; empty: clients are not asked.
    const std::string& asked_authorities() const noexcept { return asked_authorities_; }

    /// For MHD_OPTION_HTTPS_CERT_CALLBACK: a gnutls_certificate_retrieve_function2*.
    static void* certificate_callback() noexcept;

    /// The record of a new connection, for the library's socket context; forget() frees it.
    void* remember();
    static void forget(void* record) noexcept;

    /// What the client of this connection showed. On the connection's loop thread.
    static std::optional<ClientCertificate> find_client(MHD_Connection* connection);

private:
    using ContextPtr = std::shared_ptr<const TlsContext>;

    Guarded<ContextPtr> current_;
    std::string asked_authorities_;
};

}  // namespace nacre::http::detail
