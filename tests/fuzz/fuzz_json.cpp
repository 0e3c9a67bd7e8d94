#include "base/error.hpp"
#include "json/value.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    try {
        const nacre::json::Value value = nacre::json::parse(text);
        if (nacre::json::parse(nacre::json::render(value)) != value) std::abort();
        if (nacre::json::parse(nacre::json::render_pretty(value)) != value) std::abort();
    } catch (const nacre::Error& error) {
        if (error.code() != nacre::ErrorCode::InvalidArgument) std::abort();
    }
    return 0;
}
