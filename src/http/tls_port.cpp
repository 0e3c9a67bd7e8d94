#include "http/detail/tls_port.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include <array>
#include <string>
#include <vector>

namespace nacre::http::detail {
namespace {

constexpr unsigned kChainMax = 16;
constexpr std::size_t kOidBytesMax = 128;
constexpr std::size_t kValueBytesMax = 1024;

/// The library reads it only.
gnutls_datum_t datum_of(const std::string& text) noexcept {
    return {
        reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
        static_cast<unsigned>(text.size())};
}

[[noreturn]] void refuse(const std::string& what, int code) {
    throw Error{ErrorCode::InvalidArgument, what + ": " + ::gnutls_strerror(code)};
}

void require(int code, const std::string& what) {
    if (code < 0) refuse(what, code);
}

struct CredentialsCloser {
    void operator()(gnutls_certificate_credentials_t all) const noexcept {
        ::gnutls_certificate_free_credentials(all);
    }
};

struct KeyCloser {
    void operator()(gnutls_privkey_t key) const noexcept { ::gnutls_privkey_deinit(key); }
};

struct ListCloser {
    void operator()(gnutls_x509_trust_list_t list) const noexcept {
        ::gnutls_x509_trust_list_deinit(list, 1);
    }
};

struct CertificateCloser {
    void operator()(gnutls_x509_crt_t one) const noexcept { ::gnutls_x509_crt_deinit(one); }
};

struct DataCloser {
    void operator()(unsigned char* data) const noexcept { ::gnutls_free(data); }
};

template <class Handle, class Closer>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Closer>;

using KeyPtr = Owned<gnutls_privkey_t, KeyCloser>;
using ListPtr = Owned<gnutls_x509_trust_list_t, ListCloser>;
using CertificatePtr = Owned<gnutls_x509_crt_t, CertificateCloser>;

/// Certificates as a handshake wants them.
class Chain {
public:
    explicit Chain(const std::string& pem) {
        const gnutls_datum_t text = datum_of(pem);
        unsigned count = kChainMax;
        require(
            ::gnutls_pcert_list_import_x509_raw(
                items_.data(), &count, &text, GNUTLS_X509_FMT_PEM, 0),
            "the server's certificate cannot be read");
        count_ = count;
    }

    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;

    ~Chain() {
        for (unsigned i = 0; i < count_; ++i)
            ::gnutls_pcert_deinit(&items_.at(i));
    }

    gnutls_pcert_st* items() const noexcept { return items_.data(); }

    unsigned count() const noexcept { return count_; }

private:
    // Handshakes take a pointer that is not const, and read only.
    mutable std::array<gnutls_pcert_st, kChainMax> items_{};
    unsigned count_ = 0;
};

/// That the key is that of the certificate.
void require_match(const TlsConfig& config) {
    gnutls_certificate_credentials_t handle = nullptr;
    require(::gnutls_certificate_allocate_credentials(&handle), "TLS");
    const Owned<gnutls_certificate_credentials_t, CredentialsCloser> trial{handle};
    const gnutls_datum_t certificate = datum_of(config.certificate);
    const gnutls_datum_t key = datum_of(config.key.reveal());
    require(
        ::gnutls_certificate_set_x509_key_mem2(
            handle, &certificate, &key, GNUTLS_X509_FMT_PEM, nullptr, 0),
        "the server's certificate and key cannot be used");
}

KeyPtr load_key(const Secret& pem) {
    gnutls_privkey_t handle = nullptr;
    require(::gnutls_privkey_init(&handle), "TLS");
    KeyPtr key{handle};
    const gnutls_datum_t text = datum_of(pem.reveal());
    require(
        ::gnutls_privkey_import_x509_raw(handle, &text, GNUTLS_X509_FMT_PEM, nullptr, 0),
        "the server's key cannot be read");
    return key;
}

ListPtr load_authorities(const TlsConfig& config) {
    gnutls_x509_trust_list_t handle = nullptr;
    require(::gnutls_x509_trust_list_init(&handle, 0), "TLS");
    ListPtr list{handle};
    const gnutls_datum_t authorities = datum_of(config.client_authorities);
    const gnutls_datum_t revoked = datum_of(config.client_revocations);
    const int taken = ::gnutls_x509_trust_list_add_trust_mem(
        handle,
        &authorities,
        config.client_revocations.empty() ? nullptr : &revoked,
        GNUTLS_X509_FMT_PEM,
        GNUTLS_TL_USE_IN_TLS | GNUTLS_TL_FAIL_ON_INVALID_CRL,
        0);
    if (taken == 0) refuse("client authorities cannot be read", GNUTLS_E_NO_CERTIFICATE_FOUND);
    require(taken, "client authorities cannot be read");
    return list;
}

CertificatePtr import(const gnutls_datum_t& der) {
    gnutls_x509_crt_t handle = nullptr;
    require(::gnutls_x509_crt_init(&handle), "TLS");
    CertificatePtr one{handle};
    require(
        ::gnutls_x509_crt_import(handle, &der, GNUTLS_X509_FMT_DER),
        "the client's certificate cannot be read");
    return one;
}

std::string text_of(const gnutls_datum_t& data) {
    const std::unique_ptr<unsigned char, DataCloser> owned{data.data};
    return {reinterpret_cast<const char*>(data.data), data.size};
}

std::string subject_of(gnutls_x509_crt_t certificate) {
    gnutls_datum_t text{};
    require(::gnutls_x509_crt_get_dn3(certificate, &text, 0), "subject of a client's certificate");
    return text_of(text);
}

std::vector<std::pair<std::string, std::string>> attributes_of(gnutls_x509_crt_t certificate) {
    std::vector<std::pair<std::string, std::string>> attributes;
    for (unsigned i = 0;; ++i) {
        std::array<char, kOidBytesMax> oid{};
        std::size_t oid_size = oid.size();
        if (::gnutls_x509_crt_get_dn_oid(certificate, i, oid.data(), &oid_size) < 0) break;
        unsigned same = 0;
        const char* name = ::gnutls_x509_dn_oid_name(oid.data(), GNUTLS_X509_DN_OID_RETURN_OID);
        for (const auto& [known, value] : attributes)
            if (known == name) ++same;
        std::string value(kValueBytesMax, '\0');
        std::size_t size = value.size();
        if (::gnutls_x509_crt_get_dn_by_oid(certificate, oid.data(), same, 0, value.data(), &size)
            < 0)
            break;
        value.resize(size);
        attributes.emplace_back(name, value);
    }
    return attributes;
}

/// Empty when the authorities vouch for it.
std::string problem_of(gnutls_x509_trust_list_t list, const std::vector<CertificatePtr>& chain) {
    std::vector<gnutls_x509_crt_t> handles;
    handles.reserve(chain.size());
    for (const CertificatePtr& one : chain)
        handles.push_back(one.get());
    std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st wanted{};
    wanted.type = GNUTLS_DT_KEY_PURPOSE_OID;
    wanted.data = reinterpret_cast<unsigned char*>(purpose.data());
    unsigned status = 0;
    const int code = ::gnutls_x509_trust_list_verify_crt2(
        list,
        handles.data(),
        static_cast<unsigned>(handles.size()),
        &wanted,
        1,
        0,
        &status,
        nullptr);
    if (code < 0) return ::gnutls_strerror(code);
    if (status == 0) return {};
    gnutls_datum_t text{};
    if (::gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
        return "it is not trusted";
    return std::string{trim(text_of(text))};
}

}  // namespace

class TlsContext {
public:
    explicit TlsContext(const TlsConfig& config)
        : chain_{config.certificate},
          key_{load_key(config.key)} {
        require_match(config);
        if (!config.client_authorities.empty()) authorities_ = load_authorities(config);
    }

