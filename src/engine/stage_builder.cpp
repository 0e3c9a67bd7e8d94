#include "engine/stage_builder.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "engine/accounts.hpp"
#include "engine/layer_reader.hpp"
#include "engine/root_folder.hpp"
#include "engine/run_mounts.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"
#include "os/temp.hpp"
#include "store/layers.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace nacre::engine {
namespace {

/// For another build to unpack a layer that we need too.
constexpr std::chrono::minutes kUnpackWaitMax{10};
/// For another build to run a step that we need too.
constexpr std::chrono::hours kStepWaitMax{1};
constexpr std::uint32_t kFolderMode = 0755;
/// Of the disk, when a step failed: it likely failed for that.
constexpr std::uint64_t kScarceBytes = 1U << 20U;

class FolderGuard {
public:
    explicit FolderGuard(std::filesystem::path folder) : folder_{std::move(folder)} {}

    FolderGuard(const FolderGuard&) = delete;
    FolderGuard& operator=(const FolderGuard&) = delete;

    ~FolderGuard() {
        if (folder_.empty()) return;
        try {
            os::remove_tree(folder_);
        } catch (const std::exception&) {
            return;  // the snapshotter's sweep finds it at the next start
        }
    }

    void release() noexcept { folder_.clear(); }

private:
    std::filesystem::path folder_;
};

/// The document of a RUN as a file that every user of the container may run.
class ScriptFolder {
public:
    ScriptFolder(const std::filesystem::path& parent, const InlineFile& script)
        : place_{parent, "script"} {
        constexpr mode_t kProgramMode = 0755;
        os::ensure_directory(path(), kProgramMode);
        const os::UniqueFd file =
            os::open_file(path() / script.name, O_WRONLY | O_CREAT | O_EXCL, kProgramMode);
        os::write_all(file.get(), as_bytes(script.content));
    }

    std::filesystem::path path() const { return place_.path() / "files"; }

private:
    os::TempDir place_;
};

bool is_shown(const Step& step) {
    return !std::holds_alternative<ConfigAction>(step.action);
}

Account account_in(const std::filesystem::path& folder, const std::string& user) {
    const RootFolder root{folder};
    return resolve_account(user, [&](const std::string& path, std::size_t limit) {
        return root.find_text(path, limit);
    });
}

std::vector<std::string> env_with_home(const RunAction& action, const Account& account) {
    std::vector<std::string> env = action.env;
    const bool has_home = std::ranges::any_of(
        env, [](const std::string& entry) { return entry.starts_with("HOME="); });
    if (!has_home) env.push_back("HOME=" + account.home);
    return env;
}

}  // namespace

std::size_t count_shown(const StagePlan& stage) {
    return static_cast<std::size_t>(std::ranges::count_if(stage.steps, is_shown));
}

void ensure_unpacked(
    const Layer& layer, const BuildServices& services, const std::stop_token& stop) {
    if (services.snapshots.has_layer(layer.diff_id)) return;
    const os::FileLock lock = os::FileLock::acquire(
        services.locks / std::string{layer.diff_id.digest.hex()},
        std::chrono::duration_cast<std::chrono::milliseconds>(kUnpackWaitMax),
        stop,
        os::FileLock::Afterwards::Remove);
    if (services.snapshots.has_layer(layer.diff_id)) return;
    with_context("unpacking layer " + layer.blob.digest.str(), [&] {
        const std::filesystem::path folder = services.snapshots.prepare_layer(layer.diff_id);
        FolderGuard guard{folder};
        const auto blob = services.blobs.open(layer.blob.digest, 0);
        read_verified_layer(
            layer, *blob, [&](archive::TarReader& reader) { store::apply_layer(reader, folder); });
        services.snapshots.commit_layer(layer.diff_id, folder);
        guard.release();
    });
}

StageResult StageBuilder::build(const StagePlan& stage, StageStart start) {
    StageResult result;
    result.config = stage.config;
    result.config.history = std::move(start.history);
    result.layers = std::move(start.layers);
    files_.emplace(parts_.services, result.layers);
    for (const Step& step : stage.steps) {
        if (parts_.stop.stop_requested()) throw Cancelled{};
        run_step(stage, step, result);
    }
    for (const Layer& layer : result.layers)
        result.config.diff_ids.push_back(layer.diff_id);
    return result;
}

std::string StageBuilder::place_of(const Step& step) const {
    return parts_.plan.file + ":" + std::to_string(step.at.line);
}

void StageBuilder::run_step(const StagePlan& stage, const Step& step, StageResult& result) {
    oci::HistoryEntry entry{
        .created = render_rfc3339(from_unix_seconds(parts_.request.source_date_epoch)),
        .created_by = step.created_by,
        .comment = "nacre",
        .empty_layer = true};
    if (is_shown(step)) {
        const Progress::Step shown{
            .number = next_step_++,
            .count = parts_.step_count,
            .stage = parts_.plan.needed.size() > 1 ? stage.name : "",
            .text = step.text};
        parts_.progress.step_started(shown);
        Progress::Outcome outcome = Progress::Outcome::Done;
        const StepRecord record = with_context(
            place_of(step) + ": " + step.text.substr(0, step.text.find('\n')),
            [&] { return perform(step, result.layers, outcome); });
        if (record.layer) result.layers.push_back(*record.layer);
        entry.empty_layer = !record.layer;
        parts_.progress.step_finished(shown, outcome);
    }
    result.config.history.push_back(std::move(entry));
}

