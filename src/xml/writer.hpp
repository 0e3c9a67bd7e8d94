#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nacre::xml {

/// Character data with '&', '<', '>' and carriage returns escaped, and what XML cannot carry
/// (control characters, invalid UTF-8) replaced by U+FFFD.
std::string escape(std::string_view text);

/// Appends XML to a string that outlives it. Names are written as they are: they are ours, not input.
class Writer {
public:
    explicit Writer(std::string& out) noexcept : out_{out} {}

    void open(std::string_view name);
    /// Ends the element opened last.
    void close();
    /// "<name/>".
    void empty(std::string_view name);
    void text(std::string_view text);
    void element(std::string_view name, std::string_view text);
    /// Layout only.
    void line_feed();

private:
    std::string& out_;
    std::vector<std::string> open_;
};

}  // namespace nacre::xml
