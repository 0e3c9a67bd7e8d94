#include "xml/writer.hpp"

#include "base/text.hpp"

namespace nacre::xml {
namespace {

bool needs_care(unsigned char byte) noexcept {
    return byte == '&' || byte == '<' || byte == '>' || byte >= 0x7F
           || (byte < 0x20 && byte != '\t' && byte != '\n');
}

bool is_plain(std::string_view text) noexcept {
    for (const char character : text)
        if (needs_care(static_cast<unsigned char>(character))) return false;
    return true;
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char character : text) {
        switch (character) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += character;
        }
    }
}

}  // namespace

std::string escape(std::string_view text) {
    if (is_plain(text)) return std::string{text};
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    // A literal carriage return would reach the reader as a line feed.
    while (true) {
        const std::size_t at = text.find('\r');
        append_escaped(out, sanitize_utf8(text.substr(0, at)));
        if (at == std::string_view::npos) return out;
        out += "&#13;";
        text.remove_prefix(at + 1);
    }
}

void Writer::open(std::string_view name) {
    out_ += '<';
    out_ += name;
    out_ += '>';
    open_.emplace_back(name);
}

void Writer::close() {
    out_ += "</";
    out_ += open_.back();
    out_ += '>';
    open_.pop_back();
}

void Writer::empty(std::string_view name) {
    out_ += '<';
    out_ += name;
    out_ += "/>";
}

void Writer::text(std::string_view text) {
    out_ += escape(text);
}

void Writer::element(std::string_view name, std::string_view text) {
    open(name);
    this->text(text);
    close();
}

void Writer::line_feed() {
    out_ += '\n';
}

}  // namespace nacre::xml
