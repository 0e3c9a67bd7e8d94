#pragma once

#include "hub/archives.hpp"
#include "hub/builds.hpp"
#include "json/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::hub {

/// Content-generator metadata, version 0 (reference C.5, B.4.12), after the checks that need nothing but the text.
struct MetadataBuildroot {
    std::int64_t id = 0;
    std::string generator;
    std::string generator_version;
    std::string container_type;
    std::string container_arch;
    std::string host_os;
    std::string host_arch;
    std::optional<json::Value> extra;
    std::vector<std::pair<std::string, std::string>> tools;
};

/// A file that is an archive of another build (`kojifile`) or of this import (`file`).
struct MetadataFile {
    std::string filename;
    std::int64_t size = 0;
    std::string checksum;
    std::optional<Nvr> nvr;
    std::optional<std::int64_t> archive;
    bool must_match = false;
};

enum class OutputKind : std::uint8_t { Log, Archive };

struct MetadataOutput {
    OutputKind kind = OutputKind::Archive;
    std::string type;       ///< as written: "docker-image", "log", "tar"
    std::string filename;   ///< one name
    std::string folder;     ///< `relpath`: below the upload folder
    std::string subfolder;  ///< `subdir`: below the destination
    std::int64_t buildroot = 0;
    std::string arch;
    std::int64_t size = 0;
    ChecksumType checksum_type = ChecksumType::Md5;
    std::string checksum;
    std::string btype;  ///< of an archive: "image", "operator-manifests", ...
    bool metadata_only = false;
    std::optional<json::Value> extra;
    std::vector<Component> components;
    std::vector<MetadataFile> files;
};

struct Metadata {
    Nvr nvr;
    std::optional<std::int64_t> epoch;
    std::optional<std::string> source;
    std::optional<std::string> owner;
    std::optional<std::int64_t> build_id;
    std::optional<TaskId> task;
    std::int64_t start_us = 0;
    std::int64_t end_us = 0;
    koji::Struct extra;
    std::vector<std::string> btypes;
    std::string generator;
    std::vector<MetadataBuildroot> buildroots;
    std::vector<MetadataOutput> outputs;
};

inline constexpr std::size_t kOutputsMax = 500;
inline constexpr std::size_t kComponentsMax = 100'000;

/// Throws koji::Fault{1000} that says where: "Invalid metadata: output[2].checksum: expected a string".
Metadata parse_metadata(const koji::Struct& metadata);

}  // namespace nacre::hub
