#pragma once

#include "cli/build/local_images.hpp"
#include "cli/build/options.hpp"
#include "cli/build/places.hpp"
#include "cli/build/remote_registry.hpp"
#include "cli/build/shared_cache.hpp"
#include "engine/build.hpp"
#include "engine/step_cache.hpp"
#include "engine/step_transfer.hpp"
#include "exec/lazy_executor.hpp"
#include "os/process.hpp"
#include "registry/fetching_blob_store.hpp"
#include "registry/origins.hpp"
#include "source/network_sources.hpp"
#include "store/directory_blob_store.hpp"
#include "store/directory_image_names.hpp"
#include "store/lazy_snapshotter.hpp"
#include "store/lease.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

namespace nacre::cli::build {

/// Knows no step, and keeps all: --no-cache.
class FreshStepCache final : public engine::StepCache {
public:
    explicit FreshStepCache(engine::StepCache& next) noexcept : next_{next} {}

    std::optional<engine::StepRecord> find(const engine::StepKey& /*key*/) const override {
        return std::nullopt;
    }

    void keep(const engine::StepKey& key, const engine::StepRecord& record) override {
        next_.keep(key, record);
    }

private:
    engine::StepCache& next_;
};

/// The state below one Places, opened for one build, whose lease it holds. What killed builds left is swept before. Runtime and
/// snapshots are looked for when a step needs them.
class BuildState {
public:
    /// `secrets` open addresses.
    BuildState(
        const Environment& environment, std::stop_token stop, const source::FindSecret& secrets);

    store::BlobStore& blobs() noexcept { return blobs_; }

    LocalImages& images() noexcept { return images_; }

    source::RemoteSources& remotes() noexcept { return sources_; }

    const Places& places() const noexcept { return places_; }

    os::ProcessRunner& processes() noexcept { return processes_; }

    registry::Registry& registry() noexcept { return remote_.registry(); }

    const registry::Origins& origins() const noexcept { return origins_; }

    /// For files of this build.
    const std::filesystem::path& temporary() const noexcept { return lease_.folder(); }

    CacheServices cache_services(
        const std::filesystem::path& folder, const oci::Platform& platform);

    /// `imported` outlives the build; null: no steps of others. Called once.
    engine::BuildServices services(const BuildSettings& settings, const ImportedSteps* imported);

    /// What the build found or made, when the settings want steps exported.
    engine::StepRecords steps() const;

private:
    std::unique_ptr<exec::Executor> make_executor();
    std::unique_ptr<store::Snapshotter> make_snapshotter() const;
    engine::StepCache& make_cache(const BuildSettings& settings, const ImportedSteps* imported);

    os::SystemProcessRunner processes_;
    const Places places_;
    const std::stop_token stop_;
    store::Lease lease_;
    store::DirectoryBlobStore disk_;
    store::LeasedBlobStore leased_;
    registry::Origins origins_;
    RemoteRegistry remote_;
    registry::FetchingBlobStore blobs_;
    SystemClock clock_;
    source::NetworkSources sources_;
    store::DirectoryImageNames names_;
    LocalImages images_;
    store::LazySnapshotter unpacked_;
    store::LeasedSnapshotter snapshots_;
    exec::LazyExecutor executor_;
    engine::DirectoryStepCache steps_;
    FreshStepCache fresh_;
    std::optional<engine::ImportedStepCache> imported_;
    std::optional<engine::RecordingStepCache> recorded_;
};

/// Ends and removes what builds that were killed left: containers, mounts, folders. Quick when there are none.
void sweep_killed_builds(const Places& places, os::ProcessRunner& processes);

}  // namespace nacre::cli::build
