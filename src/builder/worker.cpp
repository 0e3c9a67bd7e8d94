#include "builder/worker.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "builder/container_build.hpp"
#include "builder/engine_image_builder.hpp"
#include "builder/journal.hpp"
#include "builder/koji_hub_connection.hpp"
#include "builder/task_logs.hpp"
#include "exec/oci_runtime_executor.hpp"
#include "exec/runtime_probe.hpp"
#include "http/client.hpp"
#include "koji/codec.hpp"
#include "koji/fault.hpp"
#include "koji/fields.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"
#include "store/directory_blob_store.hpp"
#include "store/directory_image_names.hpp"
#include "store/overlay_snapshotter.hpp"

#include <fcntl.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace nacre::builder {
namespace {

constexpr std::int64_t kFoldersMax = 10'000;
constexpr const char* kWholeLog = "container-build.log";

/// Koji's folder of a task below work/: "tasks/7/10007".
std::string task_folder(std::int64_t task) {
    return "tasks/" + std::to_string(task % kFoldersMax) + "/" + std::to_string(task);
}

/// Writes to several sinks; they outlive it.
class TeeSink final : public ByteSink {
public:
    explicit TeeSink(std::vector<ByteSink*> sinks) : sinks_{std::move(sinks)} {}

    void write(Bytes bytes) override {
        for (ByteSink* sink : sinks_)
            sink->write(bytes);
    }

private:
    std::vector<ByteSink*> sinks_;
};

/// The hub gets the logs as they grow; the log of an architecture is kept as a file too, for the import.
class ShippedLogs final : public BuildLogs {
public:
    ShippedLogs(TaskLogs& logs, std::filesystem::path folder)
        : logs_{logs},
          folder_{std::move(folder)},
          whole_{logs, kWholeLog} {}

    ByteSink& whole() override { return whole_; }

    ByteSink& of_arch(const std::string& koji_arch) override { return log_of(koji_arch).tee; }

    std::filesystem::path file_of_arch(const std::string& koji_arch) override {
        return log_of(koji_arch).path;
    }

private:
    struct ArchLog {
        ArchLog(
            TaskLogs& logs,
            ByteSink& whole,
            const std::filesystem::path& folder,
            const std::string& arch)
            : path{folder / (arch + ".log")},
              fd{os::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)},
              file{fd.get()},
              shipped{logs, arch + ".log"},
              tee{{&whole, &shipped, &file}} {}

        std::filesystem::path path;
        os::UniqueFd fd;
        os::FdSink file;
        TaskLogSink shipped;
        TeeSink tee;
    };

    ArchLog& log_of(const std::string& koji_arch) {
        auto& log = arches_[koji_arch];
        if (!log) log = std::make_unique<ArchLog>(logs_, whole_, folder_, koji_arch);
        return *log;
    }

    TaskLogs& logs_;
    std::filesystem::path folder_;
    TaskLogSink whole_;
    std::map<std::string, std::unique_ptr<ArchLog>> arches_;
};

/// The task's row: who asked, and for what.
BuildTask read_task(HubConnection& hub, std::int64_t id) {
    const koji::Value row = hub.call("getTaskInfo", {id, true});
    BuildTask task;
    task.id = id;
    task.request = koji::get_array(koji::get_struct(row), "request");
    if (const auto owner = koji::find_integer(koji::get_struct(row), "owner")) {
        const koji::Value user = hub.call("getUser", {*owner});
        if (const koji::Struct* fields = user.if_struct())
            task.owner = koji::find_string(*fields, "name").value_or("");
    }
    return task;
}

class TaskRun {
public:
    TaskRun(const backend::WorkerSpec& spec, const WorkerConfig& config, Log log)
        : spec_{spec},
          config_{config},
          log_{log} {}

    void run(const std::stop_token& stop) {
        client::KojiSession session{{.url = spec_.hub_url}, http_, random_, clock_, {}};
        session.resume(spec_.session_id, Secret{spec_.session_key});
        KojiHubConnection log_hub{session.subsession()};
        KojiHubConnection hub{std::move(session)};
        const os::TempDir temporary{
            config_.places.temporary, "task-" + std::to_string(spec_.task_id)};
        TaskLogs logs{log_hub, task_folder(spec_.task_id)};
        ShippedLogs shipped{logs, temporary.path()};
        std::string closing;
        std::string method;
        try {
            const koji::Value result = build(hub, shipped, temporary.path(), stop);
            closing = koji::render_response(result);
            method = "host.closeTask";
        } catch (const koji::Fault& fault) {
            closing = koji::render_fault(fault.fault_code(), fault.what());
            method = "host.failTask";
            shipped.whole().write(as_bytes("FAILED: " + std::string{fault.what()} + "\n"));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::Unavailable) throw;
            closing = koji::render_fault(koji::FaultCode::GenericError, error.describe());
            method = "host.failTask";
            shipped.whole().write(as_bytes("FAILED: " + error.describe() + "\n"));
        }
        // The log is whole before anybody can see that the task has ended.
        logs.close();
        hub.call(method, {spec_.task_id, closing});
        log_.info("task.reported", {{"task", spec_.task_id}, {"method", method}});
    }

private:
    koji::Value build(
        HubConnection& hub,
        BuildLogs& logs,
        const std::filesystem::path& temporary,
        const std::stop_token& stop) {
        const WorkerPlaces& places = config_.places;
        os::SystemProcessRunner processes;
        store::DirectoryBlobStore blobs{places.blobs, store::BlobDurability::AtSync};
        store::DirectoryImageNames names{places.images};
        store::OverlaySnapshotter snapshots{places.snapshots};
        const exec::Runtime runtime = exec::probe_runtimes(
            exec::default_runtimes(), places.containers.parent_path(), processes);
        logs.whole().write(as_bytes("OCI runtime: " + runtime.description + "\n"));
        exec::OciRuntimeExecutor executor{runtime, places.containers, processes};
        const engine::StoreBaseImages bases{names, blobs, config_.registry};
        std::optional<engine::DirectoryStepCache> cache;
        if (places.step_cache) cache.emplace(*places.step_cache);
        EngineImageBuilder images{
            {blobs,
             snapshots,
             executor,
             bases,
             places.locks,
             places.indexes,
             temporary,
             places.cache_mounts,
             cache ? &*cache : nullptr},
            {config_.compression, "nacre-" + std::to_string(spec_.task_id)},
            clock_};
        GitSourceTrees sources{
            GitSourceTrees::Own{config_.registry, config_.git_path_prefix, places.git},
            processes,
            temporary};
        Journal journal{places.journals / (std::to_string(spec_.task_id) + ".jsonl")};
        ContainerBuild build{
            {hub, logs, sources, images, names, journal, clock_, random_},
            {config_.registry, temporary, config_.version},
            read_task(hub, spec_.task_id)};
        return build.run(stop);
    }

    const backend::WorkerSpec& spec_;
    const WorkerConfig& config_;
    Log log_;
    SystemClock clock_;
    SystemRandom random_;
    http::CurlClient http_{"koji/1"};
};

}  // namespace

void run_worker(
    const backend::WorkerSpec& spec, const WorkerConfig& config, Log log, std::stop_token stop) {
    TaskRun{spec, config, log}.run(stop);
}

}  // namespace nacre::builder
