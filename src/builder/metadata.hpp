#pragma once

#include "builder/image_identity.hpp"
#include "json/value.hpp"
#include "koji/value.hpp"
#include "oci/descriptor.hpp"
#include "packages/installed.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nacre::builder {

/// A file that was uploaded for the import.
struct UploadedFile {
    std::string name;
    std::uint64_t size = 0;
    std::string sha256;  ///< hex
};

struct LayerSize {
    oci::DiffId diff_id;
    std::uint64_t size = 0;  ///< of the blob
};

/// One image of a build: what was made for one architecture.
struct ImageOutput {
    std::string koji_arch;
    UploadedFile archive;
    oci::Descriptor manifest;
    oci::Digest config_digest;
    json::Value config;
    std::vector<LayerSize> layers;
    std::vector<packages::InstalledPackage> components;
};

struct LogOutput {
    std::string koji_arch;
    UploadedFile file;
};

/// A FROM of the Dockerfile and what it was pinned to.
struct ParentImage {
    std::string reference;
    std::optional<oci::Digest> digest;  ///< nothing for scratch
};

/// Everything that the content-generator metadata of a build says (reference B.4.12, C.5).
struct BuildFacts {
    std::string component;
    std::string version;
    std::string release;
    std::string source;  ///< the SCM URL of the task
    std::string owner;   ///< who started the task
    std::int64_t task_id = 0;
    std::int64_t build_id = 0;
    double start_time = 0;  ///< seconds since 1970
    double end_time = 0;
    bool isolated = false;
    std::string registry;  ///< "host:port"
    std::string repository;
    ImageTags tags;
    std::vector<ParentImage> parents;
    std::vector<ImageOutput> images;
    std::vector<LogOutput> logs;
    std::string generator_version;
    std::string host_os;
};

/// The name under which this program generates content; a hub grants it access to its host users.
inline constexpr const char* kContentGenerator = "nacre";

/// The metadata as CGImport takes it.
koji::Struct content_generator_metadata(const BuildFacts& facts);

/// "host:port/repository:tag" for each unique and primary tag, and one by digest for each image: what the task's
/// result and the build's metadata call repositories.
std::vector<std::string> pull_specs(const BuildFacts& facts);

}  // namespace nacre::builder
