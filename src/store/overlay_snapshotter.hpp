#pragma once

#include "store/layer_folders.hpp"
#include "store/snapshotter.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace nacre::store {

/// Layers as lower folders of overlayfs. Needs CAP_SYS_ADMIN. What is on disk: see LayerFolders.
///
/// Active snapshots are mounted "volatile": unmounting does not sync, for what is written there is either
/// thrown away or made a layer, which LayerFolders keeps from being trusted after a power cut.
class OverlaySnapshotter final : public Snapshotter {
public:
    /// Of one mount: what a page of options holds. Images have 127 at most.
    static constexpr std::size_t kLayersMax = 200;

    explicit OverlaySnapshotter(std::filesystem::path root);

    bool has_layer(const oci::DiffId& diff_id) const override;
    std::filesystem::path prepare_layer(const oci::DiffId& diff_id) override;
    void commit_layer(const oci::DiffId& diff_id, const std::filesystem::path& folder) override;
    std::unique_ptr<ActiveSnapshot> prepare(const std::vector<oci::DiffId>& layers) override;
    bool remove_layer(const oci::DiffId& diff_id) override;
    std::vector<oci::DiffId> layers() const override;

    /// Unmounts and removes what killed processes left, and layers that a power cut may have damaged. To be called
    /// at start; safe while other processes work. Returns how many folders went.
    int sweep();

    /// Makes the layers survive a power cut; without it they are unpacked again after one.
    void sync() { folders_.sync(); }

private:
    LayerFolders folders_;
};

}  // namespace nacre::store
