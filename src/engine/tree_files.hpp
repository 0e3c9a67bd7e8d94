#pragma once

#include "engine/root_folder.hpp"
#include "source/tree.hpp"

#include <filesystem>
#include <stop_token>
#include <string>

namespace nacre::engine {

/// Writes `source` of the tree (a file, or a folder with what is in it; links that it is are followed) into the empty folder
/// `folder`, which nobody else uses, and returns its path there. Everything belongs to this process's user. Throws
/// Error{NotFound}, Cancelled.
std::string write_tree_files(
    const source::Tree& tree,
    const std::string& source,
    const std::filesystem::path& folder,
    const std::stop_token& stop);

/// Copies what is in the folder `source` of an image into `folder`, which nobody else uses, and gives it the attributes of
/// `source`. Throws SystemError, Cancelled.
void copy_folder(
    const RootFolder& image,
    const std::string& source,
    const std::filesystem::path& folder,
    const std::stop_token& stop);

}  // namespace nacre::engine
