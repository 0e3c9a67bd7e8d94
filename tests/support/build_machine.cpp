#include "support/build_machine.hpp"

#include "base/error.hpp"
#include "dockerfile/parser.hpp"
#include "engine/import.hpp"
#include "exec/runtime_probe.hpp"
#include "os/file.hpp"
#include "support/busybox.hpp"
#include "support/mounts.hpp"

#include <fmt/format.h>

namespace nacre::engine::test {
namespace {

namespace fs = std::filesystem;

std::string line_of(const archive::TarEntry& entry) {
    if (!entry.link_target.empty()) return entry.path + " -> " + entry.link_target;
    const bool folder = entry.type == archive::EntryType::Directory;
    return fmt::format(
        "{}{} {:04o} {}:{}", entry.path, folder ? "/" : "", entry.mode, entry.uid, entry.gid);
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{folder, ignored})
        names.push_back(entry.path().string());
    return names;
}

}  // namespace

Machine::Machine() {
    const fs::path state = folder.path() / "exec";
    executor.emplace(exec::probe_runtimes(exec::default_runtimes(), state, runner), state, runner);
    os::ensure_directory(folder.path() / "locks");
    os::ensure_directory(folder.path() / "tmp");
    import_busybox();
}

void Machine::import_busybox() {
    const std::string tar = nacre::test::busybox_tar();
    StringSource source{tar};
    const ImportedImage image = import_root(
        source,
        blobs,
        {.platform = {.architecture = "amd64"},
         .compression = {.level = 1},
         .temporary = folder.path() / "tmp",
         .cmd = {"/bin/sh"}});
    names.add_manifest("busybox", {image.manifest.digest, image.manifest.media_type});
    names.set_tag("busybox", "1", image.manifest.digest);
}

oci::Digest Machine::add_image(const std::string& repository, MadeImage image) {
    std::vector<oci::Descriptor> layers;
    for (const std::string& tar : image.layers) {
        layers.push_back(store_document(blobs, oci::kMediaTypeLayer, tar));
        image.config.diff_ids.push_back({layers.back().digest});
    }
    image.config.platform = {.architecture = "amd64"};
    if (image.config_text.empty()) image.config_text = oci::render(image.config);
    const oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest},
        .config = store_document(blobs, oci::kMediaTypeConfig, image.config_text),
        .layers = layers,
        .annotations = image.annotations};
    const oci::Descriptor stored =
        store_document(blobs, manifest.media_type, oci::render(manifest));
    names.add_manifest(repository, {stored.digest, stored.media_type});
    names.set_tag(repository, "1", stored.digest);
    return stored.digest;
}

BuildServices Machine::services() {
    return {
        .blobs = other_blobs != nullptr ? *other_blobs : blobs,
        .snapshots = snapshots,
        .executor = *executor,
        .bases = bases,
        .locks = folder.path() / "locks",
        .indexes = folder.path() / "indexes",
        .temporary = folder.path() / "tmp",
        .cache_mounts = folder.path() / "caches",
        .cache = cache,
        .remotes = &remotes,
        .emulators = folder.path()};
}

BuildResult Machine::build(
    const std::string& dockerfile, Progress& progress, std::stop_token stop) {
    const dockerfile::ParseResult parsed = dockerfile::parse(dockerfile, "Dockerfile");
    if (!parsed.ok()) throw Error{ErrorCode::InvalidArgument, render(parsed.diagnostics)};
    BuildRequest request{
        .dockerfile = parsed.tree, .context = other_context != nullptr ? *other_context : context};
    request.plan.platform = {.architecture = "amd64"};
    request.plan.inputs.platform_args =
        dockerfile::make_platform_arguments("linux/amd64", "linux/amd64");
    request.plan.inputs.build_args = dockerfile::Variables{build_args};
    request.plan.inputs.target = target;
    request.plan.inputs.contexts = contexts;
    request.context_trees = context_trees;
    request.pins = pins;
    request.source_date_epoch = epoch;
    request.compression = compression;
    request.jobs = jobs;
    request.trust = trust;
    request.network = network;
    request.network_steps = network_steps;
    request.run_time_limit = run_time_limit;
    request.plan.entitlements = entitlements;
    request.limits = limits;
    request.extra_hosts = extra_hosts;
    request.hostname = hostname;
    request.secrets = secrets;
    request.ssh_agents = ssh_agents;
    request.container_prefix = "nacre-test-" + std::to_string(::getpid());
    return engine::build(request, services(), progress, std::move(stop));
}

BuildResult Machine::build(const std::string& dockerfile) {
    RecordedProgress progress;
    return build(dockerfile, progress);
}

std::vector<std::string> Machine::entries(const Layer& layer) const {
    const auto blob = blobs.open(layer.blob.digest, 0);
    archive::TarReader reader{*blob, {}};
    std::vector<std::string> lines;
    for (archive::TarEntry entry; reader.next(entry);)
        lines.push_back(line_of(entry));
    return lines;
}

std::string Machine::content(const Layer& layer, const std::string& path) const {
    const auto blob = blobs.open(layer.blob.digest, 0);
    archive::TarReader reader{*blob, {}};
    for (archive::TarEntry entry; reader.next(entry);) {
        if (entry.path != path) continue;
        std::string text(entry.size, '\0');
        std::size_t size = 0;
        while (size < text.size())
            size += reader.read_content(std::as_writable_bytes(std::span{text}).subspan(size));
        return text;
    }
    ADD_FAILURE() << path << " is not in the layer";
    return "";
}

std::optional<archive::TarEntry> Machine::find_entry(
    const Layer& layer, const std::string& path) const {
    const auto blob = blobs.open(layer.blob.digest, 0);
    archive::TarReader reader{*blob, {}};
    for (archive::TarEntry entry; reader.next(entry);)
        if (entry.path == path) return entry;
    return std::nullopt;
}

std::vector<std::string> Machine::leftovers() const {
    std::vector<std::string> found = nacre::test::mounts_below(folder.path());
    for (const char* name : {"exec/runtime", "exec/bundles", "tmp"})
        for (const std::string& path : names_in(folder.path() / name))
            found.push_back(path);
    // A snapshotter keeps one folder of its own there for as long as it lives.
    for (const std::string& session : names_in(folder.path() / "snapshots/active"))
        for (const std::string& path : names_in(session))
            if (fs::is_directory(path)) found.push_back(path);
    return found;
}

void BuildTest::SetUp() {
    const std::string reason = nacre::test::why_no_containers();
    if (!reason.empty()) GTEST_SKIP() << reason;
    try {
        machine_.emplace();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Unsupported) throw;
        GTEST_SKIP() << error.describe();
    }
}

}  // namespace nacre::engine::test
