#pragma once

#include "base/diagnostic.hpp"
#include "dockerfile/labels.hpp"
#include "dockerfile/mount.hpp"
#include "dockerfile/syntax.hpp"
#include "engine/copy_sources.hpp"
#include "engine/mode_change.hpp"
#include "oci/config.hpp"
#include "source/remote_address.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace nacre::engine {

// A plan is what a Dockerfile means for one platform, with every word expanded: values that can be compared,
// printed and run. Making it needs no I/O.

/// Where COPY takes its files from.
struct FromContext {
    bool operator==(const FromContext&) const = default;
};

struct FromStage {
    std::size_t index = 0;

    bool operator==(const FromStage&) const = default;
};

struct FromImage {
    std::string reference;

    bool operator==(const FromImage&) const = default;
};

/// A named context of files.
struct FromNamedContext {
    std::string name;

    bool operator==(const FromNamedContext&) const = default;
};

/// An address that ADD names.
struct FromAddress {
    source::RemoteAddress address;

    bool operator==(const FromAddress&) const = default;
};

using CopyOrigin = std::variant<FromContext, FromStage, FromImage, FromNamedContext, FromAddress>;

/// Whether its files are those of a source tree, and not of an image or stage.
inline bool is_tree(const CopyOrigin& origin) noexcept {
    return !std::holds_alternative<FromStage>(origin) && !std::holds_alternative<FromImage>(origin);
}

struct InlineFile {
    std::string name;
    std::string content;

    bool operator==(const InlineFile&) const = default;
};

/// Where a RUN finds its document that begins with "#!", as in BuildKit.
inline constexpr std::string_view kScriptFolder = "/dev/pipes/";

/// `--mount` of RUN, its targets absolute.
struct RunMount {
    dockerfile::Mount mount;
    std::optional<CopyOrigin> origin;  ///< of bind, and of a cache that does not begin empty

    bool operator==(const RunMount&) const = default;
};

struct RunAction {
    std::vector<std::string> argv;
    std::vector<std::string> env;  ///< ENV, the ARGs of the stage, PATH
    std::string working_dir;
    std::string user;  ///< "name[:group]" or numbers; empty: root
    /// Made readable at kScriptFolder by its name while the command runs.
    std::optional<InlineFile> script;
    dockerfile::NetworkMode network = dockerfile::NetworkMode::Default;
    dockerfile::SecurityMode security = dockerfile::SecurityMode::Sandbox;
    std::vector<RunMount> mounts;

    bool operator==(const RunAction&) const = default;
};

struct CopyAction {
    CopyOrigin origin;
    std::vector<std::string> sources;
    std::vector<InlineFile> files;
    std::string destination;  ///< absolute; ends in '/' when a folder is meant
    std::string owner;  ///< --chown; empty: root for the context, as it is for stages and images
    std::optional<ModeChange> mode;  ///< --chmod
    std::vector<std::string> excludes;
    ParentFolders parents = ParentFolders::Leave;
    bool unpack_archives = false;  ///< ADD
    bool link = false;  ///< --link: made on an empty root, whatever the layers below hold

    bool operator==(const CopyAction&) const = default;
};

/// Makes the folder when it is missing.
struct WorkdirAction {
    std::string path;
    std::string user;

    bool operator==(const WorkdirAction&) const = default;
};

/// Changes the configuration only.
struct ConfigAction {
    bool operator==(const ConfigAction&) const = default;
};

using Action = std::variant<RunAction, CopyAction, WorkdirAction, ConfigAction>;

/// What a step takes files from besides the layers below it, in order.
std::vector<CopyOrigin> origins_of(const Action& action);

struct Step {
    Action action;
    dockerfile::Location at;
    std::string text;        ///< the instruction as written, one line
    std::string created_by;  ///< for the image's history
};

struct ImageBase {
    std::string reference;   ///< as FROM names it, expanded
    oci::Platform platform;  ///< that it is taken for
};

struct ScratchBase {};

using StageBase = std::variant<ScratchBase, ImageBase, FromStage>;

struct StagePlan {
    std::string name;  ///< or its number
    StageBase base;
    dockerfile::Location at;
    std::vector<Step> steps;
    oci::ImageConfig
        config;  ///< at its end, without diff ids and history; its platform is that of its base
};

struct Plan {
    std::string file;
    std::vector<StagePlan> stages;  ///< all of the file, by index
    std::vector<std::size_t>
        needed;  ///< those that the target needs, in the order to build them; the target last
};

/// What steps may have beyond their sandbox. Who asks for a build allows it, and not the Dockerfile.
struct Entitlements {
    bool network_host = false;       ///< RUN --network=host
    bool security_insecure = false;  ///< RUN --security=insecure
    bool secrets = false;            ///< RUN --mount=type=secret and type=ssh
};

struct PlanOptions {
    dockerfile::BuildInputs inputs;
    oci::Platform platform;
    std::vector<std::pair<std::string, std::string>>
        labels;  ///< added at the end of the target stage
    /// Set at the beginning of the target stage.
    std::vector<std::pair<std::string, std::string>> env;
    Entitlements entitlements;
};

/// What names an image of one build: the reference as it is written (expanded), and the platform when it is another one
/// than the build's.
std::string image_key(
    const std::string& reference, const oci::Platform& platform, const oci::Platform& of_build);

/// Configurations of the images that FROM names, by image_key().
using BaseConfigs = std::map<std::string, oci::ImageConfig>;

struct PlanResult {
    Plan plan;  ///< to be used only without errors
    Diagnostics diagnostics;
};

/// `bases` has every image that a needed stage is FROM. What the engine does not support is an error with its place, in
/// stages that are needed; of others nothing is said.
PlanResult make_plan(
    const dockerfile::Dockerfile& file, const PlanOptions& options, const BaseConfigs& bases);

}  // namespace nacre::engine
