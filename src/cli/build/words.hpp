#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::cli::build {

/// Throws Error{InvalidArgument}: what was found for which option, and what is needed.
[[noreturn]] void refuse(std::string_view option, std::string_view found, std::string_view needed);

/// "NAME=VALUE"; without '=' the whole text is the name and the value is empty.
std::pair<std::string, std::string> split_pair(std::string_view text);

/// Comma separated values; a value in double quotes may have commas, as in docker's own parser.
std::vector<std::string> split_csv(std::string_view text);

}  // namespace nacre::cli::build
