#include "base/error.hpp"
#include "koji/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

/// What is accepted is written in a form that is read back the same, text apart: that may be sanitised once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const nacre::koji::Call call = nacre::koji::parse_call(text);
        const std::string once = nacre::koji::render_call("m", call.params);
        const std::string twice =
            nacre::koji::render_call("m", nacre::koji::parse_call(once).params);
        if (once != twice) std::abort();
    } catch (const nacre::Error&) {
        // Refused input is a right answer.
    }
    try {
        nacre::koji::parse_response(text);
    } catch (const nacre::Error&) {
        // As above.
    }
    return 0;
}
