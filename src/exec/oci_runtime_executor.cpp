#include "exec/oci_runtime_executor.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/pause.hpp"
#include "base/text.hpp"
#include "exec/container_spec.hpp"
#include "exec/mount_points.hpp"
#include "exec/name_files.hpp"
#include "exec/runtime_config.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/stop_fd.hpp"
#include "os/temp.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <utility>
#include <vector>

namespace nacre::exec {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kLogBytesMax = 1U << 20U;
constexpr std::size_t kConfigBytesMax = 1U << 20U;
constexpr const char* kLogName = "log";
constexpr const char* kConfigName = "config.json";
constexpr std::chrono::seconds kDeleteLimit{20};
constexpr std::size_t kCommandLineBytesMax = 1U << 20U;
/// For what a killed process had started to end, each time.
constexpr std::chrono::milliseconds kSweepWaitMax{2000};
constexpr std::chrono::milliseconds kSweepPause{5};

/// crun: "executable file `/x` not found in $PATH: No such file or directory"; runc: "exec: "/x": stat /x: no such file or
/// directory".
bool is_missing_program(const std::string& message) {
    const std::string text = to_lower(message);
    return text.find("exec") != std::string::npos
           && (text.find("not found in $path") != std::string::npos
               || text.find("no such file or directory") != std::string::npos);
}

/// Copies what the container writes until it has ended and its pipe is empty.
class OutputPump {
public:
    OutputPump(os::ChildProcess& child, int pipe, ByteSink& output, std::stop_token stop)
        : child_{child},
          pipe_{pipe},
          output_{output},
          stop_{std::move(stop)},
          stop_fd_{stop_} {}

    os::ExitStatus run(const ContainerSpec& spec) {
        const auto end =
            spec.time_limit ? std::optional{clock_.steady_now() + *spec.time_limit} : std::nullopt;
        std::optional<os::ExitStatus> status;
        while (!status || !drained_) {
            if (stop_.stop_requested()) throw Cancelled{};
            if (end && clock_.steady_now() >= *end) throw past_time_limit(spec);
            wait(status.has_value(), end);
            if (!status) status = child_.wait_for(std::chrono::milliseconds{0});
        }
        return *status;
    }

private:
    void wait(bool ended, std::optional<SteadyTime> end) {
        std::array<pollfd, 3> events{
            {{drained_ ? -1 : pipe_, POLLIN, 0},
             {ended ? -1 : child_.exit_fd(), POLLIN, 0},
             {stop_fd_.get(), POLLIN, 0}}};
        int timeout = -1;
        if (end)
            timeout = static_cast<int>(
                std::chrono::ceil<std::chrono::milliseconds>(*end - clock_.steady_now()).count());
        const int ready = ::poll(events.data(), events.size(), end ? std::max(timeout, 0) : -1);
        if (ready < 0 && errno != EINTR) throw SystemError{errno, "cannot wait for the container"};
        if (ready <= 0) return;
        if (events[0].revents != 0) read();
    }

