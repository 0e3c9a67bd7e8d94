#include "source/container_yaml.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

/// Every finding says something, and stands at a place of the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{data, data + size};
    const nacre::source::BuildSettingsFile file =
        nacre::source::parse_container_yaml(text, "container.yaml");
    for (const nacre::Diagnostic& one : file.diagnostics) {
        if (one.message.empty() || one.line < 0) std::abort();
    }
    return 0;
}
