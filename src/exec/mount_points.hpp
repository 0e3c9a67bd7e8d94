#pragma once

#include "exec/executor.hpp"
#include "os/unique_fd.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nacre::exec {

/// The places in an image's root that a runtime mounts something on. Runtimes follow links, out of the root if need be
/// (CVE-2026-47766, CVE-2024-23652), so that they get paths without a link: links on the way to a mount point are resolved
/// here, with the image as '/', and a mount point that is a link itself is refused. Runtimes make what is missing: the
/// destructor takes those empty stubs away again, so that they do not become a part of the layer. It follows no link.
class MountPoints {
public:
    /// Rewrites the targets of the spec's mounts. Throws Error{InvalidArgument} naming what is wrong with one.
    explicit MountPoints(ContainerSpec& spec);
    MountPoints(const MountPoints&) = delete;
    MountPoints& operator=(const MountPoints&) = delete;
    ~MountPoints();

    /// The folders of the image in which stubs will be made, relative to the root.
    const std::vector<std::string>& touched_folders() const noexcept { return touched_; }

private:
    enum class Last : std::uint8_t { Refused, Resolved };  ///< a link at the end of a path

    std::string resolve(const std::string& target, Last last) const;
    void note_missing(const std::string& path);

    os::UniqueFd root_;
    std::vector<std::string> missing_;  ///< relative, parents first
    std::vector<std::string> touched_;
};

/// The folders that running the spec will touch, because a mount point is missing in them: relative to the root, without the
/// root itself. Throws as MountPoints does.
std::vector<std::string> folders_of_stubs(ContainerSpec spec);

}  // namespace nacre::exec
