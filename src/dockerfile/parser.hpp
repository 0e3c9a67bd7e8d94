#pragma once

#include "base/diagnostic.hpp"
#include "dockerfile/syntax.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace nacre::dockerfile {

inline constexpr std::size_t kTextBytesMax = 4U << 20U;
inline constexpr std::size_t kLineBytesMax = 1U << 20U;
inline constexpr std::size_t kContinuationLinesMax = 100'000;
inline constexpr std::size_t kInstructionsMax = 10'000;
inline constexpr std::size_t kStagesMax = 1'000;
inline constexpr std::size_t kHeredocsPerInstructionMax = 100;
inline constexpr std::size_t kDiagnosticsMax = 100;

struct ParseResult {
    Dockerfile tree;  ///< what could be understood; to be used only without errors
    Diagnostics diagnostics;

    bool ok() const noexcept { return !has_errors(diagnostics); }
};

/// Parses a whole Dockerfile (reference for syntax 1.x, as BuildKit reads it) and reports all findings at once.
/// Never throws for any text; linear in its size. `file_name` is how messages name the file.
ParseResult parse(std::string_view text, const std::string& file_name);

/// The trigger of an image's ONBUILD list, such as "COPY . /app". Throws Error{InvalidArgument}.
Instruction parse_trigger(std::string_view text);

}  // namespace nacre::dockerfile
