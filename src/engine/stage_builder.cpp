#include "engine/stage_builder.hpp"

#include "archive/compression.hpp"
#include "archive/digester.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/accounts.hpp"
#include "engine/copier.hpp"
#include "engine/root_folder.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"
#include "store/layers.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

namespace nacre::engine {
namespace {

/// For another build to unpack a layer that we need too.
constexpr std::chrono::minutes kUnpackWaitMax{10};
constexpr std::uint32_t kFolderMode = 0755;

constexpr std::size_t kDrainBytes = 64U << 10U;
/// Behind the end mark of a tar: writers fill their last record with zeros.
constexpr std::size_t kTrailingBytesMax = 16U << 20U;

/// Digests what is read through it.
class DigestingSource final : public ByteSource {
public:
    DigestingSource(ByteSource& next, archive::HashAlgorithm algorithm)
        : next_{next},
          digester_{algorithm} {}

    std::size_t read(std::span<std::byte> buffer) override {
        const std::size_t count = next_.read(buffer);
        digester_.update(buffer.first(count));
        return count;
    }

    /// Reads the rest; the digits are of all bytes.
    std::string finish_hex() {
        std::vector<std::byte> buffer(kDrainBytes);
        std::size_t rest = 0;
        while (const std::size_t count = read(buffer)) {
            rest += count;
            if (rest > kTrailingBytesMax)
                throw Error{
                    ErrorCode::DataCorrupt,
                    "its archive is followed by more than " + std::to_string(kTrailingBytesMax)
                        + " bytes"};
        }
        return digester_.finish_hex();
    }

private:
    ByteSource& next_;
    archive::Digester digester_;
};

/// An image's configuration is free to name any diff id. Unpacked layers are shared by it, so bytes that are not its own
/// would end up in the images of others.
void unpack_verified(
    const Layer& layer, const store::BlobStore& blobs, const std::filesystem::path& folder) {
    const auto blob = blobs.open(layer.blob.digest, 0);
    const auto plain = archive::make_decompressing_source(*blob);
    const oci::Digest& expected = layer.diff_id.digest;
    DigestingSource tar{
        *plain,
        expected.algorithm() == "sha512" ? archive::HashAlgorithm::Sha512
                                         : archive::HashAlgorithm::Sha256};
    archive::TarReader reader{tar, {}};
    store::apply_layer(reader, folder);
    const std::string found = tar.finish_hex();
    if (found != expected.hex())
        throw Error{
            ErrorCode::DataCorrupt,
            "its uncompressed bytes have the " + std::string{expected.algorithm()} + " " + found
                + ", the image's configuration says " + std::string{expected.hex()}};
}

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

bool is_shown(const Step& step) {
    return !std::holds_alternative<ConfigAction>(step.action);
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
        stop);
    if (services.snapshots.has_layer(layer.diff_id)) return;
    with_context("unpacking layer " + layer.blob.digest.str(), [&] {
        const std::filesystem::path folder = services.snapshots.prepare_layer(layer.diff_id);
        FolderGuard guard{folder};
        unpack_verified(layer, services.blobs, folder);
        services.snapshots.commit_layer(layer.diff_id, folder);
        guard.release();
    });
}

StageResult StageBuilder::build(const StagePlan& stage, StageStart start) {
    StageResult result;
    result.config = stage.config;
    result.config.history = std::move(start.history);
    result.layers = std::move(start.layers);
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
    if (auto known = recall(key)) {
        outcome = Progress::Outcome::Cached;
        return *std::move(known);
    }
    StepRecord record = execute(step, layers);
    remember(key, record);
    return record;
}

bool StageBuilder::is_cacheable(const Step& step) const {
    if (parts_.services.cache == nullptr) return false;
    const auto* run = std::get_if<RunAction>(&step.action);
    const bool reaches_out =
        run != nullptr && !run->network_none && parts_.request.network != exec::NetworkMode::None;
    return !reaches_out || parts_.request.network_steps == NetworkSteps::Reuse;
}

StepRecord StageBuilder::execute(const Step& step, const std::vector<Layer>& layers) {
    const auto* copy = std::get_if<CopyAction>(&step.action);
    const bool apart = copy != nullptr && copy->link;
    const auto snapshot = mount(apart ? std::vector<Layer>{} : layers);
    if (!change_files(step, *snapshot)) return {};
    return {commit(*snapshot)};
}

StepKey StageBuilder::key_of(const Step& step, const std::vector<Layer>& layers) const {
    std::vector<Layer> origin;
    if (const auto* copy = std::get_if<CopyAction>(&step.action))
        if (!std::holds_alternative<FromContext>(copy->origin))
            origin = parts_.layers_of(copy->origin);
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
         .context = request.context});
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

