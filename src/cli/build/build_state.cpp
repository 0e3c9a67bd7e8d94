#include "cli/build/build_state.hpp"

#include "base/error.hpp"
#include "exec/oci_runtime_executor.hpp"
#include "exec/runtime_probe.hpp"
#include "os/file.hpp"
#include "store/overlay_snapshotter.hpp"

#include <unistd.h>

#include <utility>

namespace nacre::cli::build {
namespace {

constexpr const char* kContainers = "containers";

Places ready(Places places, os::ProcessRunner& processes) {
    places.ensure();
    sweep_killed_builds(places, processes);
    return places;
}

exec::Runtime find_runtime(const Places& places, os::ProcessRunner& processes) {
    return exec::probe_runtimes(exec::default_runtimes(), places.runtime(), processes);
}

}  // namespace

void sweep_killed_builds(const Places& places, os::ProcessRunner& processes) {
    const auto abandoned = store::find_abandoned_leases(places.leases());
    if (abandoned.empty()) return;
    for (const store::AbandonedLease& lease : abandoned)
        if (std::filesystem::exists(lease.folder / kContainers))
            exec::sweep(find_runtime(places, processes), lease.folder / kContainers, processes);
    if (std::filesystem::exists(places.snapshots()))
        store::OverlaySnapshotter{places.snapshots()}.sweep();
    for (const store::AbandonedLease& lease : abandoned)
        os::remove_tree(lease.folder);
}

BuildState::BuildState(
    const Environment& environment, std::stop_token stop, const source::FindSecret& secrets)
    : places_{ready(find_places(environment), processes_)},
      stop_{stop},
      lease_{places_.leases()},
      disk_{places_.blobs(), store::BlobDurability::AtSync},
      leased_{disk_, lease_},
      remote_{environment, processes_},
      blobs_{leased_, origins_, remote_.registry(), stop},
      sources_{clock_, remote_.client(), processes_, lease_.folder(), {}, secrets},
      names_{places_.images()},
      images_{names_, blobs_, {remote_.registry(), origins_, places_.origins(), stop}},
      unpacked_{[this] { return make_snapshotter(); }},
      snapshots_{unpacked_, lease_},
      executor_{[this] { return make_executor(); }},
      steps_{places_.steps()},
      fresh_{steps_} {}

std::unique_ptr<exec::Executor> BuildState::make_executor() {
    return std::make_unique<exec::OciRuntimeExecutor>(
        find_runtime(places_, processes_), lease_.folder() / kContainers, processes_);
}

std::unique_ptr<store::Snapshotter> BuildState::make_snapshotter() const {
    if (::geteuid() != 0)
        throw Error{
            ErrorCode::PermissionDenied,
            "this step needs layers as folders, which only root can mount"}
            .with_hint("run 'nacre build' as root");
    return std::make_unique<store::OverlaySnapshotter>(places_.snapshots());
}

CacheServices BuildState::cache_services(
    const std::filesystem::path& folder, const oci::Platform& platform) {
    return {
        .registry = remote_.registry(),
        .blobs = blobs_,
        .images = images_,
        .origins = origins_,
        .folder = folder,
        .platform = platform,
        .stop = stop_};
}

engine::StepCache& BuildState::make_cache(
    const BuildSettings& settings, const ImportedSteps* imported) {
    engine::StepCache* cache = &steps_;
    if (!settings.use_cache) {
        cache = &fresh_;
    } else if (imported != nullptr) {
        cache = &imported_.emplace(
            *cache,
            imported->steps(),
            [imported](const engine::StepKey&, const engine::StepRecord& record) {
                return imported->accept(record);
            });
    }
    if (!settings.cache_to.empty()) cache = &recorded_.emplace(*cache);
    return *cache;
}

engine::StepRecords BuildState::steps() const {
    return recorded_ ? recorded_->steps() : engine::StepRecords{};
}

engine::BuildServices BuildState::services(
    const BuildSettings& settings, const ImportedSteps* imported) {
    return {
        .blobs = blobs_,
        .snapshots = snapshots_,
        .executor = executor_,
        .bases = images_,
        .locks = places_.locks(),
        .indexes = places_.indexes(),
        .temporary = lease_.folder(),
        .cache_mounts = places_.cache_mounts(),
        .cache = &make_cache(settings, imported),
        .remotes = &sources_};
}

}  // namespace nacre::cli::build
