#pragma once

#include "oci/digest.hpp"
#include "os/file_lock.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nacre::store {

/// The folders that snapshotters keep under one root: committed layers and folders in work. Thread-safe,
/// and safe between processes.
///
///     <root>/layers/<hex>/           a layer, in overlay's on-disk form
///     <root>/marks/<hex>             whether it can be trusted
///     <root>/active/tmp-<pid>-…/<n>  in work, by one LayerFolders, which holds a lock on its folder
///
/// Unpacking a layer syncs nothing, because it can be unpacked again from its blob. The mark of a layer holds the id
/// of the boot in which it was written; sync() writes the file system back and turns the marks into "synced". A layer
/// whose mark names another boot may be damaged: it counts as absent, and sweep() removes it.
class LayerFolders {
public:
    explicit LayerFolders(std::filesystem::path root);
    LayerFolders(const LayerFolders&) = delete;
    LayerFolders& operator=(const LayerFolders&) = delete;
    ~LayerFolders();

    bool has(const oci::DiffId& diff_id) const;
    /// Throws Error{NotFound} that names the layer, unless has().
    std::filesystem::path get(const oci::DiffId& diff_id) const;
    /// Moves `folder`, on the same file system, to its place; discards it when the layer is there.
    void commit(const oci::DiffId& diff_id, const std::filesystem::path& folder);
    /// False when there was none.
    bool remove(const oci::DiffId& diff_id);
    /// In order.
    std::vector<oci::DiffId> list() const;
    void sync();

    /// A new, empty folder for work. The caller removes it; what a killed process leaves is swept.
    std::filesystem::path make_active();

    /// A folder that stays empty: the lowest layer of an empty root.
    std::filesystem::path empty_folder() const { return root_ / "empty"; }

    /// Removes the work of processes that are gone, after `release` got each folder, and the layers with the mark of
    /// another boot. Returns how many.
    int sweep(const std::function<void(const std::filesystem::path&)>& release);

private:
    os::FileLock lock() const;
    bool is_trusted(const std::string& hex) const;

    std::filesystem::path layer(const std::string& hex) const { return root_ / "layers" / hex; }

    std::filesystem::path mark(const std::string& hex) const { return root_ / "marks" / hex; }

    /// Under the lock.
    void discard_layer(const std::string& hex);

    const std::filesystem::path root_;
    const std::string boot_id_;
    std::filesystem::path session_;
    std::optional<os::FileLock> session_lock_;
    std::atomic<int> next_ = 0;
};

}  // namespace nacre::store