StepRecord StageBuilder::perform(
    const Step& step, const std::vector<Layer>& layers, Progress::Outcome& outcome) {
    if (!is_cacheable(step)) return execute(step, layers);
    const StepKey key = key_of(step, layers);
    auto known = recall(key);
    std::optional<os::FileLock> lock;
    if (!known) {
        lock = lock_step(key);
        known = recall(key);
    }
    if (known) {
        outcome = Progress::Outcome::Cached;
        if (known->layer) files_->push(*known->layer);
        return *std::move(known);
    }
    StepRecord record = execute(step, layers);
    remember(key, record);
    return record;
}

/// Builds that come to the same step at the same time run it once. Who has waited too long runs it itself.
std::optional<os::FileLock> StageBuilder::lock_step(const StepKey& key) const {
    try {
        return os::FileLock::acquire(
            parts_.services.locks / ("step-" + key.hex),
            std::chrono::duration_cast<std::chrono::milliseconds>(kStepWaitMax),
            parts_.stop,
            os::FileLock::Afterwards::Remove);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::DeadlineExceeded) throw;
        return std::nullopt;
    }
}

bool StageBuilder::is_cacheable(const Step& step) const {
    if (parts_.services.cache == nullptr) return false;
    const auto* run = std::get_if<RunAction>(&step.action);
    const bool reaches_out =
        run != nullptr && network_of(*run, parts_.request.network) != exec::NetworkMode::None;
    return !reaches_out || parts_.request.network_steps == NetworkSteps::Reuse;
}

StepRecord StageBuilder::execute(const Step& step, const std::vector<Layer>& layers) {
    if (const auto* run = std::get_if<RunAction>(&step.action)) {
        StepRecord record{run_command(*run, layers)};
        files_->push(*record.layer);
        return record;
    }
    if (const auto* copy = std::get_if<CopyAction>(&step.action)) return {copy_files(*copy)};
    return {make_folder(std::get<WorkdirAction>(step.action))};
}

StepKey StageBuilder::key_of(const Step& step, const std::vector<Layer>& layers) const {
    std::vector<Layer> origin;
    const auto* copy = std::get_if<CopyAction>(&step.action);
    const bool has_tree = copy != nullptr && is_tree(copy->origin);
    if (copy != nullptr && !has_tree) origin = parts_.layers_of(copy->origin);
    std::vector<MountOrigin> mounted;
    if (std::holds_alternative<RunAction>(step.action))
        for (const CopyOrigin& from : origins_of(step.action))
            mounted.push_back(
                is_tree(from) ? MountOrigin{.tree = &parts_.tree_of(from)}
                              : MountOrigin{.layers = parts_.layers_of(from)});
    const BuildRequest& request = parts_.request;
    return make_step_key(
        step.action,
        {.trust = request.trust,
         .platform = request.plan.platform,
         .compression = request.compression,
         .source_date_epoch = request.source_date_epoch,
         .network = request.network,
         .parents = layers,
         .origin = origin,
         .context = has_tree ? parts_.tree_of(copy->origin) : request.context,
         .mounted = std::move(mounted),
         .extra_hosts = request.extra_hosts,
         .hostname = request.hostname});
}

/// A cache that fails makes a build slow and not wrong. Blobs of the cache are collected like others.
std::optional<StepRecord> StageBuilder::recall(const StepKey& key) {
    std::optional<StepRecord> known;
    try {
        known = parts_.services.cache->find(key);
    } catch (const Error& error) {
        parts_.progress.note("warning: the build cache cannot be read: " + error.describe());
    }
    if (known && known->layer && !parts_.services.blobs.find(known->layer->blob.digest))
        return std::nullopt;
    return known;
}

void StageBuilder::remember(const StepKey& key, const StepRecord& record) {
    try {
        parts_.services.cache->keep(key, record);
    } catch (const Error& error) {
        parts_.progress.note("warning: the build cache cannot be written: " + error.describe());
    }
}

