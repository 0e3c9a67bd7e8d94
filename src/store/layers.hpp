#pragma once

#include "archive/tar.hpp"
#include "base/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace nacre::store {

// Layers as tar archives (image-spec, layer.md) and as folders in the on-disk form of overlayfs
// (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories").

/// What went through.
struct LayerSummary {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  ///< of content

    bool operator==(const LayerSummary&) const = default;
};

enum class Privilege : std::uint8_t {
    Root,  ///< owners, devices and all extended attributes are kept; overlay's attributes are trusted.*
    None  ///< owners, devices and all but user.* are dropped; overlay's attributes are user.*
};

/// That of this process.
Privilege current_privilege() noexcept;

/// Unpacks a layer into `folder`, which exists and is empty, in overlay's on-disk form. No path of the archive is
/// followed out of `folder`: links are resolved with `folder` as the root, and an entry whose parent is missing
/// behind a link, is no folder, or has ".." in its path throws Error{DataCorrupt} that names it. So does a hard link to
/// what the layer does not contain, a device 0/0 and a whiteout of nothing. Attributes of overlay itself are
/// dropped. Parents that the archive does not mention become folders of root with mode 0755. After a throw the
/// folder holds a part of the layer: the caller removes it. Nothing is synced.
LayerSummary apply_layer(
    archive::TarReader& layer,
    const std::filesystem::path& folder,
    Privilege privilege = current_privilege());

struct WriteLayerOptions {
    /// SOURCE_DATE_EPOCH: later times become this one.
    std::optional<std::int64_t> epoch;
    /// Gets each entry as it is written, without its content.
    std::function<void(const archive::TarEntry&)> on_entry;
};

/// Writes what ActiveSnapshot::changes() holds as a layer whose bytes depend on the content of `folder` only:
/// sorted by path, folders before what is in them, hard links within the layer kept, whiteouts and opaque folders as
/// OCI says, no attribute of overlay or of the host's security module, sockets left out. A folder without
/// changes gives a valid empty archive. Throws Error{Conflict} when a file shrinks while it is read.
LayerSummary write_layer(
    const std::filesystem::path& folder, ByteSink& out, const WriteLayerOptions& options);

}  // namespace nacre::store
