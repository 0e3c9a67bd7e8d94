#include "source/ignore.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

/// The text before the first NUL is an ignore file, the rest a path. What is below an excluded path without
/// exceptions is excluded too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input{data, data + size};
    const std::size_t end = input.find('\0');
    const std::string path = end == std::string::npos ? "a/b" : input.substr(end + 1);
    const nacre::source::IgnoreFile file =
        nacre::source::parse_ignore_file(input.substr(0, end), ".dockerignore");
    const bool excluded = file.patterns.excludes(path);
    const bool below = file.patterns.excludes(path + "/below");
    if (excluded && !below && !file.patterns.has_exceptions()) std::abort();
    return 0;
}
