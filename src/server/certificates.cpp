#include "server/certificates.hpp"

#include "auth/certificates.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace nacre::server {
namespace {

constexpr std::size_t kPemBytesMax = 1U << 20U;
constexpr mode_t kOwnerOnly = 0600;
constexpr std::string_view kKeyBegin = "-----BEGIN PRIVATE KEY-----";

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    return name.data();
}

/// "nacre.example.org" of "https://nacre.example.org:8443/".
std::string host_of(const std::string& url) {
    const std::size_t scheme = url.find("://");
    std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
    if (const std::size_t slash = rest.find('/'); slash != std::string::npos) rest.resize(slash);
    if (rest.starts_with('[')) return rest.substr(1, rest.find(']') - 1);
    return rest.substr(0, rest.find(':'));
}

std::string read_pem(const std::string& file, const std::string& setting) {
    return with_context(
        "reading '" + setting + "' of [tls]", [&] { return os::read_file(file, kPemBytesMax); });
}

std::string find_pem(const std::string& file, const std::string& setting) {
    return file.empty() ? std::string{} : read_pem(file, setting);
}

/// The two halves of own_file().
std::optional<auth::CertifiedKey> split_pem(const std::string& text) {
    const std::size_t key = text.find(kKeyBegin);
    if (key == std::string::npos) return std::nullopt;
    return auth::CertifiedKey{.certificate = text.substr(0, key), .key = Secret{text.substr(key)}};
}

std::optional<auth::CertifiedKey> find_own(const std::filesystem::path& file) {
    const auto text = os::find_file(file, kPemBytesMax);
    return text ? split_pem(*text) : std::nullopt;
}

bool is_fresh(const auth::CertificateFacts& facts, WallTime now, std::chrono::hours renewal) {
    return facts.not_before <= now && now + renewal < facts.not_after;
}

}  // namespace

Certificates::Certificates(const Config& config, Layout layout, const Clock& clock, Log log)
    : config_{config},
      layout_{std::move(layout)},
      clock_{clock},
      log_{log} {}

std::vector<std::string> Certificates::names() const {
    std::vector<std::string> names = config_.tls.names;
    const auto add = [&names](const std::string& name) {
        if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    add(host_of(config_.http.public_url));
    add(host_name());
    if (config_.tls.address != "0.0.0.0" && config_.tls.address != "::") add(config_.tls.address);
    for (const char* name : {"localhost", "127.0.0.1", "::1"})
        add(name);
    return names;
}

void Certificates::ensure_authority() const {
    const auto known = os::find_file(authority_file(), kPemBytesMax);
    const bool has_key = std::filesystem::exists(authority_key_file());
    if (known && has_key
        && is_fresh(auth::read_certificate(*known), clock_.wall_now(), kAuthorityRenewal))
        return;
    const auth::CertifiedKey made =
        auth::make_authority("Nacre on " + host_name(), clock_.wall_now(), kAuthorityLifetime);
    // The key first: a certificate whose key is missing is made anew, and nobody can have trusted it yet.
    os::write_file_atomically(
        authority_key_file(), made.key.reveal(), os::Durability::Synced, kOwnerOnly);
    os::write_file_atomically(authority_file(), made.certificate);
    log_.info("tls.authority_made", {{"file", authority_file().string()}});
}

void Certificates::ensure_own() const {
    os::ensure_directory(layout_.tls());
    ensure_authority();
    const std::string authority = os::read_file(authority_file(), kPemBytesMax);
    std::vector<std::string> wanted = names();
    if (const auto own = find_own(own_file())) {
        const auth::CertificateFacts facts = auth::read_certificate(own->certificate);
        if (facts.names == wanted && auth::is_signed_by(*own, authority)
            && is_fresh(facts, clock_.wall_now(), kCertificateRenewal))
            return;
    }
    const auth::CertifiedKey made = auth::make_server_certificate(
        {authority, Secret{os::read_file(authority_key_file(), kPemBytesMax)}},
        wanted,
        clock_.wall_now(),
        kCertificateLifetime);
    os::write_file_atomically(
        own_file(), made.certificate + made.key.reveal(), os::Durability::Synced, kOwnerOnly);
    log_.info("tls.certificate_made", {{"names", join(wanted, ", ")}});
}

http::TlsConfig Certificates::load() const {
    const TlsSettings& settings = config_.tls;
    http::TlsConfig tls;
    if (settings.certificate.empty()) {
        ensure_own();
        const auto own = find_own(own_file());
        if (!own)
            throw Error{ErrorCode::DataCorrupt, "'" + own_file().string() + "' has no key"}
                .with_hint("remove it: the service makes another");
        tls.certificate = own->certificate;
        tls.key = own->key;
    } else {
        tls.certificate = read_pem(settings.certificate, "certificate");
        tls.key = Secret{read_pem(settings.key, "key")};
    }
    tls.client_authorities = find_pem(settings.client_ca, "client_ca");
    tls.client_revocations = find_pem(settings.client_crl, "client_crl");
    return tls;
}

}  // namespace nacre::server
