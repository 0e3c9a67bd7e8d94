#pragma once

#include "source/tree.hpp"

#include <string>
#include <vector>

namespace nacre::engine {

/// One file, link or folder of a source with its place below the destination.
struct CopyItem {
    source::Node node;
    std::string target;  ///< below the destination; empty: the destination itself
};

/// What one source word of COPY selects.
struct CopySelection {
    std::vector<CopyItem> items;  ///< folders before what is in them
    bool single_file = false;     ///< one file: it may give the destination its name
};

/// Selects from the tree as COPY does: a folder stands for what is in it, '*', '?' and '[...]' match inside one name, what
/// `excludes` match stays out. Throws Error{NotFound} that names the word and what is like it.
CopySelection select_sources(
    const source::Tree& tree, const std::string& word, const std::vector<std::string>& excludes);

}  // namespace nacre::engine
