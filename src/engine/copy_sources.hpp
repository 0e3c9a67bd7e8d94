#pragma once

#include "source/tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

/// One file, link or folder of a source with its place below the destination.
struct CopyItem {
    source::Node node;
    std::string target;  ///< below the destination; empty: the destination itself
    bool is_named =
        false;  ///< the word or its pattern named it itself, and not a folder that it is in
};

/// What one source word of COPY selects.
struct CopySelection {
    std::vector<CopyItem> items;  ///< folders before what is in them
    bool single_file = false;     ///< one file: it may give the destination its name
    bool nothing = false;         ///< a pattern that matched nothing
};

/// `--parents`: whether the folders that a source is in go with it.
enum class ParentFolders : std::uint8_t { Leave, Take };

struct SelectOptions {
    /// In the language of .dockerignore, about paths below each folder that is copied.
    const std::vector<std::string>& excludes;
    ParentFolders parents = ParentFolders::Leave;
    std::string_view place = "the build context";  ///< for messages
};

/// Selects from the tree as COPY does. A folder stands for what is in it; '*', '?' and '[...]' match inside one name; a pattern
/// that matches nothing selects nothing. With ParentFolders::Take, `**` stands for any folders and "/./" says from where on
/// folders are taken. Throws Error{NotFound} for a word without a pattern, with what is like it, and
/// Error{InvalidArgument} for a pattern that is none.
CopySelection select_sources(
    const source::Tree& tree, const std::string& word, const SelectOptions& options);

}  // namespace nacre::engine
