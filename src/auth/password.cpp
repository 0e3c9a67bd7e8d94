#include "auth/password.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace nacre::auth {
namespace {

// One login costs about 30 ms and 32 MiB here: above what OWASP asks of Argon2id (19 MiB, two passes), and little
// enough for a machine of two processors that also builds images.
constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 32U << 20U;
constexpr std::size_t kTokenHashBytes = 32;

void require_library() {
    if (sodium_init() < 0)
        throw Error{ErrorCode::Internal, "cannot initialise libsodium: no source of randomness"};
}

/// The string that libsodium keeps a hash in: zero-terminated, of a fixed size.
using HashText = std::array<char, crypto_pwhash_STRBYTES>;

std::optional<HashText> find_hash_text(std::string_view hash) {
    if (hash.empty() || hash.size() >= crypto_pwhash_STRBYTES) return std::nullopt;
    HashText text{};
    std::ranges::copy(hash, text.begin());
    return text;
}

}  // namespace

std::string hash_password(const Secret& password) {
    require_library();
    const std::string& text = password.reveal();
    if (text.size() < kPasswordBytesMin || text.size() > kPasswordBytesMax)
        throw Error{
            ErrorCode::InvalidArgument,
            "the password has " + std::to_string(text.size()) + " bytes, needed are "
                + std::to_string(kPasswordBytesMin) + " to " + std::to_string(kPasswordBytesMax)};
    HashText hash{};
    const int failed = crypto_pwhash_str_alg(
        hash.data(), text.data(), text.size(), kPasses, kMemoryBytes, crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0)
        throw Error{ErrorCode::ResourceExhausted, "not enough memory to hash a password"};
    return hash.data();
}

bool verify_password(const Secret& password, std::string_view hash) noexcept {
    const std::string& text = password.reveal();
    const auto stored = find_hash_text(hash);
    if (!stored || text.size() > kPasswordBytesMax || sodium_init() < 0) return false;
    return crypto_pwhash_str_verify(stored->data(), text.data(), text.size()) == 0;
}

void waste_verification(const Secret& password) noexcept {
    if (sodium_init() < 0) return;
    const std::string& text = password.reveal();
    const std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
    std::array<unsigned char, 32> key{};
    // The result is of no use to anybody, so a failure is none.
    [[maybe_unused]] const int ignored = crypto_pwhash(
        key.data(),
        key.size(),
        text.data(),
        std::min(text.size(), kPasswordBytesMax),
        salt.data(),
        kPasses,
        kMemoryBytes,
        crypto_pwhash_ALG_ARGON2ID13);
}

bool needs_rehash(std::string_view hash) noexcept {
    const auto stored = find_hash_text(hash);
    return !stored || crypto_pwhash_str_needs_rehash(stored->data(), kPasses, kMemoryBytes) != 0;
}

std::string hash_token(const Secret& token) {
    require_library();
    const std::span<const std::byte> bytes = as_bytes(token.reveal());
    std::array<unsigned char, kTokenHashBytes> hash{};
    crypto_generichash(
        hash.data(),
        hash.size(),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        bytes.size(),
        nullptr,
        0);
    return to_hex(std::as_bytes(std::span{hash}));
}

}  // namespace nacre::auth
