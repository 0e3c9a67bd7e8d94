#pragma once

#include "archive/compression.hpp"
#include "backend/backend.hpp"
#include "base/log.hpp"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace nacre::builder {

/// Where an embedded worker finds what it works on: the folders of the service's data.
struct WorkerPlaces {
    std::filesystem::path blobs;
    std::filesystem::path images;
    std::filesystem::path snapshots;
    std::filesystem::path git;
    std::filesystem::path journals;
    std::filesystem::path containers;  ///< of this task alone
    std::filesystem::path locks;
    std::filesystem::path indexes;
    std::filesystem::path temporary;
    std::filesystem::path cache_mounts;
    std::optional<std::filesystem::path> step_cache;  ///< nothing: every step is run
};

struct WorkerConfig {
    WorkerPlaces places;
    std::string registry;         ///< "host:port" of the service
    std::string git_path_prefix;  ///< "/git/"
    archive::CompressionSettings compression;
    std::string version;
};

/// Runs one task to its end and reports that to the hub: closed, failed with the cause, or nothing when `stop` was
/// requested because it was cancelled. Throws Error{Unavailable} when the hub cannot be told: the task will run again.
void run_worker(
    const backend::WorkerSpec& spec, const WorkerConfig& config, Log log, std::stop_token stop);

}  // namespace nacre::builder
