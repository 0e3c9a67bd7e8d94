#include "base/error.hpp"
#include "registry/auth_file.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

/// Nothing but a refusal of the text leaves the parser, and no helper's name leads to another folder.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const auto content = nacre::registry::parse_auth_file(std::string{data, data + size});
        if (content.store.find('/') != std::string::npos) std::abort();
        for (const auto& [key, helper] : content.helpers)
            if (helper.empty() || helper.find('/') != std::string::npos) std::abort();
    } catch (const nacre::Error& error) {
        if (error.code() != nacre::ErrorCode::InvalidArgument) std::abort();
    }
    return 0;
}
