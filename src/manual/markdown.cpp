#include "base/text.hpp"
#include "manual/page.hpp"

namespace nacre::manual {
namespace {

/// What Markdown would take for markup in a text that has none.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (std::string_view{"\\`*_<>[]|"}.find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

std::string code(const Term& term) {
    return "`" + term.literal + (term.argument.empty() ? "" : " ") + term.argument + "`";
}

void append(std::string& text, const Section& section, const std::string& marks) {
    text += "\n" + marks + " " + escaped(section.title) + "\n";
    if (!section.synopsis.literal.empty()) text += "\n" + code(section.synopsis) + "\n";
    for (const std::string& paragraph : section.paragraphs)
        text += "\n" + escaped(paragraph) + "\n";
    if (!section.entries.empty()) text += "\n| | |\n|---|---|\n";
    for (const Entry& entry : section.entries)
        text += "| " + code(entry.term) + " | " + escaped(entry.text) + " |\n";
    for (const Section& inner : section.sections)
        append(text, inner, marks + "#");
}

}  // namespace

std::string render_markdown(const Page& page) {
    std::string text = "# " + page.name + "(" + std::to_string(page.section) + ")\n\n"
                       + escaped(page.summary) + "\n";
    for (const Section& section : page.sections)
        append(text, section, "##");
    return text;
}

}  // namespace nacre::manual
