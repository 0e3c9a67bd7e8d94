#include "base/error.hpp"
#include "oci/config.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    try {
        const std::string once = nacre::oci::render(nacre::oci::parse_image_config(text));
        if (nacre::oci::render(nacre::oci::parse_image_config(once)) != once) std::abort();
    } catch (const nacre::Error& error) {
        if (error.code() != nacre::ErrorCode::DataCorrupt) std::abort();
    }
    return 0;
}