    void read() {
        const ssize_t count = ::read(pipe_, buffer_.data(), buffer_.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (count <= 0)
            drained_ = true;
        else
            output_.write(std::span{buffer_}.first(static_cast<std::size_t>(count)));
    }

    os::ChildProcess& child_;
    int pipe_;
    ByteSink& output_;
    std::stop_token stop_;
    os::StopFd stop_fd_;
    SystemClock clock_;
    bool drained_ = false;
    std::array<std::byte, kReadBytes> buffer_{};
};

os::Command command_of(
    const Runtime& runtime,
    const std::filesystem::path& state,
    const std::vector<std::string>& arguments) {
    os::Command command;
    command.argv = {runtime.program.string(), "--root", (state / "runtime").string()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = os::minimal_environment();
    command.hidden_mounts = runtime.hidden_mounts;
    return command;
}

/// What tells the containers of one state folder from those of another: their names are names of cgroups too, which all
/// services and builds of the machine share.
std::string suffix_of(const std::filesystem::path& state) {
    constexpr std::uint64_t kPrime = 0x100000001b3;  // FNV-1a
    std::uint64_t mix = 0xcbf29ce484222325;
    const std::filesystem::path folder = std::filesystem::absolute(state).lexically_normal();
    for (const char c : folder.native())
        mix = (mix ^ static_cast<unsigned char>(c)) * kPrime;
    return fmt::format("-{:016x}", mix);
}

}  // namespace

OciRuntimeExecutor::OciRuntimeExecutor(
    Runtime runtime, std::filesystem::path state, os::ProcessRunner& runner)
    : runtime_{std::move(runtime)},
      state_{std::move(state)},
      suffix_{suffix_of(state_)},
      runner_{runner} {
    os::ensure_directory(state_ / "runtime", 0700);
    os::ensure_directory(state_ / "bundles", 0700);
}

os::Command OciRuntimeExecutor::command(const std::vector<std::string>& arguments) const {
    return command_of(runtime_, state_, arguments);
}

os::ExitStatus OciRuntimeExecutor::run(
    const ContainerSpec& spec, ByteSink& output, std::stop_token stop) {
    check(spec);
    if (stop.stop_requested()) throw Cancelled{};
    const os::TempDir bundle{state_ / "bundles", "bundle"};
    ContainerSpec whole = spec;
    whole.id += suffix_;
    std::vector<std::string> unkept;
    whole.limits = kept_limits(spec.limits, machine_, unkept);
    add_name_files(whole, bundle.path());
    const MountPoints mount_points{whole};
    const StagedMounts staged{whole, bundle.path()};
    os::write_file_atomically(
        bundle.path() / kConfigName,
        json::render(runtime_config(whole, machine_)),
        os::Durability::Buffered,
        0600);
    const os::ExitStatus status = run_bundle(whole, bundle.path(), staged, output, std::move(stop));
    if (!status.success()) report_failure(bundle.path() / kLogName);
    return status;
}

/// The runtime detaches: only then it passes its standard descriptors on. Else it copies two streams, and their order is
/// lost.
os::ExitStatus OciRuntimeExecutor::run_bundle(
    const ContainerSpec& spec,
    const std::filesystem::path& bundle,
    const StagedMounts& staged,
    ByteSink& output,
    std::stop_token stop) {
    os::Command detached = command(
        {"--log",
         (bundle / kLogName).string(),
         "--log-format",
         "json",
         "run",
         "--detach",
         "--bundle",
         bundle.string(),
         spec.id});
    detached.orphans = os::Orphans::Awaited;
    detached.mounts = staged.places();
    os::Pipe pipe = os::make_pipe();
    auto child = runner_.start(
        detached, {.in = -1, .out = pipe.write_end.get(), .err = pipe.write_end.get()});
    pipe.write_end.reset();
    try {
        OutputPump pump{*child, pipe.read_end.get(), output, std::move(stop)};
        const os::ExitStatus status = pump.run(spec);
        forget(spec.id);
        return status;
    } catch (...) {  // released and passed on: the container must not outlive the step
        remove(spec.id);
        // What is killed while it starts a container may have made it after the first look.
        child.reset();
        remove(spec.id);
        throw;
    }
}

/// Of a container whose processes have all ended. Starting the runtime only to do this costs as much as a small step.
void OciRuntimeExecutor::forget(const std::string& id) const noexcept {
    try {
        if (!cgroups_.try_remove(id)) return remove(id);
        os::remove_tree(state_ / "runtime" / id);
    } catch (const Error&) {
        remove(id);
    }
}

std::vector<std::string> OciRuntimeExecutor::unkept(const ResourceLimits& limits) const {
    std::vector<std::string> found;
    kept_limits(limits, machine_, found);
    return found;
}

void OciRuntimeExecutor::remove(const std::string& id) const noexcept {
    try {
        runner_.run(command({"delete", "--force", id}), {.limit = kDeleteLimit}, {});
    } catch (const std::exception&) {
        return;  // sweep() of the next start finds it
    }
}

/// Throws when it was the runtime that failed, and not the program in the container: only the runtime writes to its log.
void OciRuntimeExecutor::report_failure(const std::filesystem::path& log) const {
    const std::string text = os::find_file(log, kLogBytesMax).value_or("");
    for (const std::string& line : split(text, '\n')) {
        if (line.empty() || line.find("\"level\":\"warning\"") != std::string::npos) continue;
        std::string message = line;
        try {
            const json::Value record = json::parse(line);
            message = json::Reader{record, "log"}.get_string("msg");
        } catch (const Error&) {
            message = line;
        }
        throw Error{
            is_missing_program(message) ? ErrorCode::NotFound : ErrorCode::Internal,
            runtime_.program.filename().string() + ": " + sanitize_utf8(message)};
    }
}

namespace {

/// The id of the container that a bundle was made for; a process killed early leaves a bundle without one.
std::optional<std::string> find_id(const std::filesystem::path& bundle) {
    const auto text = os::find_file(bundle / kConfigName, kConfigBytesMax);
    if (!text) return std::nullopt;
    try {
        const json::Value config = json::parse(*text);
        const std::string path =
            json::Reader{config, "config"}.get_object("linux").get_string("cgroupsPath");
        return path.substr(std::min<std::size_t>(1, path.size()));
    } catch (const Error&) {
        return std::nullopt;  // not whole
    }
}

/// Whether a process has the path among its arguments, as a runtime has that of its bundle.
bool is_named_by_a_process(const std::string& path) {
    std::error_code failure;
    for (const auto& process : std::filesystem::directory_iterator{"/proc", failure}) {
        if (!parse_integer(process.path().filename().native())) continue;
        try {
            const auto line = os::find_file(process.path() / "cmdline", kCommandLineBytesMax);
            if (line && line->find(path) != std::string::npos) return true;
        } catch (const Error&) {
            continue;  // it ended meanwhile
        }
    }
    return false;
}

/// Runs `done` until it gives true; false when it did not within kSweepWaitMax.
bool wait_until(const std::function<bool()>& done) {
    for (auto waited = std::chrono::milliseconds{0}; waited < kSweepWaitMax;
         waited += kSweepPause) {
        if (done()) return true;
        pause(kSweepPause, {});
    }
    return done();
}

}  // namespace

int sweep(const Runtime& runtime, const std::filesystem::path& state, os::ProcessRunner& runner) {
    int removed = 0;
    std::error_code failure;
    // The supervisor of a killed process ends the runtimes that this one had started, but not at once, and until then
    // they go on making containers.
    for (const auto& entry : std::filesystem::directory_iterator{state / "bundles", failure})
        wait_until([&] { return !is_named_by_a_process(entry.path().native()); });
    for (const auto& entry : std::filesystem::directory_iterator{state / "runtime", failure}) {
        runner.run(
            command_of(runtime, state, {"delete", "--force", entry.path().filename().string()}),
            {.limit = kDeleteLimit},
            {});
        os::remove_tree(entry.path());
        ++removed;
    }
    // A runtime that was killed while it made a container knows nothing of it any more.
    const CgroupFolders cgroups = CgroupFolders::find_all();
    for (const auto& entry : std::filesystem::directory_iterator{state / "bundles", failure})
        if (const auto id = find_id(entry.path()))
            wait_until([&] { return cgroups.try_remove(*id); });
    // A process that was killed early had not made it yet.
    if (std::filesystem::exists(state / "bundles")) os::sweep_temporaries(state / "bundles");
    return removed;
}

}  // namespace nacre::exec
