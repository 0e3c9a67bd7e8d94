// Builds many small Dockerfiles in one process: differential_builder WORK BASE_TAR CASE...
//
// A case is a folder with "Dockerfile", "context/" and "args" (NAME=VALUE lines). What comes of it is written into its
// folder "nacre": "config.json" and "layer-N", or "error". The image of BASE_TAR is "localhost/base:1".
#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/parser.hpp"
#include "engine/build.hpp"
#include "engine/import.hpp"
#include "exec/oci_runtime_executor.hpp"
#include "exec/runtime_probe.hpp"
#include "os/file.hpp"
#include "source/folder_tree.hpp"
#include "source/ignored_tree.hpp"
#include "store/directory_blob_store.hpp"
#include "store/memory_image_names.hpp"
#include "store/overlay_snapshotter.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <vector>

namespace nacre::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextMax = 8U << 20U;
constexpr std::int64_t kEpoch = 2'000'000'000;

class NoProgress final : public Progress {
public:
    void step_started(const Step& /*step*/) override {}

    void output(std::size_t /*number*/, Bytes /*bytes*/) override {}

    void step_finished(const Step& /*step*/, Outcome /*outcome*/) override {}

    void note(std::string_view /*text*/) override {}
};

class Builder {
public:
    Builder(const fs::path& work, const fs::path& base)
        : work_{work},
          executor_{
              exec::probe_runtimes(exec::default_runtimes(), work / "exec", runner_),
              work / "exec",
              runner_} {
        for (const char* name : {"locks", "tmp", "indexes"})
            os::ensure_directory(work / name);
        os::FileSource tar{os::open_file(base, O_RDONLY)};
        const ImportedImage image = import_root(
            tar,
            blobs_,
            {.platform = kPlatform, .compression = {.level = 1}, .temporary = work / "tmp"});
        names_.add_manifest("base", {image.manifest.digest, image.manifest.media_type});
        names_.set_tag("base", "1", image.manifest.digest);
    }

    void run(const fs::path& folder) {
        const fs::path out = folder / "nacre";
        os::ensure_directory(out);
        try {
            write(build(folder), out);
        } catch (const Error& error) {
            os::write_file_atomically(out / "error", error.describe());
        }
    }

private:
    BuildResult build(const fs::path& folder) {
        const dockerfile::ParseResult parsed =
            dockerfile::parse(os::read_file(folder / "Dockerfile", kTextMax), "Dockerfile");
        if (!parsed.ok()) throw Error{ErrorCode::InvalidArgument, render(parsed.diagnostics)};
        const source::FolderTree files{folder / "context"};
        const source::IgnoredTree context{
            files, source::find_ignore_file(files, "Dockerfile").content.patterns};
        BuildRequest request{.dockerfile = parsed.tree, .context = context};
        request.plan.platform = kPlatform;
        request.plan.inputs.platform_args =
            dockerfile::make_platform_arguments(kPlatform.str(), kPlatform.str());
        for (const std::string& line : split(os::read_file(folder / "args", kTextMax), '\n')) {
            const std::size_t equals = line.find('=');
            if (equals == std::string::npos) continue;
            if (line.starts_with("--target="))
                request.plan.inputs.target = line.substr(equals + 1);
            else
                request.plan.inputs.build_args.set(line.substr(0, equals), line.substr(equals + 1));
        }
        request.source_date_epoch = kEpoch;
        request.compression.level = 1;
        request.container_prefix = "differential-" + std::to_string(::getpid());
        const BuildServices services{
            .blobs = blobs_,
            .snapshots = snapshots_,
            .executor = executor_,
            .bases = bases_,
            .locks = work_ / "locks",
            .indexes = work_ / "indexes",
            .temporary = work_ / "tmp",
            .cache_mounts = work_ / "caches"};
        NoProgress progress;
        return engine::build(request, services, progress, {});
    }

    void write(const BuildResult& image, const fs::path& out) {
        os::write_file_atomically(
            out / "config.json", oci::render(image.config), os::Durability::Buffered);
        std::vector<std::byte> buffer(kTextMax);
        for (std::size_t i = 0; i < image.layers.size(); ++i) {
            const auto blob = blobs_.open(image.layers[i].blob.digest, 0);
            const os::UniqueFd file =
                os::open_file(out / ("layer-" + std::to_string(i)), O_WRONLY | O_CREAT | O_TRUNC);
            while (const std::size_t count = blob->read(buffer))
                os::write_all(file.get(), std::span{buffer}.first(count));
        }
    }

    const oci::Platform kPlatform{.architecture = machine_architecture()};
    const fs::path work_;
    os::SystemProcessRunner runner_;
    store::DirectoryBlobStore blobs_{work_ / "blobs"};
    store::OverlaySnapshotter snapshots_{work_ / "snapshots"};
    store::MemoryImageNames names_;
    StoreBaseImages bases_{names_, blobs_, "localhost"};
    exec::OciRuntimeExecutor executor_;
};

}  // namespace
}  // namespace nacre::engine

int main(int count, char** words) {
    const std::vector<std::string> arguments{words, words + count};
    try {
        nacre::engine::Builder builder{arguments.at(1), arguments.at(2)};
        for (std::size_t i = 3; i < arguments.size(); ++i)
            builder.run(arguments[i]);
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