/// False when the step turned out to need no layer.
bool StageBuilder::change_files(const Step& step, store::ActiveSnapshot& snapshot) {
    if (const auto* run = std::get_if<RunAction>(&step.action)) {
        run_command(*run, snapshot);
        return true;
    }
    if (const auto* copy = std::get_if<CopyAction>(&step.action)) {
        copy_files(*copy, snapshot);
        return true;
    }
    return make_folder(std::get<WorkdirAction>(step.action), snapshot);
}

void StageBuilder::run_command(const RunAction& action, const store::ActiveSnapshot& snapshot) {
    exec::ContainerSpec spec;
    const RootFolder root{snapshot.root()};
    const Account account = resolve_account(action.user, root);
    const std::size_t number = next_step_ - 1;
    spec.id = parts_.request.container_prefix + "-" + std::to_string(number);
    spec.root = snapshot.root();
    spec.argv = action.argv;
    spec.env = env_with_home(action, account);
    spec.working_dir = action.working_dir;
    spec.uid = account.owner.uid;
    spec.gid = account.owner.gid;
    spec.additional_gids = account.additional_gids;
    spec.network = action.network_none ? exec::NetworkMode::None : parts_.request.network;
    spec.limits = parts_.request.limits;
    spec.time_limit = parts_.request.run_time_limit;
    OutputTail output{parts_.progress, number};
    const os::ExitStatus status = parts_.services.executor.run(spec, output, parts_.stop);
    if (status.success()) return;
    const std::string tail = output.lines();
    throw StepFailure{
        status.describe()
            + (tail.empty() ? "; it wrote nothing" : "; the last lines of its output:\n" + tail),
        status};
}

void StageBuilder::copy_files(const CopyAction& action, const store::ActiveSnapshot& snapshot) {
    const RootFolder destination{snapshot.root()};
    Copier copier{destination, parts_.request.source_date_epoch, parts_.stop};
    if (std::holds_alternative<FromContext>(action.origin)) {
        copier.copy_from_tree(parts_.request.context, action);
        return;
    }
    const auto origin = mount(parts_.layers_of(action.origin));
    copier.copy_from_root(RootFolder{origin->root()}, action);
}

bool StageBuilder::make_folder(const WorkdirAction& action, const store::ActiveSnapshot& snapshot) {
    const RootFolder root{snapshot.root()};
    const auto known = root.find_target(action.path);
    if (known && S_ISDIR(known->st_mode)) return false;
    EntryAttributes attributes{.mode = kFolderMode, .mtime = parts_.request.source_date_epoch};
    root.ensure_folder(action.path, attributes);
    // Its parents stay root's.
    attributes.owner = resolve_account(action.user, root).owner;
    root.set_attributes(action.path, attributes);
    return true;
}

std::unique_ptr<store::ActiveSnapshot> StageBuilder::mount(const std::vector<Layer>& layers) {
    std::vector<oci::DiffId> diff_ids;
    for (const Layer& layer : layers) {
        ensure_unpacked(layer, parts_.services, parts_.stop);
        diff_ids.push_back(layer.diff_id);
    }
    return parts_.services.snapshots.prepare(diff_ids);
}

Layer StageBuilder::commit(store::ActiveSnapshot& snapshot) {
    const Layer layer =
        write_layer_blob(parts_.services.blobs, parts_.request.compression, [&](ByteSink& out) {
            store::write_layer(
                snapshot.changes(), out, {.epoch = parts_.request.source_date_epoch});
        });
    snapshot.commit(layer.diff_id);
    return layer;
}

}  // namespace nacre::engine
