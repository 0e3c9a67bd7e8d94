#include "exec/runtime_probe.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "exec/cgroup_folders.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>

namespace nacre::exec {
namespace {

constexpr std::size_t kFileBytesMax = 64U << 10U;
constexpr std::chrono::seconds kProbeLimit{20};

/// What is tried with a candidate: an answer to other trials is none.
constexpr std::string_view kTrials = "2";

/// Changes with the trials, with the boot and with every candidate's file.
std::string key_of(const std::vector<std::filesystem::path>& candidates) {
    std::string key{kTrials};
    key += " ";
    key += trim(os::find_file("/proc/sys/kernel/random/boot_id", kFileBytesMax).value_or(""));
    for (const std::filesystem::path& program : candidates) {
        struct stat status{};
        if (::stat(program.c_str(), &status) != 0) continue;
        key += " " + program.string() + ":" + std::to_string(status.st_size) + ":"
               + std::to_string(status.st_mtim.tv_sec);
    }
    return key;
}

std::optional<Runtime> find_kept(const std::filesystem::path& file, const std::string& key) {
    const auto text = os::find_file(file, kFileBytesMax);
    if (!text) return std::nullopt;
    try {
        const json::Value value = json::parse(*text);
        const json::Reader fields{value, "probe"};
        if (fields.get_string("key") != key) return std::nullopt;
        Runtime runtime{fields.get_string("program"), fields.get_string("description"), {}};
        for (const std::string& place : fields.get_strings("hiddenMounts"))
            runtime.hidden_mounts.emplace_back(place);
        return runtime;
    } catch (const Error&) {
        return std::nullopt;  // damaged: asked again
    }
}

void keep(const std::filesystem::path& file, const std::string& key, const Runtime& runtime) {
    json::Object fields;
    fields.set("key", key);
    fields.set("program", runtime.program.string());
    fields.set("description", runtime.description);
    json::Array hidden;
    for (const std::filesystem::path& place : runtime.hidden_mounts)
        hidden.emplace_back(place.string());
    fields.set("hiddenMounts", std::move(hidden));
    os::write_file_atomically(file, json::render(fields), os::Durability::Buffered);
}

/// "crun 1.8.1" of the first line of "--version"; the bare name of a program that does not say.
std::string version_of(const std::filesystem::path& program, os::ProcessRunner& runner) {
    std::string name = program.filename().string();
    try {
        const os::ProcessResult result = runner.run(
            {.argv = {program.string(), "--version"}, .environment = os::minimal_environment()},
            {.limit = kProbeLimit},
            {});
        const std::vector<std::string> words =
            split_words(result.out.substr(0, result.out.find('\n')));
        return words.empty() ? name : name + " " + words.back();
    } catch (const Error&) {
        return name;  // the trial says what is wrong with it
    }
}

/// An empty root with the machine's programs in it.
ContainerSpec trivial_container(const std::filesystem::path& root) {
    ContainerSpec spec;
    spec.id = "nacre-probe";
    spec.root = root;
    spec.argv = {"/bin/true"};
    spec.env = os::minimal_environment();
    for (const char* folder : {"/bin", "/lib", "/lib64", "/usr"})
        if (std::filesystem::exists(folder))
            spec.mounts.push_back({.source = folder, .target = folder});
    return spec;
}

/// Why the runtime does not work here; nothing when it does.
std::optional<std::string> refusal_of(
    const Runtime& runtime, const std::filesystem::path& state, os::ProcessRunner& runner) {
    const os::TempDir folder{state, "probe"};
    const std::filesystem::path root = folder.path() / "root";
    os::ensure_directory(root);
    OciRuntimeExecutor executor{runtime, folder.path() / "state", runner};
    ContainerSpec spec = trivial_container(root);
    spec.time_limit = kProbeLimit;
    StringSink output;
    try {
        const os::ExitStatus status = executor.run(spec, output, {});
        if (status.success()) return std::nullopt;
        const std::string_view said = trim(output.text());
        return said.empty() ? status.describe() : std::string{said};
    } catch (const Error& error) {
        return error.what();
    }
}

/// What is tried after `refused` refused: the same, out of sight of the cgroups that it cannot work with.
std::optional<Runtime> find_second_trial(const Runtime& refused, const std::string& refusal) {
    if (to_lower(refusal).find("hybrid") == std::string::npos) return std::nullopt;
    std::vector<std::filesystem::path> unified = CgroupFolders::find_hybrid();
    if (unified.empty()) return std::nullopt;
    return Runtime{
        refused.program,
        refused.description + " without sight of the cgroups of version 2",
        std::move(unified)};
}

}  // namespace

std::vector<std::filesystem::path> default_runtimes() {
    std::vector<std::filesystem::path> found;
    for (const char* name : {"crun", "runc"})
        for (const char* folder : {"/usr/local/bin", "/usr/bin", "/usr/sbin", "/usr/local/sbin"})
            if (const auto path = std::filesystem::path{folder} / name;
                std::filesystem::exists(path)) {
                found.push_back(path);
                break;
            }
    return found;
}

Runtime probe_runtimes(
    const std::vector<std::filesystem::path>& candidates,
    const std::filesystem::path& state,
    os::ProcessRunner& runner) {
    os::ensure_directory(state, 0700);
    const std::filesystem::path file = state / "probe.json";
    const std::string key = key_of(candidates);
    if (auto kept = find_kept(file, key)) return *kept;
    std::vector<std::string> refusals;
    for (const std::filesystem::path& program : candidates) {
        std::optional<Runtime> trial{Runtime{program, version_of(program, runner), {}}};
        while (trial) {
            const auto refusal = refusal_of(*trial, state, runner);
            if (!refusal) {
                if (!refusals.empty()) trial->description += " (" + join(refusals, "; ") + ")";
                keep(file, key, *trial);
                return *std::move(trial);
            }
            refusals.push_back(trial->description + " refused: " + *refusal);
            trial =
                trial->hidden_mounts.empty() ? find_second_trial(*trial, *refusal) : std::nullopt;
        }
    }
    throw Error{
        ErrorCode::Unsupported,
        "no OCI runtime works on this machine"
            + (refusals.empty() ? ": neither crun nor runc is installed"
                                : ": " + join(refusals, "; "))}
        .with_hint("install runc or crun, and see 'nacred check'");
}

}  // namespace nacre::exec
