#pragma once

#include "base/clock.hpp"
#include "base/secret.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::auth {

/// A certificate and its private key, PEM.
struct CertifiedKey {
    std::string certificate;
    Secret key;
};

struct CertificateFacts {
    std::string common_name;
    std::vector<std::string> names;  ///< of hosts, and IP addresses
    WallTime not_before;
    WallTime not_after;
};

/// An authority that signs itself (P-256). Throws Error{Internal} when OpenSSL fails.
CertifiedKey make_authority(
    std::string_view common_name, WallTime now, std::chrono::seconds lifetime);

/// A server's certificate for host names and IP addresses, signed by the authority and followed by the authority's own.
/// Throws Error{InvalidArgument} without names, or when the authority cannot be read.
CertifiedKey make_server_certificate(
    const CertifiedKey& authority,
    const std::vector<std::string>& names,
    WallTime now,
    std::chrono::seconds lifetime);

/// A client's certificate, whose subject is CN=`common_name`, signed by the authority.
CertifiedKey make_client_certificate(
    const CertifiedKey& authority,
    std::string_view common_name,
    WallTime now,
    std::chrono::seconds lifetime);

/// Of the first certificate in the text; throws Error{InvalidArgument}.
CertificateFacts read_certificate(std::string_view pem);

/// Whether `certificate` was signed with the key of `authority` and the key belongs to the certificate.
bool is_signed_by(const CertifiedKey& certificate, std::string_view authority);

}  // namespace nacre::auth
