#pragma once

#include "store/snapshotter.hpp"

#include <functional>
#include <memory>
#include <mutex>

namespace nacre::store {

/// Makes its snapshotter when it is needed for the first time: a build that unpacks nothing needs no folders, no mounts and no
/// privileges. One that cannot be made is tried again by the next call.
class LazySnapshotter final : public Snapshotter {
public:
    explicit LazySnapshotter(std::function<std::unique_ptr<Snapshotter>()> make)
        : make_{std::move(make)} {}

    bool has_layer(const oci::DiffId& diff_id) const override { return next().has_layer(diff_id); }

    std::filesystem::path prepare_layer(const oci::DiffId& diff_id) override {
        return next().prepare_layer(diff_id);
    }

    void commit_layer(const oci::DiffId& diff_id, const std::filesystem::path& folder) override {
        next().commit_layer(diff_id, folder);
    }

    std::unique_ptr<ActiveSnapshot> prepare(const std::vector<oci::DiffId>& layers) override {
        return next().prepare(layers);
    }

    bool remove_layer(const oci::DiffId& diff_id) override { return next().remove_layer(diff_id); }

    std::vector<oci::DiffId> layers() const override { return next().layers(); }

private:
    Snapshotter& next() const {
        std::call_once(once_, [this] { next_ = make_(); });
        return *next_;
    }

    const std::function<std::unique_ptr<Snapshotter>()> make_;
    mutable std::once_flag once_;
    mutable std::unique_ptr<Snapshotter> next_;
};

}  // namespace nacre::store
