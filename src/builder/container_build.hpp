#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "builder/build_options.hpp"
#include "builder/hub_connection.hpp"
#include "builder/image_builder.hpp"
#include "builder/journal.hpp"
#include "builder/source_trees.hpp"
#include "koji/value.hpp"
#include "store/image_names.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::builder {

/// Where a pipeline's lines go: the log of the whole task, and one for each architecture.
class BuildLogs {
public:
    virtual ~BuildLogs() = default;
    /// The sinks live as long as the logs.
    virtual ByteSink& whole() = 0;
    virtual ByteSink& of_arch(const std::string& koji_arch) = 0;
    /// What of_arch() got in this run, as a file.
    virtual std::filesystem::path file_of_arch(const std::string& koji_arch) = 0;
};

struct BuildServices {
    HubConnection& hub;
    BuildLogs& logs;
    SourceTrees& sources;
    ImageBuilder& images;
    store::ImageNames& names;
    Journal& journal;
    const Clock& clock;
    Random& random;
};

struct BuildSettings {
    std::string registry;             ///< "host:port" that pull specs begin with
    std::filesystem::path temporary;  ///< for the archive on its way to the hub
    std::string generator_version;
};

/// The task as the hub stores it.
struct BuildTask {
    std::int64_t id = 0;
    std::string owner;
    koji::Array request;
};

/// One container build, from the request of its task to its result {"repositories", "koji_builds"} (reference B.3.3,
/// design 3). Every step with an effect outside is in the journal, so that a second run of the task goes on where the
/// first one ended, and has the same effects once. Runs on one thread.
class ContainerBuild {
public:
    ContainerBuild(const BuildServices& services, BuildSettings settings, BuildTask task);

    /// Throws koji::Fault: BuildError for what the source or the request does wrong, ContainerError for a build that failed.
    /// The reservation is given back then. Throws Cancelled when `stop` was requested.
    koji::Value run(std::stop_token stop);

private:
    struct Context;

    koji::Value build(std::stop_token stop);
    void read_target(Context& context);
    void read_source(Context& context, std::stop_token stop);
    void ask_source_policy(const Context& context);
    void read_recipe(Context& context);
    oci::Digest find_parent(const std::string& nvr);
    void check_package(Context& context);
    void choose_release(Context& context);
    bool try_reserve(Context& context);
    void name_build(Context& context);
    Network ask_network(const Context& context);
    void build_images(Context& context, std::stop_token stop);
    BuiltImage build_image(
        const ImageOrder& order, const std::string& koji_arch, const std::stop_token& stop);
    void write_names(const Context& context, const std::vector<std::string>& image_tags);
    void import_build(Context& context);
    UploadedFile write_archive_file(const Context& context, const ImageOutput& image);
    UploadedFile upload_file(
        const std::string& folder, const std::string& name, const std::filesystem::path& file);
    void tag_build(const Context& context);
    koji::Value result(const Context& context) const;
    bool was_cancelled() noexcept;
    void give_back(const koji::Value& state) noexcept;
    void say(const std::string& line);

    BuildServices services_;
    BuildSettings settings_;
    BuildTask task_;
};

}  // namespace nacre::builder
