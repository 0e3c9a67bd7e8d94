#pragma once

#include "base/diagnostic.hpp"
#include "dockerfile/labels.hpp"
#include "dockerfile/parser.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::dockerfile {

/// What the checks know beside the file. Without a function the checks that need it find nothing.
struct CheckContext {
    BuildInputs inputs;
    /// The environment of an image; nothing when it is not known. For UndefinedVar.
    std::function<std::optional<Variables>(const std::string& image)> base_environment;
    /// The platform that an image has when it is asked for `wanted`; nothing when it is not known. For
    /// InvalidBaseImagePlatform.
    std::function<std::optional<std::string>(const std::string& image, const std::string& wanted)>
        base_platform;
    /// Whether a path of the context is excluded by the ignore file. For CopyIgnoredFile.
    std::function<bool(std::string_view path)> is_ignored;
};

/// BuildKit's names of the checks, in the order of its documentation.
const std::vector<std::string>& check_names();

/// The warnings of the parser and of the checks, by line, without those that the file's `check` directive skips; as
/// errors when it says so. `parsed` has no errors.
Diagnostics run_checks(const ParseResult& parsed, const CheckContext& context);

/// True when `directive` lets findings of `check` be reported.
bool is_check_enabled(const CheckDirective& directive, std::string_view check);

}  // namespace nacre::dockerfile
