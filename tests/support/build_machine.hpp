#pragma once

#include "archive/tar.hpp"
#include "engine/build.hpp"
#include "exec/oci_runtime_executor.hpp"
#include "os/process.hpp"
#include "source/memory_remote_sources.hpp"
#include "source/memory_tree.hpp"
#include "store/directory_blob_store.hpp"
#include "store/memory_image_names.hpp"
#include "store/overlay_snapshotter.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::engine::test {

/// Remembers what it is told.
class RecordedProgress final : public Progress {
public:
    void step_started(const Step& step) override {
        steps.push_back(
            std::to_string(step.number) + "/" + std::to_string(step.count) + " "
            + (step.stage.empty() ? "" : step.stage + " ") + step.text);
    }

    void output(std::size_t /*number*/, Bytes bytes) override {
        text += as_text(bytes);
        if (on_output) on_output();
    }

    void step_finished(const Step& /*step*/, Outcome outcome) override {
        outcomes.push_back(outcome);
    }

    void note(std::string_view text_of_note) override { notes.emplace_back(text_of_note); }

    std::vector<std::string> steps;
    std::vector<Outcome> outcomes;
    std::vector<std::string> notes;
    std::string text;
    std::function<void()> on_output;
};

/// An image that a test makes up.
struct MadeImage {
    std::vector<std::string> layers;  ///< tars, stored as they are, whatever they hold
    oci::ImageConfig config;          ///< its platform and diff ids are filled in
    std::string config_text;          ///< stored instead of `config` unless it is empty
    oci::Annotations annotations;     ///< of the manifest
};

/// A place to build in, with the image "busybox:1" in its registry. Two have nothing in common.
class Machine {
public:
    Machine();

    /// Names it "<repository>:1". Returns the digest of the manifest.
    oci::Digest add_image(const std::string& repository, MadeImage image);

    BuildResult build(const std::string& dockerfile, Progress& progress, std::stop_token stop = {});
    BuildResult build(const std::string& dockerfile);

    /// "path/ 0755 0:0", "path -> target", sorted as in the tar.
    std::vector<std::string> entries(const Layer& layer) const;
    /// The content of a file of a layer.
    std::string content(const Layer& layer, const std::string& path) const;
    std::optional<archive::TarEntry> find_entry(const Layer& layer, const std::string& path) const;

    /// What a build must not leave: mounts, active snapshots, bundles, containers, temporary folders.
    std::vector<std::string> leftovers() const;

    BuildServices services();

    nacre::test::TempDir folder;
    os::SystemProcessRunner runner;
    store::DirectoryBlobStore blobs{folder.path() / "blobs"};
    store::OverlaySnapshotter snapshots{folder.path() / "snapshots"};
    store::MemoryImageNames names;
    StoreBaseImages bases{names, blobs, "registry.example.org:5000"};
    source::MemoryTree context{1'700'000'000};
    std::optional<exec::OciRuntimeExecutor> executor;
    std::map<std::string, oci::Digest> pins;
    store::BlobStore* other_blobs = nullptr;      ///< instead of `blobs`
    const source::Tree* other_context = nullptr;  ///< instead of `context`
    std::int64_t epoch = 1'700'000'000;
    archive::CompressionSettings compression{.level = 1};
    unsigned jobs = 0;
    std::vector<std::pair<std::string, std::string>> build_args;
    std::string target;
    dockerfile::NamedContexts contexts;
    std::map<std::string, const source::Tree*> context_trees;
    source::MemoryRemoteSources remotes;
    StepCache* cache = nullptr;
    Trust trust = Trust::Scratch;
    exec::NetworkMode network = exec::NetworkMode::None;
    NetworkSteps network_steps = NetworkSteps::RunAgain;
    std::optional<std::chrono::milliseconds> run_time_limit;
    Entitlements entitlements;
    exec::ResourceLimits limits;
    std::vector<exec::HostEntry> extra_hosts;
    std::string hostname;
    std::map<std::string, Secret> secrets;
    std::map<std::string, std::filesystem::path> ssh_agents;

private:
    void import_busybox();
};

/// Skips where containers cannot be run.
class BuildTest : public testing::Test {
protected:
    void SetUp() override;

    Machine& machine() { return *machine_; }

private:
    std::optional<Machine> machine_;
};

}  // namespace nacre::engine::test