Layer StageBuilder::run_command(const RunAction& action, const std::vector<Layer>& layers) {
    const auto snapshot = mount(layers);
    exec::ContainerSpec spec;
    const Account account = account_in(snapshot->root(), action.user);
    const std::size_t number = next_step_ - 1;
    spec.id = parts_.request.container_prefix + "-" + std::to_string(number);
    spec.root = snapshot->root();
    spec.argv = action.argv;
    spec.env = env_with_home(action, account);
    spec.working_dir = action.working_dir;
    spec.uid = account.owner.uid;
    spec.gid = account.owner.gid;
    spec.additional_gids = account.additional_gids;
    spec.network = network_of(action, parts_.request.network);
    spec.extra_hosts = parts_.request.extra_hosts;
    if (!parts_.request.hostname.empty()) spec.hostname = parts_.request.hostname;
    if (action.security == dockerfile::SecurityMode::Insecure)
        spec.privileges = exec::Privileges::Insecure;
    spec.limits = parts_.request.limits;
    spec.time_limit = parts_.request.run_time_limit;
    std::optional<ScriptFolder> script;
    if (action.script) {
        script.emplace(parts_.services.temporary, *action.script);
        spec.mounts.push_back({.source = script->path(), .target = std::string{kScriptFolder}});
    }
    const RunMounts mounts{
        {parts_.request,
         parts_.services,
         parts_.layers_of,
         parts_.tree_of,
         [this](const std::vector<Layer>& below) { return mount(below); },
         parts_.stop},
        action,
        spec};
    OutputTail output{parts_.progress, number};
    const os::ExitStatus status = parts_.services.executor.run(spec, output, parts_.stop);
    mounts.forget_mount_points(snapshot->root(), snapshot->changes());
    if (status.success()) return commit(*snapshot);
    const std::string tail = output.lines();
    StepFailure failure{
        status.describe()
            + (tail.empty() ? "; it wrote nothing" : "; the last lines of its output:\n" + tail),
        status};
    const std::uint64_t free = os::free_bytes(snapshot->changes());
    if (free < kScarceBytes)
        failure.set_hint(
            "the disk is full: " + std::to_string(free)
            + " bytes are free for what the step writes in "
            + quoted(snapshot->changes().string()));
    throw StepFailure{failure};
}

Layer StageBuilder::copy_files(const CopyAction& action) {
    // A linked layer is made on nothing and sees no accounts.
    ImageTree nothing;
    LayerDraft draft{action.link ? nothing : files_->tree(), parts_.request.source_date_epoch};
    Copier copier{
        {.destination = draft,
         .find_text =
             [&](const std::string& path, std::size_t limit) {
                 return action.link ? std::nullopt : files_->find_text(path, limit);
             },
         .temporary = parts_.services.temporary,
         .epoch = parts_.request.source_date_epoch,
         .stop = parts_.stop}};
    std::optional<Layer> layer;
    if (is_tree(action.origin)) {
        copier.copy_from_tree(parts_.tree_of(action.origin), action);
        layer = write(draft);
    } else {
        const auto origin = mount(parts_.layers_of(action.origin));
        const RootFolder root{origin->root()};
        copier.copy_from_root(root, action);
        layer = write(draft);
    }
    if (action.link)
        files_->push(*layer);
    else
        files_->push_made(*layer);
    return *layer;
}

std::optional<Layer> StageBuilder::make_folder(const WorkdirAction& action) {
    const auto find_text = [&](const std::string& path, std::size_t limit) {
        return files_->find_text(path, limit);
    };
    const ImageTree::Node* known = files_->tree().find_target(action.path);
    if (known != nullptr && known->is_folder()) return std::nullopt;
    LayerDraft draft{files_->tree(), parts_.request.source_date_epoch};
    // As in BuildKit, the folders above it that are missing are the user's too.
    const EntryAttributes attributes{
        .mode = kFolderMode, .owner = resolve_account(action.user, find_text).owner};
    draft.ensure_folder(action.path, attributes);
    Layer layer = write(draft);
    files_->push_made(layer);
    return layer;
}

std::unique_ptr<store::ActiveSnapshot> StageBuilder::mount(const std::vector<Layer>& layers) {
    std::vector<oci::DiffId> diff_ids;
    for (const Layer& layer : layers) {
        if (!unpacked_.contains(layer.diff_id))
            ensure_unpacked(layer, parts_.services, parts_.stop);
        unpacked_.insert(layer.diff_id);
        diff_ids.push_back(layer.diff_id);
    }
    return parts_.services.snapshots.prepare(diff_ids);
}

Layer StageBuilder::commit(store::ActiveSnapshot& snapshot) {
    const Layer layer = write_layer([&](ByteSink& out, std::vector<archive::TarEntry>& entries) {
        store::write_layer(
            snapshot.changes(),
            out,
            {.epoch = parts_.request.source_date_epoch,
             .on_entry = [&](const archive::TarEntry& entry) {
                 entries.push_back(entry);
                 entries.back().size = 0;
             }});
    });
    snapshot.commit(layer.diff_id);
    return layer;
}

Layer StageBuilder::write(const LayerDraft& draft) {
    return write_layer(
        [&](ByteSink& out, std::vector<archive::TarEntry>& entries) { draft.write(out, entries); });
}

Layer StageBuilder::write_layer(
    const std::function<void(ByteSink& out, std::vector<archive::TarEntry>& entries)>& write) {
    std::vector<archive::TarEntry> entries;
    const Layer layer =
        write_layer_blob(parts_.services.blobs, parts_.request.compression, [&](ByteSink& out) {
            StoppableSink stoppable{out, parts_.stop};
            write(stoppable, entries);
        });
    indexes_.keep(layer.diff_id, entries);
    return layer;
}

}  // namespace nacre::engine
