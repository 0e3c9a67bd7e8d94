#pragma once

#include "archive/compression.hpp"
#include "cli/build/cache_options.hpp"
#include "cli/build/pull_policy.hpp"
#include "cli/build/ssh_agents.hpp"
#include "engine/plan.hpp"
#include "exec/executor.hpp"
#include "oci/descriptor.hpp"
#include "oci/reference.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::cli::build {

/// The command line of `nacre build` as it was typed: words that users of `docker build` and `buildah build` know.
struct BuildOptions {
    std::string context = ".";
    std::string file;
    std::vector<std::string> tags;
    std::string target;
    std::vector<std::string> build_args;
    std::vector<std::string> labels;
    std::vector<std::string> annotations;
    std::string platform;
    bool no_cache = false;
    std::string pull;
    std::vector<std::string> secrets;
    std::vector<std::string> ssh;
    std::string network = "default";
    std::vector<std::string> allow;
    std::vector<std::string> build_contexts;
    std::vector<std::string> add_hosts;
    std::string memory;
    std::string cpus;
    std::vector<std::string> ulimits;
    std::string shm_size;
    bool squash = false;
    std::string compression = "gzip";
    std::string source_date_epoch;
    std::string iidfile;
    std::string metadata_file;
    std::vector<std::string> cache_from;
    std::vector<std::string> cache_to;
    std::vector<std::string> outputs;
    bool push = false;
    std::string progress = "auto";
    std::string jobs;
    bool check = false;
    bool quiet = false;
};

/// Where an image goes besides the store.
struct OutputSpec {
    enum class Kind : std::uint8_t { Image, Oci, Docker, Local, Tar, Registry };

    Kind kind = Kind::Image;
    std::string destination;  ///< a path; "-": standard output; empty for images in the store
    std::vector<std::string> names;  ///< beside those of `-t`

    bool operator==(const OutputSpec&) const = default;
};

/// Where the text of a secret comes from: it is read when the build starts.
struct SecretSource {
    std::filesystem::path file;  ///< or empty, and
    std::string variable;        ///< the name of a variable of the environment

    bool operator==(const SecretSource&) const = default;
};

enum class ProgressKind : std::uint8_t { Auto, Plain, Json, Quiet };

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// By what they annotate; those of an index make one.
struct ImageAnnotations {
    NamedTexts manifest;
    NamedTexts
        manifest_descriptor;  ///< what describes the manifest: in the index, else in a layout
    NamedTexts index;
    NamedTexts index_descriptor;  ///< what describes the index in a layout

    bool operator==(const ImageAnnotations&) const = default;
};

/// As SOURCE_DATE_EPOCH: the time of the context's commit.
inline constexpr std::string_view kEpochOfContext = "context";

/// What the words mean.
struct BuildSettings {
    std::string context;
    std::string file;
    std::vector<oci::Reference> tags;
    std::string target;
    NamedTexts build_args;
    NamedTexts build_contexts;  ///< by name: where they are
    NamedTexts labels;
    ImageAnnotations annotations;
    bool in_index = false;         ///< an index of one image
    bool keep_git_folder = false;  ///< of a context that is a repository
    oci::Platform platform;
    bool use_cache = true;
    std::vector<CacheSource> cache_from;
    std::vector<CacheTarget> cache_to;
    PullPolicy pull = PullPolicy::Missing;
    exec::NetworkMode network = exec::NetworkMode::Host;
    engine::Entitlements entitlements;
    std::string hostname;  ///< of RUN; empty: the default
    exec::ResourceLimits limits;
    std::vector<exec::HostEntry> extra_hosts;
    std::map<std::string, SecretSource> secrets;  ///< by id
    SshSources ssh;
    bool squash = false;
    archive::CompressionSettings compression;
    std::optional<std::int64_t> source_date_epoch;
    std::optional<std::filesystem::path> iid_file;
    std::optional<std::filesystem::path> metadata_file;
    std::vector<OutputSpec> outputs;
    ProgressKind progress = ProgressKind::Auto;
    bool check = false;
};

/// Gives a variable of the user's environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Throws Error{InvalidArgument} that names the option, Error{Unsupported} for what is not there yet.
BuildSettings read_settings(const BuildOptions& options, const Environment& environment);

/// "type=oci,dest=image.tar", "out" (a folder), "-" (a tar of the root on standard output).
OutputSpec parse_output(std::string_view text);

/// "gzip", "gzip:9", "gzip:fast", "zstd", "zstd:19", "none".
archive::CompressionSettings parse_compression(std::string_view text);

/// "512m", "2g", "1048576", "64kb": powers of 1024, as docker has them. `option` is for messages.
std::uint64_t parse_bytes(std::string_view text, std::string_view option);

/// "90s", "10m", "24h", "7d", or "1h30m".
std::chrono::seconds parse_age(std::string_view text, std::string_view option);

}  // namespace nacre::cli::build
