#pragma once

#include "engine/build.hpp"
#include "engine/copier.hpp"
#include "engine/image_files.hpp"
#include "engine/layer_draft.hpp"
#include "engine/layer_indexes.hpp"
#include "os/file_lock.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

namespace nacre::engine {

struct StageResult {
    oci::ImageConfig config;  ///< with diff ids and history
    std::vector<Layer> layers;
};

/// What a stage begins with.
struct StageStart {
    std::vector<Layer> layers;
    std::vector<oci::HistoryEntry> history;
};

/// Steps that followers see: those that do something. Settings are quick and silent.
std::size_t count_shown(const StagePlan& stage);

/// Runs the steps of one stage, one layer after another. Confined to one thread.
class StageBuilder {
public:
    struct Parts {
        const BuildRequest& request;
        const BuildServices& services;
        const Plan& plan;
        Progress& progress;
        std::function<std::vector<Layer>(const CopyOrigin&)>
            layers_of;  ///< of another stage or image
        std::function<const source::Tree&(const CopyOrigin&)> tree_of;  ///< of the other origins
        std::size_t first_step = 1;  ///< number of its first step that followers see
        std::size_t step_count = 0;  ///< of the whole build
        std::stop_token stop;
    };

    explicit StageBuilder(Parts parts)
        : parts_{std::move(parts)},
          indexes_{parts_.services.indexes, parts_.services.blobs},
          next_step_{parts_.first_step} {}

    StageResult build(const StagePlan& stage, StageStart start);

private:
    void run_step(const StagePlan& stage, const Step& step, StageResult& result);
    /// Runs the step on top of `layers`, or finds that it was run before.
    StepRecord perform(
        const Step& step, const std::vector<Layer>& layers, Progress::Outcome& outcome);
    bool is_cacheable(const Step& step) const;
    StepRecord execute(const Step& step, const std::vector<Layer>& layers);
    std::optional<os::FileLock> lock_step(const StepKey& key) const;
    std::optional<StepRecord> recall(const StepKey& key);
    void remember(const StepKey& key, const StepRecord& record);
    StepKey key_of(const Step& step, const std::vector<Layer>& layers) const;
    Layer run_command(const RunAction& action, const std::vector<Layer>& layers);
    Layer copy_files(const CopyAction& action);
    std::optional<Layer> make_folder(const WorkdirAction& action);
    std::unique_ptr<store::ActiveSnapshot> mount(const std::vector<Layer>& layers);
    Layer commit(store::ActiveSnapshot& snapshot);
    Layer write(const LayerDraft& draft);
    Layer write_layer(
        const std::function<void(ByteSink& out, std::vector<archive::TarEntry>& entries)>& write);
    std::string place_of(const Step& step) const;

    Parts parts_;
    const LayerIndexes indexes_;
    std::optional<ImageFiles> files_;  ///< of the stage as far as it is built
    std::set<oci::DiffId> unpacked_;   ///< seen to be so: the lease of the build keeps them
    std::size_t next_step_;
};

}  // namespace nacre::engine
