#pragma once

#include "hub/builds.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct ArchiveType {
    std::int64_t id = 0;
    std::string name;
    std::string description;
    std::string extensions;  ///< separated by blanks
    std::optional<std::string> compression;
};

struct BuildType {
    std::int64_t id = 0;
    std::string name;
};

struct Archive {
    ArchiveId id;
    BuildId build;
    ArchiveType type;
    std::optional<BuildType> btype;
    std::optional<BuildrootId> buildroot;
    std::string filename;
    std::int64_t size = 0;
    std::string checksum;
    ChecksumType checksum_type = ChecksumType::Sha256;
    bool metadata_only = false;
    std::optional<std::string> extra;  ///< JSON
    std::optional<std::string> arch;   ///< of an image
};

struct ArchiveFilter {
    std::optional<BuildId> build;
    std::optional<BuildrootId> buildroot;
    std::optional<std::string> type;  ///< btype
    std::optional<std::string> filename;
    std::optional<std::int64_t> size;
    std::optional<std::string> checksum;
    std::optional<ArchiveId> image;  ///< archives that are components of it
    std::optional<ArchiveId> archive;
};

/// A package inside an image: rpm, deb, apk, pypi, ...
struct Component {
    std::string type;
    std::string name;
    std::string version;
    std::string release;
    std::optional<std::int64_t> epoch;
    std::string arch;
    std::optional<std::string> checksum;  ///< rpm: sigmd5
    std::optional<std::string> signature;
};

struct Buildroot {
    BuildrootId id;
    ContentGeneratorId generator;
    std::string generator_name;
    std::string generator_version;
    std::string container_type;
    std::string container_arch;
    std::string host_os;
    std::string host_arch;
    std::optional<std::string> extra;
    std::vector<std::pair<std::string, std::string>> tools;  ///< name, version
};

struct BuildLogFile {
    std::string name;
    std::string folder;  ///< below "data/logs": an architecture, or empty
    std::string path;    ///< below the top folder
};

/// Stateless: thread-safe.
class Archives {
public:
    std::vector<Archive> list(
        Call& call, const ArchiveFilter& filter, const QueryOptions& options = {}) const;
    std::optional<Archive> find(Call& call, ArchiveId archive) const;
    std::vector<Component> components(
        Call& call, ArchiveId archive, const std::optional<std::string>& type = {}) const;
    /// Archives whose image holds a package of that name: what a security fix must rebuild.
    std::vector<Archive> holding(Call& call, std::string_view package) const;

    std::vector<ArchiveType> types(Call& call) const;
    std::optional<ArchiveType> find_type(Call& call, std::string_view name) const;
    /// By the longest extension of a file's name; fault 1000 "unsupported file extension: x".
    ArchiveType type_of_file(Call& call, std::string_view filename) const;
    /// Admin.
    void add_type(
        Call& call,
        std::string_view name,
        std::string_view description,
        std::string_view extensions,
        const std::optional<std::string>& compression = {}) const;

    std::vector<BuildType> build_types(Call& call) const;
    std::optional<BuildType> find_build_type(Call& call, std::string_view name) const;
    /// Admin.
    void add_build_type(Call& call, std::string_view name) const;

    std::optional<Buildroot> find_buildroot(Call& call, BuildrootId buildroot) const;
};

}  // namespace nacre::hub
