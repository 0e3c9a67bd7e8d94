#pragma once

#include "archive/compression.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "dockerfile/syntax.hpp"
#include "engine/base_images.hpp"
#include "engine/foreign_platforms.hpp"
#include "engine/layer_writer.hpp"
#include "engine/plan.hpp"
#include "engine/progress.hpp"
#include "engine/step_cache.hpp"
#include "engine/step_key.hpp"
#include "exec/executor.hpp"
#include "source/remote_sources.hpp"
#include "source/tree.hpp"
#include "store/blob_store.hpp"
#include "store/snapshotter.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace nacre::engine {

/// What an image build works with. References outlive it.
struct BuildServices {
    store::BlobStore& blobs;
    store::Snapshotter& snapshots;
    exec::Executor& executor;
    const BaseImages& bases;
    std::filesystem::path locks;    ///< folder of the locks that keep two builds from the same work
    std::filesystem::path indexes;  ///< folder of LayerIndexes
    std::filesystem::path temporary;           ///< folder for TempDirs
    std::filesystem::path cache_mounts;        ///< folder of CacheFolders
    StepCache* cache = nullptr;                ///< without one every step is run
    source::RemoteSources* remotes = nullptr;  ///< without one ADD of an address is refused
    /// Where the kernel lists emulators; see can_run().
    std::filesystem::path emulators{kEmulatorsFolder};
};

/// Whether the cache answers for steps that may reach the network: what such a step finds there changes.
enum class NetworkSteps : std::uint8_t { RunAgain, Reuse };

/// More than processors: stages wait for networks and disks.
inline constexpr unsigned kJobsDefault = 4;

struct BuildRequest {
    const dockerfile::Dockerfile& dockerfile;  ///< parsed without errors
    const source::Tree& context;
    PlanOptions plan;
    /// The files of the named contexts that have no image; they outlive the build.
    std::map<std::string, const source::Tree*> context_trees;
    /// Reference as FROM or COPY --from writes it, to the digest to use: a build that was pinned uses exactly these.
    std::map<std::string, oci::Digest> pins;
    exec::NetworkMode network = exec::NetworkMode::None;
    exec::ResourceLimits
        limits;  ///< of each RUN; what the machine cannot keep is noted as a warning
    std::vector<exec::HostEntry> extra_hosts;  ///< of each RUN
    std::string hostname;                      ///< of each RUN; empty: the executor's default
    std::map<std::string, Secret> secrets;     ///< by id, for --mount=type=secret
    std::map<std::string, std::filesystem::path>
        ssh_agents;  ///< sockets by id, for --mount=type=ssh
    std::optional<std::chrono::milliseconds> run_time_limit;  ///< of each RUN
    /// Of all that the build makes: later file times become this one, and `created` is it.
    std::int64_t source_date_epoch = 0;
    archive::CompressionSettings compression;
    Trust trust = Trust::Scratch;  ///< which steps of the cache it may use and leave
    NetworkSteps network_steps = NetworkSteps::RunAgain;
    unsigned jobs = 0;             ///< stages that are built at once; 0: kJobsDefault
    std::string container_prefix;  ///< of container names on this machine: "[a-z0-9-]{1,40}"
};

struct BuildResult {
    oci::Descriptor manifest;
    oci::Descriptor config_blob;
    oci::ImageConfig config;
    std::vector<Layer> layers;
    std::vector<std::pair<std::string, oci::Digest>>
        bases;  ///< reference and manifest of each FROM of an image
};

/// A RUN that did not exit with 0.
class StepFailure : public Error {
public:
    StepFailure(const std::string& message, os::ExitStatus status)
        : Error{ErrorCode::InvalidArgument, message},
          status_{status} {}

    const os::ExitStatus& status() const noexcept { return status_; }

private:
    os::ExitStatus status_;
};

/// Builds the image. Blobs are in the store when it returns, and durable after its sync(); names are the caller's business.
/// What does not work throws Error with the place in the Dockerfile; problems of the plan all at once. Nothing is left behind on
/// any path: no mount, no process, no folder. Runs on the calling thread. Throws Error{Internal} for services without a path.
BuildResult build(
    const BuildRequest& request,
    const BuildServices& services,
    Progress& progress,
    std::stop_token stop);

/// Makes sure that a layer of a stored image is unpacked. Throws Error{DataCorrupt}, and keeps nothing, when the blob is not
/// what the diff id says.
void ensure_unpacked(
    const Layer& layer, const BuildServices& services, const std::stop_token& stop);

/// The layers of a base image, with their diff ids.
std::vector<Layer> layers_of(const BaseImage& image);

}  // namespace nacre::engine
