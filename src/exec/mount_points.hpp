#pragma once

#include "os/unique_fd.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nacre::exec {

/// The places in an image's root that a runtime mounts something on. The constructor refuses links there, because runtimes
/// follow them, out of the root if need be (CVE-2026-47766, CVE-2024-23652). Runtimes make what is missing: the
/// destructor takes those empty stubs away again, so that they do not become a part of the layer. No link is followed.
class MountPoints {
public:
    /// `targets` are absolute paths in the image. Throws Error{InvalidArgument} naming a link or a wrong type.
    MountPoints(const std::filesystem::path& root, const std::vector<std::string>& targets);
    MountPoints(const MountPoints&) = delete;
    MountPoints& operator=(const MountPoints&) = delete;
    ~MountPoints();

private:
    void check(const std::string& target);

    os::UniqueFd root_;
    std::vector<std::string> missing_;  ///< relative, parents first
};

}  // namespace nacre::exec
