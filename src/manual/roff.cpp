#include "base/text.hpp"
#include "manual/page.hpp"

namespace nacre::manual {
namespace {

/// roff reads a backslash as an escape, '-' as a hyphen that copying does not give back, and the first '.' or '\'' of a line as the start
/// of a request.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else if (c == '\n')
            result += ' ';
        else if (c == '\'')
            result += "\\(aq";
        else if (c == '`')
            result += "\\(ga";
        else if (c == '^')
            result += "\\(ha";
        else if (c == '~')
            result += "\\(ti";
        else
            result += c;
    }
    return result;
}

/// A line of text.
std::string line(std::string_view text) {
    const std::string plain = escaped(text);
    return (plain.starts_with('.') ? "\\&" : "") + plain + "\n";
}

/// An argument of a macro.
std::string argument(std::string_view text) {
    return "\"" + replace_all(escaped(text), "\"", "\\(dq") + "\"";
}

std::string term_line(const Term& term) {
    std::string text = "\\fB" + escaped(term.literal) + "\\fR";
    if (!term.argument.empty()) text += " \\fI" + escaped(term.argument) + "\\fR";
    return text + "\n";
}

void append(std::string& text, const Section& section, std::string_view macro) {
    text += "." + std::string{macro} + " " + argument(section.title) + "\n";
    std::vector<std::string> paragraphs;
    if (!section.synopsis.literal.empty()) paragraphs.push_back(term_line(section.synopsis));
    for (const std::string& paragraph : section.paragraphs)
        paragraphs.push_back(line(paragraph));
    text += join(paragraphs, ".PP\n");
    for (const Entry& entry : section.entries)
        text += ".TP\n" + term_line(entry.term) + line(entry.text);
    for (const Section& inner : section.sections)
        append(text, inner, "SS");
}

}  // namespace

std::string render_roff(const Page& page) {
    // No date: the same program prints the same page on any day.
    std::string text = ".TH " + argument(to_upper(page.name)) + " " + std::to_string(page.section)
                       + " \"\" " + argument("nacre " + page.version) + "\n";
    text += ".SH NAME\n" + escaped(page.name) + " \\- " + escaped(page.summary) + "\n";
    for (Section section : page.sections) {
        section.title = to_upper(section.title);
        append(text, section, "SH");
    }
    return text;
}

std::string render(const Page& page, Format format) {
    return format == Format::Man ? render_roff(page) : render_markdown(page);
}

}  // namespace nacre::manual
