#include "auth/certificates.hpp"

#include "base/error.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <array>
#include <ctime>
#include <memory>
#include <optional>

namespace nacre::auth {
namespace {

constexpr std::size_t kSerialBytes = 16;
/// A clock that is behind ours shall take what was just made.
constexpr std::chrono::hours kBackdating{1};
constexpr int kVersion3 = 2;

template <auto Function>
struct Closer {
    template <class T>
    void operator()(T* handle) const noexcept {
        Function(handle);
    }
};

using BioPtr = std::unique_ptr<BIO, Closer<&::BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Closer<&::EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Closer<&::X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Closer<&::X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Closer<&::GENERAL_NAMES_free>>;
using NamePtr = std::unique_ptr<GENERAL_NAME, Closer<&::GENERAL_NAME_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Closer<&::BN_free>>;

[[noreturn]] void fail(ErrorCode code, const std::string& what) {
    std::array<char, 256> reason{};
    ::ERR_error_string_n(::ERR_get_error(), reason.data(), reason.size());
    ::ERR_clear_error();
    throw Error{code, what + ": " + reason.data()};
}

void require(bool done, const char* what) {
    if (!done) fail(ErrorCode::Internal, std::string{"cannot make a certificate: "} + what);
}

BioPtr bio_of(std::string_view text) {
    BioPtr bio{::BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
    require(bio != nullptr, "no memory");
    return bio;
}

CertificatePtr parse_certificate(std::string_view pem) {
    const BioPtr bio = bio_of(pem);
    CertificatePtr certificate{::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
    if (certificate == nullptr) fail(ErrorCode::InvalidArgument, "cannot read a certificate (PEM)");
    return certificate;
}

KeyPtr parse_key(const Secret& pem) {
    const BioPtr bio = bio_of(pem.reveal());
    KeyPtr key{::PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
    if (key == nullptr) fail(ErrorCode::InvalidArgument, "cannot read a private key (PEM)");
    return key;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string render(X509* certificate) {
    const BioPtr bio{::BIO_new(::BIO_s_mem())};
    require(bio != nullptr && ::PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM");
    return text_of(bio.get());
}

Secret render(EVP_PKEY* key) {
    const BioPtr bio{::BIO_new(::BIO_s_mem())};
    require(
        bio != nullptr
            && ::PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
                   == 1,
        "PEM");
    return Secret{text_of(bio.get())};
}

struct Wanted {
    std::string_view common_name;
    const std::vector<std::string>* names = nullptr;
    const char* constraints;
    const char* usage;
    const char* purpose;  ///< null: any
    WallTime now;
    std::chrono::seconds lifetime;
};

struct Issuer {
    X509* certificate;
    EVP_PKEY* key;
};

void set_serial(X509* certificate) {
    std::array<unsigned char, kSerialBytes> bytes{};
    require(::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "randomness");
    bytes[0] &= 0x7fU;
    const NumberPtr number{::BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)};
    require(
        number != nullptr
            && ::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(certificate)) != nullptr,
        "serial number");
}

void set_times(X509* certificate, const Wanted& wanted) {
    const std::int64_t from = to_unix_seconds(wanted.now - kBackdating);
    const std::int64_t until = to_unix_seconds(wanted.now + wanted.lifetime);
    require(
        ::ASN1_TIME_set(::X509_getm_notBefore(certificate), from) != nullptr
            && ::ASN1_TIME_set(::X509_getm_notAfter(certificate), until) != nullptr,
        "times");
}

void set_subject(X509* certificate, std::string_view name) {
    const std::string text{name};
    require(
        ::X509_NAME_add_entry_by_NID(
            ::X509_get_subject_name(certificate),
            NID_commonName,
            MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(text.data()),
            static_cast<int>(text.size()),
            -1,
            0)
            == 1,
        "subject");
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension{::X509V3_EXT_conf_nid(nullptr, &context, kind, value)};
    require(extension != nullptr && ::X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

bool is_ip_address(const std::string& name) {
    in6_addr binary{};
    return ::inet_pton(AF_INET, name.c_str(), &binary) == 1
           || ::inet_pton(AF_INET6, name.c_str(), &binary) == 1;
}

/// Built entry by entry: a name that holds a comma or a colon stays one name.
void add_names(X509* certificate, const std::vector<std::string>& names) {
    const NamesPtr all{::GENERAL_NAMES_new()};
    require(all != nullptr, "names");
    for (const std::string& name : names) {
        NamePtr one{::a2i_GENERAL_NAME(
            nullptr, nullptr, nullptr, is_ip_address(name) ? GEN_IPADD : GEN_DNS, name.c_str(), 0)};
        require(one != nullptr && sk_GENERAL_NAME_push(all.get(), one.get()) > 0, "names");
        static_cast<void>(one.release());
    }
    require(
        ::X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT)
            == 1,
        "names");
}

CertifiedKey make(const Wanted& wanted, const std::optional<Issuer>& issuer) {
    const KeyPtr key{EVP_EC_gen("P-256")};
    require(key != nullptr, "key");
    const CertificatePtr certificate{::X509_new()};
    require(certificate != nullptr, "no memory");
    X509* one = certificate.get();
    X509* signer = issuer ? issuer->certificate : one;
    require(::X509_set_version(one, kVersion3) == 1, "version");
    set_serial(one);
    set_times(one, wanted);
    set_subject(one, wanted.common_name);
    require(
        ::X509_set_issuer_name(one, ::X509_get_subject_name(signer)) == 1
            && ::X509_set_pubkey(one, key.get()) == 1,
        "issuer");
    add_extension(one, signer, NID_basic_constraints, wanted.constraints);
    add_extension(one, signer, NID_key_usage, wanted.usage);
    add_extension(one, signer, NID_subject_key_identifier, "hash");
    add_extension(one, signer, NID_authority_key_identifier, "keyid:always");
    if (wanted.purpose != nullptr) add_extension(one, signer, NID_ext_key_usage, wanted.purpose);
    if (wanted.names != nullptr) add_names(one, *wanted.names);
    require(::X509_sign(one, issuer ? issuer->key : key.get(), ::EVP_sha256()) > 0, "signature");
    return {.certificate = render(one), .key = render(key.get())};
}

CertifiedKey make_signed(const CertifiedKey& authority, const Wanted& wanted) {
    const CertificatePtr certificate = parse_certificate(authority.certificate);
    const KeyPtr key = parse_key(authority.key);
    CertifiedKey made = make(wanted, Issuer{certificate.get(), key.get()});
    made.certificate += authority.certificate;
    return made;
}

WallTime time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (::ASN1_TIME_to_tm(time, &parts) != 1)
        fail(ErrorCode::InvalidArgument, "cannot read the times of a certificate");
    return from_unix_seconds(::timegm(&parts));
}

std::string name_of(const GENERAL_NAME* name) {
    int kind = 0;
    const void* value = ::GENERAL_NAME_get0_value(name, &kind);
    if (kind != GEN_DNS && kind != GEN_IPADD) return {};
    const auto* text = static_cast<const ASN1_STRING*>(value);
    const unsigned char* data = ::ASN1_STRING_get0_data(text);
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(text));
    if (kind == GEN_DNS) return {reinterpret_cast<const char*>(data), size};
    std::array<char, INET6_ADDRSTRLEN> shown{};
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, data, shown.data(), shown.size());
    return shown.data();
}

}  // namespace

CertifiedKey make_authority(
    std::string_view common_name, WallTime now, std::chrono::seconds lifetime) {
    return make(
        {.common_name = common_name,
         .constraints = "critical,CA:TRUE,pathlen:0",
         .usage = "critical,keyCertSign,cRLSign",
         .purpose = nullptr,
         .now = now,
         .lifetime = lifetime},
        std::nullopt);
}

CertifiedKey make_server_certificate(
    const CertifiedKey& authority,
    const std::vector<std::string>& names,
    WallTime now,
    std::chrono::seconds lifetime) {
    if (names.empty())
        throw Error{ErrorCode::InvalidArgument, "a server's certificate needs a name"};
    return make_signed(
        authority,
        {.common_name = names.front(),
         .names = &names,
         .constraints = "critical,CA:FALSE",
         .usage = "critical,digitalSignature",
         .purpose = "serverAuth",
         .now = now,
         .lifetime = lifetime});
}

CertifiedKey make_client_certificate(
    const CertifiedKey& authority,
    std::string_view common_name,
    WallTime now,
    std::chrono::seconds lifetime) {
    return make_signed(
        authority,
        {.common_name = common_name,
         .constraints = "critical,CA:FALSE",
         .usage = "critical,digitalSignature",
         .purpose = "clientAuth",
         .now = now,
         .lifetime = lifetime});
}

CertificateFacts read_certificate(std::string_view pem) {
    const CertificatePtr certificate = parse_certificate(pem);
    CertificateFacts facts;
    facts.not_before = time_of(::X509_get0_notBefore(certificate.get()));
    facts.not_after = time_of(::X509_get0_notAfter(certificate.get()));
    std::array<char, 256> name{};
    if (::X509_NAME_get_text_by_NID(
            ::X509_get_subject_name(certificate.get()),
            NID_commonName,
            name.data(),
            static_cast<int>(name.size()))
        > 0)
        facts.common_name = name.data();
    const NamesPtr names{static_cast<GENERAL_NAMES*>(
        ::X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr))};
    for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i)
        if (std::string one = name_of(sk_GENERAL_NAME_value(names.get(), i)); !one.empty())
            facts.names.push_back(std::move(one));
    return facts;
}

bool is_signed_by(const CertifiedKey& certificate, std::string_view authority) {
    const CertificatePtr one = parse_certificate(certificate.certificate);
    const CertificatePtr signer = parse_certificate(authority);
    const KeyPtr key = parse_key(certificate.key);
    const bool good = ::X509_verify(one.get(), ::X509_get0_pubkey(signer.get())) == 1
                      && ::X509_check_private_key(one.get(), key.get()) == 1;
    ::ERR_clear_error();
    return good;
}

}  // namespace nacre::auth
