#include "base/random.hpp"

#include "base/error.hpp"

#include <sys/random.h>

#include <cerrno>
#include <string_view>

namespace nacre {

std::uint64_t SystemRandom::next() {
    std::uint64_t value = 0;
    // Requests of up to 256 bytes are never cut short once the pool is initialised.
    while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value))
        if (errno != EINTR) throw SystemError{errno, "cannot read random bytes"};
    return value;
}

std::uint64_t SeededRandom::next() {
    return (*engine_.lock())();
}

std::string random_word(Random& random, std::size_t length) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::string word;
    word.reserve(length);
    // The modulo bias of 2^64 over 36 is below 1e-18.
    while (word.size() < length)
        word += kLetters[random.next() % kLetters.size()];
    return word;
}

}  // namespace nacre
