#pragma once

#include <string>
#include <vector>

namespace nacre::manual {

/// What is explained: "--target" with the argument "NAME", "$NACRE_ROOT" without one.
struct Term {
    std::string literal;
    std::string argument;
};

struct Entry {
    Term term;
    std::string text;
};

/// A line to type, paragraphs, what is explained one by one, and sections of the next level; each may be empty.
struct Section {
    std::string title;
    Term synopsis;
    std::vector<std::string> paragraphs;
    std::vector<Entry> entries;
    std::vector<Section> sections;
};

/// A page of the manual: a value that every form is rendered from. Texts are UTF-8 without markup.
struct Page {
    std::string name;     ///< "nacre"
    int section = 1;      ///< 1: programs for everybody, 5: files, 8: programs for administrators
    std::string summary;  ///< one line, no full stop
    std::string version;
    std::vector<Section> sections;
};

enum class Format { Man, Markdown };

/// roff with the macros of man(7), for `man -l` and for the man pages that are installed.
std::string render_roff(const Page& page);

/// The form of docs/reference.
std::string render_markdown(const Page& page);

std::string render(const Page& page, Format format);

}  // namespace nacre::manual
