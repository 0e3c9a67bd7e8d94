#pragma once

#include "oci/digest.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nacre::store {

/// A writable tree on top of committed layers, mounted at root(). Dropping it unmounts and discards what was
/// written. Confined to one thread at a time.
class ActiveSnapshot {
public:
    virtual ~ActiveSnapshot() = default;

    /// The whole tree: what a container sees as '/'.
    virtual const std::filesystem::path& root() const noexcept = 0;

    /// Only what was changed since it was prepared, in overlayfs's on-disk form: character device 0/0 is a
    /// whiteout, the xattr trusted.overlay.opaque (or user.overlay.opaque) "y" an opaque folder. Where the
    /// kernel does not keep it, it is collected by each call.
    virtual const std::filesystem::path& changes() = 0;

    /// Unmounts and keeps the changes as the layer `diff_id` on top of the parents it was prepared with. When
    /// the store has that layer already, the changes are discarded. Throws Error{Conflict} while a process uses
    /// the tree. Called once, last; root() and changes() are gone then.
    virtual void commit(const oci::DiffId& diff_id) = 0;
};

/// Unpacked layers. A layer is unpacked once, by the digest of its uncompressed tar, and shared by all
/// images that contain it, whatever is below. Thread-safe, and safe between processes. Every implementation
/// passes tests/contract/snapshotter_contract.cpp.
class Snapshotter {
public:
    virtual ~Snapshotter() = default;

    virtual bool has_layer(const oci::DiffId& diff_id) const = 0;

    /// A folder on the store's file system to unpack a layer into; layers appear by commit_layer() only.
    /// The caller writes the layer in overlayfs's on-disk form and passes the folder to commit_layer().
    virtual std::filesystem::path prepare_layer(const oci::DiffId& diff_id) = 0;
    /// Makes the unpacked layer visible under its name in one step and consumes the folder.
    virtual void commit_layer(const oci::DiffId& diff_id, const std::filesystem::path& folder) = 0;

    /// `layers` from the base upwards; all must be there. Empty: an empty root.
    virtual std::unique_ptr<ActiveSnapshot> prepare(const std::vector<oci::DiffId>& layers) = 0;

    /// Removes a layer; false when it was not there. The caller knows that nobody uses it.
    virtual bool remove_layer(const oci::DiffId& diff_id) = 0;
    virtual std::vector<oci::DiffId> layers() const = 0;
};

}  // namespace nacre::store
