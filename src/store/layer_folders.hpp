#pragma once

#include "oci/digest.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace nacre::store {

/// The folders that snapshotters keep under one root: committed layers and folders in work. Thread-safe,
/// and safe between processes.
///
/// Unpacking a layer syncs nothing, because it can be unpacked again from its blob. Each layer has a mark that holds
/// the id of the boot in which it was written; sync() writes the file system back and turns the marks into "synced". A
/// layer whose mark names another boot may be damaged: it counts as absent, and sweep() removes it.
class LayerFolders {
public:
    explicit LayerFolders(std::filesystem::path root);

    bool has(const oci::DiffId& diff_id) const;
    /// Where the layer is or will be.
    std::filesystem::path path_of(const oci::DiffId& diff_id) const;
    /// Throws Error{NotFound} that names the layer, unless has().
    std::filesystem::path get(const oci::DiffId& diff_id) const;
    /// Moves `folder`, on the same file system, to its place; discards it when the layer is there.
    void commit(const oci::DiffId& diff_id, const std::filesystem::path& folder);
    bool remove(const oci::DiffId& diff_id);
    std::vector<oci::DiffId> list() const;
    void sync();

    /// A new folder under `<root>/active`, mode 0700, whose name has this process's id. The caller removes it.
    std::filesystem::path make_active() const;

    /// A folder that stays empty, as the lowest layer.
    std::filesystem::path empty_folder() const { return root_ / "empty"; }

    /// Removes the active folders of processes that are gone, after `release` got each of them, and
    /// layers with the mark of another boot. Returns how many.
    int sweep(const std::function<void(const std::filesystem::path&)>& release);

private:
    std::filesystem::path mark_of(const std::string& hex) const;

    const std::filesystem::path root_;
    const std::string boot_id_;
};

}  // namespace nacre::store