    const Chain& chain() const noexcept { return chain_; }

    gnutls_privkey_t key() const noexcept { return key_.get(); }

    std::optional<ClientCertificate> find_client(gnutls_session_t session) const {
        unsigned count = 0;
        const gnutls_datum_t* shown = ::gnutls_certificate_get_peers(session, &count);
        if (shown == nullptr || count == 0 || authorities_ == nullptr) return std::nullopt;
        std::vector<CertificatePtr> chain;
        for (unsigned i = 0; i < std::min(count, kChainMax); ++i)
            chain.push_back(import(shown[i]));
        return ClientCertificate{
            .subject = subject_of(chain.front().get()),
            .attributes = attributes_of(chain.front().get()),
            .problem = problem_of(authorities_.get(), chain)};
    }

private:
    Chain chain_;
    KeyPtr key_;
    ListPtr authorities_;
};

namespace {

/// What is known of one connection.
struct Record {
    std::shared_ptr<const TlsContext> context;
    bool is_asked = false;
    std::optional<ClientCertificate> client;
};

Record* record_of(MHD_Connection* connection) noexcept {
    const MHD_ConnectionInfo* info =
        ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == nullptr ? nullptr : static_cast<Record*>(info->socket_context);
}

// How many parameters it has is the library's choice.
int choose_certificate(  // NOLINT(readability-function-size)
    gnutls_session_t session,
    const gnutls_datum_t* /*authorities*/,
    int /*authority_count*/,
    const gnutls_pk_algorithm_t* /*algorithms*/,
    int /*algorithm_count*/,
    gnutls_pcert_st** chain,
    unsigned* count,
    gnutls_privkey_t* key) noexcept {
    // The library keeps its connection in the session.
    auto* connection = static_cast<MHD_Connection*>(::gnutls_session_get_ptr(session));
    const Record* record = connection == nullptr ? nullptr : record_of(connection);
    if (record == nullptr) return -1;
    *chain = record->context->chain().items();
    *count = record->context->chain().count();
    *key = record->context->key();
    return 0;
}

}  // namespace

TlsPort::TlsPort(const TlsConfig& config)
    : current_{std::make_shared<const TlsContext>(config)},
      asked_authorities_{config.client_authorities} {}

TlsPort::~TlsPort() = default;

void TlsPort::replace(const TlsConfig& config) {
    auto next = std::make_shared<const TlsContext>(config);
    *current_.lock() = std::move(next);
}

void* TlsPort::certificate_callback() noexcept {
    return reinterpret_cast<void*>(&choose_certificate);
}

void* TlsPort::remember() {
    auto record = std::make_unique<Record>();
    record->context = *current_.lock();
    return record.release();
}

void TlsPort::forget(void* record) noexcept {
    const std::unique_ptr<Record> owned{static_cast<Record*>(record)};
}

std::optional<ClientCertificate> TlsPort::find_client(MHD_Connection* connection) {
    Record* record = record_of(connection);
    if (record == nullptr) return std::nullopt;
    if (!record->is_asked) {
        const MHD_ConnectionInfo* info =
            ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        if (info == nullptr) return std::nullopt;
        record->client =
            record->context->find_client(static_cast<gnutls_session_t>(info->tls_session));
        record->is_asked = true;
    }
    return record->client;
}

}  // namespace nacre::http::detail
