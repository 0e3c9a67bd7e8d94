#include "packages/installed.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    for (const auto& inventory :
         {nacre::packages::parse_dpkg_status(text, "status"),
          nacre::packages::parse_apk_installed(text, "installed")})
        for (const auto& package : inventory.packages)
            if (package.name.empty() || package.name.find('\n') != std::string::npos) std::abort();
    return 0;
}
