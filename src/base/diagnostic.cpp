#include "base/diagnostic.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace nacre {
namespace {

/// Tabs are kept, so that the caret stands under the column whatever the tab width.
std::string caret_line(const std::string& excerpt, int column) {
    std::string line;
    const auto before = std::min(static_cast<std::size_t>(column - 1), excerpt.size());
    for (std::size_t i = 0; i < before; ++i)
        line += excerpt[i] == '\t' ? '\t' : ' ';
    return line + "^";
}

std::string render(const Diagnostic& diagnostic) {
    std::string text = diagnostic.file;
    if (diagnostic.line > 0) text += ":" + std::to_string(diagnostic.line);
    if (diagnostic.line > 0 && diagnostic.column > 0)
        text += ":" + std::to_string(diagnostic.column);
    if (!text.empty()) text += ": ";
    text += diagnostic.severity == Severity::Error ? "error: " : "warning: ";
    text += diagnostic.message;
    if (!diagnostic.code.empty()) text += " [" + diagnostic.code + "]";
    text += "\n";
    if (!diagnostic.excerpt.empty()) {
        text += "  | " + sanitize_utf8(diagnostic.excerpt) + "\n";
        if (diagnostic.column > 0)
            text += "  | " + caret_line(diagnostic.excerpt, diagnostic.column) + "\n";
    }
    if (!diagnostic.hint.empty()) text += "  hint: " + diagnostic.hint + "\n";
    return text;
}

}  // namespace

bool has_errors(const Diagnostics& diagnostics) noexcept {
    return std::ranges::any_of(
        diagnostics, [](const Diagnostic& one) { return one.severity == Severity::Error; });
}

std::string render(const Diagnostics& diagnostics) {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics)
        text += render(diagnostic);
    return text;
}

}  // namespace nacre
