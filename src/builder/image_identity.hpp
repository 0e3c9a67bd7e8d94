#pragma once

#include "oci/descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::builder {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Who an image is, from the labels of its Dockerfile (reference B.4.6, B.4.7).
struct ImageIdentity {
    std::string component;   ///< com.redhat.component: the package in the hub
    std::string repository;  ///< name: the repository in the registry
    std::string version;
    std::optional<std::string> release;  ///< nothing: the hub chooses
};

/// What is asked of the identity besides the labels.
struct IdentityRules {
    std::string requested_release;  ///< --build-release; empty: none
    bool isolated = false;
};

/// Reads the identity and appends every violation to `problems`: required labels that are missing or empty (all
/// named at once), a version with '-' or '/', a name that no registry accepts, a release of a wrong shape.
/// The identity is complete only when nothing was appended. Old label names (Name, BZComponent, …) count.
ImageIdentity read_identity(
    const Labels& labels, const IdentityRules& rules, std::vector<std::string>& problems);

/// The names under which an image is found (reference B.4.7).
struct ImageTags {
    std::string unique;                ///< "<target>-<5 random>-<YYYYmmddHHMMSS>"
    std::vector<std::string> primary;  ///< "version-release"; none for a scratch build
    std::vector<std::string>
        floating;  ///< version, "latest" and those of the repository; none for scratch, isolated
};

struct TagRules {
    std::string target;
    std::string random;     ///< 5 characters
    std::string timestamp;  ///< YYYYmmddHHMMSS
    bool scratch = false;
    bool isolated = false;
    std::optional<std::vector<std::string>>
        floating;  ///< container.yaml's `tags`, instead of version and latest
    std::vector<std::string> additional;  ///< of the additional-tags file
};

/// Appends a violation for each tag that is longer than 128 characters or has a character no registry accepts.
ImageTags choose_tags(
    const ImageIdentity& identity,
    const std::string& release,
    const TagRules& rules,
    std::vector<std::string>& problems);

struct SourceFacts {
    std::string url;               ///< of the repository, without user and fragment
    std::string revision;          ///< the commit
    std::int64_t commit_time = 0;  ///< seconds since 1970
};

/// The labels that the service adds: release, architecture, build-date (the commit's time, so that the same commit
/// gives the same image), vcs-type, vcs-url, vcs-ref.
Labels automatic_labels(
    const std::string& release, const std::string& koji_arch, const SourceFacts& source);

/// "x86_64" for amd64, "aarch64" for arm64; others as they are.
std::string koji_arch_of(const oci::Platform& platform);
oci::Platform platform_of(const std::string& koji_arch);

}  // namespace nacre::builder
