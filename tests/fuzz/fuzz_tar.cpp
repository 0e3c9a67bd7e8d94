#include "archive/tar.hpp"
#include "base/error.hpp"

#include <array>
#include <cstdlib>

using nacre::archive::TarEntry;
using nacre::archive::TarReader;

/// Whatever the bytes: an Error, or entries within the limits with as much content as they say.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nacre::StringSource in{{reinterpret_cast<const char*>(data), size}};
    try {
        TarReader reader{in, {.entries = 1000, .path_bytes = 300, .content_bytes = 1U << 20U}};
        TarEntry entry;
        while (reader.next(entry)) {
            std::uint64_t content = 0;
            std::array<std::byte, 4096> buffer{};
            while (const std::size_t got = reader.read_content(buffer))
                content += got;
            if (content != entry.size || entry.path.size() > 300) std::abort();
        }
    } catch (const nacre::Error&) {
    }
    return 0;
}
