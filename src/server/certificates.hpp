#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "http/tls.hpp"
#include "server/config.hpp"
#include "server/layout.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace nacre::server {

/// How long the service's own certificates are good for, and how long before their end they are made anew.
inline constexpr std::chrono::hours kAuthorityLifetime{24 * 3650};
inline constexpr std::chrono::hours kAuthorityRenewal{24 * 400};
inline constexpr std::chrono::hours kCertificateLifetime{24 * 397};
inline constexpr std::chrono::hours kCertificateRenewal{24 * 30};

/// What the TLS listener shows: the configured files, or the service's own certificate, whose authority and key are below
/// Layout::tls() and are made, or made anew before they end, when they are needed. A kill at any moment leaves what the
/// next call completes.
class Certificates {
public:
    /// `settings` and `clock` outlive it. `public_url` gives one of the names.
    Certificates(const Config& config, Layout layout, const Clock& clock, Log log);

    /// Reads the files, and makes first what is to be made. Throws Error{InvalidArgument} or SystemError that names the file.
    http::TlsConfig load() const;

    /// The names of the service's own certificate.
    std::vector<std::string> names() const;

    /// What clients need to trust the service's own certificate.
    std::filesystem::path authority_file() const { return layout_.tls() / "authority.pem"; }

private:
    void ensure_own() const;
    void ensure_authority() const;

    std::filesystem::path authority_key_file() const { return layout_.tls() / "authority.key"; }

    /// Certificate and key in one file: neither is ever there without the other.
    std::filesystem::path own_file() const { return layout_.tls() / "server.pem"; }

    const Config& config_;
    const Layout layout_;
    const Clock& clock_;
    Log log_;
};

}  // namespace nacre::server
