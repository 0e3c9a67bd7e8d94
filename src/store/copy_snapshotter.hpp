#pragma once

#include "store/layer_folders.hpp"
#include "store/snapshotter.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace nacre::store {

/// Copies layers into one plain tree: for hosts without overlayfs, at the cost of a copy of the image for each
/// ActiveSnapshot. What changed is found by comparing inode numbers, times and attributes with those after the copy. Same
/// folders as OverlaySnapshotter, and the two can read each other's layers.
class CopySnapshotter final : public Snapshotter {
public:
    explicit CopySnapshotter(std::filesystem::path root);

    bool has_layer(const oci::DiffId& diff_id) const override;
    std::filesystem::path prepare_layer(const oci::DiffId& diff_id) override;
    void commit_layer(const oci::DiffId& diff_id, const std::filesystem::path& folder) override;
    std::unique_ptr<ActiveSnapshot> prepare(const std::vector<oci::DiffId>& layers) override;
    bool remove_layer(const oci::DiffId& diff_id) override;
    std::vector<oci::DiffId> layers() const override;

    /// Removes what killed processes left, and layers that a power cut may have damaged. Returns how many.
    int sweep();

    /// Makes the layers survive a power cut; without it they are unpacked again after one.
    void sync() { folders_.sync(); }

private:
    LayerFolders folders_;
};

}  // namespace nacre::store
