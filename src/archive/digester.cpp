#include "archive/digester.hpp"

#include "base/error.hpp"

#include <openssl/evp.h>

#include <array>

namespace nacre::archive {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

const EVP_MD* message_digest(HashAlgorithm algorithm) {
    switch (algorithm) {
        case HashAlgorithm::Md5:
            return EVP_md5();
        case HashAlgorithm::Sha1:
            return EVP_sha1();
        case HashAlgorithm::Sha256:
            return EVP_sha256();
        case HashAlgorithm::Sha512:
            return EVP_sha512();
    }
    return nullptr;
}

void require(int openssl_result) {
    if (openssl_result != 1)
        throw Error{
            ErrorCode::Internal, "the hash algorithm is not available in this machine's OpenSSL"}
            .with_hint("a FIPS configuration of OpenSSL refuses MD5 and SHA-1");
}

}  // namespace

HashAlgorithm algorithm_of_digest(std::string_view name) noexcept {
    return name == "sha512" ? HashAlgorithm::Sha512 : HashAlgorithm::Sha256;
}

struct Digester::State {
    std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

Digester::Digester(HashAlgorithm algorithm) : state_{std::make_unique<State>()} {
    require(EVP_DigestInit_ex(state_->context.get(), message_digest(algorithm), nullptr));
}

Digester::Digester(Digester&&) noexcept = default;
Digester& Digester::operator=(Digester&&) noexcept = default;
Digester::~Digester() = default;

void Digester::update(Bytes bytes) {
    require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string Digester::finish_hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
    unsigned int size = 0;
    require(EVP_DigestFinal_ex(state_->context.get(), raw.data(), &size));
    return to_hex(std::as_bytes(std::span{raw}.first(size)));
}

std::string hash_hex(HashAlgorithm algorithm, Bytes bytes) {
    Digester digester{algorithm};
    digester.update(bytes);
    return digester.finish_hex();
}

void DigestingSink::write(Bytes bytes) {
    digester_.update(bytes);
    next_.write(bytes);
    size_ += bytes.size();
}

}  // namespace nacre::archive
