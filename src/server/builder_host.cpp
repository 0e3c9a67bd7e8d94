#include "server/builder_host.hpp"

#include "backend/local_backend.hpp"
#include "base/error.hpp"
#include "builder/image_identity.hpp"
#include "builder/metadata.hpp"
#include "builder/task_loop.hpp"
#include "exec/runtime_probe.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"
#include "server/in_process_hub.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace nacre::server {
namespace {

constexpr const char* kChannel = "container";

/// The hub must know the host, its channel, and that it may import what it built.
void register_host(hub::Hub& hub, const BuilderSettings& settings) {
    hub::Call call = hub.begin_as_service(sql::Access::Write);
    const std::string& name = settings.name;
    if (!hub.hosts.find(call, name))
        hub.hosts.add(call, name, {builder::koji_arch_of(oci::Platform::host())});
    hub.hosts.edit(
        call, name, {.capacity = builder::kBuildWeight * static_cast<double>(settings.tasks_max)});
    const auto host = hub.hosts.get(call, name);
    bool subscribed = false;
    for (const hub::Channel& channel : hub.channels.list(call, {.host = host.id}))
        subscribed = subscribed || channel.name == kChannel;
    if (!subscribed) hub.hosts.add_to_channel(call, name, kChannel, hub::IfMissing::Create);
    const auto generator = hub.generators.find(call, std::string{builder::kContentGenerator});
    const bool granted =
        generator && std::ranges::find(generator->users, name) != generator->users.end();
    if (!granted)
        hub.generators.grant(
            call, name, std::string{builder::kContentGenerator}, hub::IfMissing::Create);
    call.commit();
}

/// Containers of a worker that was killed, with the folder that holds their state.
void sweep_containers(
    const exec::Runtime& runtime,
    const std::filesystem::path& state,
    os::ProcessRunner& runner,
    Log log) {
    try {
        const int removed = exec::sweep(runtime, state, runner);
        os::remove_tree(state);
        if (removed > 0) log.info("containers.removed", {{"count", removed}});
    } catch (const Error& error) {
        log.warning(
            "containers.not_removed", {{"folder", state.string()}, {"error", error.describe()}});
    }
}

void sweep_all_containers(
    const exec::Runtime& runtime, const Layout& layout, os::ProcessRunner& runner, Log log) {
    for (const auto& entry : std::filesystem::directory_iterator{layout.containers()})
        if (entry.path().filename().string().starts_with(Layout::kTaskPrefix))
            sweep_containers(runtime, entry.path(), runner, log);
}

}  // namespace

struct BuilderHost::State {
    explicit State(const BuilderHostParts& given)
        : parts{given},
          runtime{exec::probe_runtimes(
              exec::default_runtimes(), given.layout.containers(), given.runner)} {}

    backend::LocalBackendConfig backend_config() {
        backend::LocalBackendConfig config;
        config.program = {parts.program.string(), "worker"};
        config.log_fd = STDERR_FILENO;
        config.clean_up = [this](const backend::WorkerSpec& spec) { clean_up(spec); };
        return config;
    }

    void clean_up(const backend::WorkerSpec& spec) {
        sweep_containers(
            runtime, parts.layout.containers_of(spec.task_id), parts.runner, parts.log);
        try {
            parts.snapshots.sweep();
            os::sweep_temporaries(parts.layout.temporary());
        } catch (const Error& error) {
            parts.log.warning(
                "worker.not_swept", {{"task", spec.task_id}, {"error", error.describe()}});
        }
    }

    const BuilderHostParts parts;
    const exec::Runtime runtime;
};

BuilderHost::BuilderHost(const BuilderHostParts& parts) : state_{std::make_unique<State>(parts)} {
    parts.log.info("runtime.chosen", {{"runtime", state_->runtime.description}});
    sweep_all_containers(state_->runtime, parts.layout, parts.runner, parts.log);
    register_host(parts.hub, parts.settings);
}

BuilderHost::~BuilderHost() = default;

void BuilderHost::run(const std::stop_token& stop) {
    const BuilderHostParts& parts = state_->parts;
    InProcessHubConnection connection{parts.hub, parts.dispatcher, parts.settings.name};
    backend::LocalBackend backend{state_->backend_config(), parts.runner};
    BellSignal signal{parts.hub.bells.tasks};
    builder::TaskLoopConfig config;
    config.hub_url = parts.hub_url;
    config.data_root = parts.layout.root.string();
    config.tasks_max = static_cast<int>(parts.settings.tasks_max);
    builder::TaskLoop loop{config, connection, backend, signal, parts.log};
    loop.run(stop);
}

}  // namespace nacre::server
