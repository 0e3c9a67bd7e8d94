#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace nacre::store {

/// Lays the layer `layer`, in overlay's on-disk form, over the plain tree `tree`: whiteouts remove, opaque
/// folders replace. Neither follows a link. Owners, modes, times, attributes and hard links within the layer are
/// kept. Throws SystemError.
void lay_over(const std::filesystem::path& layer, const std::filesystem::path& tree);

/// Copies one entry, a folder without what is in it, from one open folder to a place in another where nothing is.
void copy_entry(int from, const std::string& from_name, int to, const std::string& to_name);

/// Sets owner, mode, attributes and times of `to_name` to those of `from_name`.
void copy_attributes(int from, const std::string& from_name, int to, const std::string& to_name);

}  // namespace nacre::store
