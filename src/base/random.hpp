#pragma once

#include "base/guarded.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace nacre {

/// The only source of randomness. Thread-safe.
class Random {
public:
    virtual ~Random() = default;

    /// 64 uniformly distributed bits.
    virtual std::uint64_t next() = 0;
};

/// The kernel's generator: good for keys, tokens and passwords.
class SystemRandom final : public Random {
public:
    std::uint64_t next() override;
};

/// The same numbers for the same seed: for tests and simulation, never for secrets.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_{seed} {}

    std::uint64_t next() override;

private:
    Guarded<std::mt19937_64> engine_;
};

/// `length` characters of [a-z0-9], each with a little over 5 bits of randomness.
std::string random_word(Random& random, std::size_t length);

}  // namespace nacre
