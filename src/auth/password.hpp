#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace nacre::auth {

/// Longer ones are refused, so that nobody makes us hash megabytes.
inline constexpr std::size_t kPasswordBytesMax = 1024;
/// Shorter ones are not taken as new passwords.
inline constexpr std::size_t kPasswordBytesMin = 8;

/// Argon2id with a random salt, as a string that carries its parameters ("$argon2id$v=19$m=..."). Throws
/// Error{InvalidArgument} for a password that is too short or too long.
std::string hash_password(const Secret& password);

/// Compares in constant time; false for a hash that is none.
bool verify_password(const Secret& password, std::string_view hash) noexcept;

/// Does the work of a verification, for a user who does not exist: the time of an answer says nothing then.
void waste_verification(const Secret& password) noexcept;

/// True when the hash was made with other parameters than hash_password() uses now.
bool needs_rehash(std::string_view hash) noexcept;

/// How a token is kept at rest: hex of its BLAKE2b. Tokens are long and random, so nothing slow is needed.
std::string hash_token(const Secret& token);

}  // namespace nacre::auth
