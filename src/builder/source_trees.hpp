#pragma once

#include "builder/scm_url.hpp"
#include "os/process.hpp"
#include "os/temp.hpp"
#include "source/tree.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace nacre::builder {

/// Opens the tree that an SCM URL names.
class SourceTrees {
public:
    virtual ~SourceTrees() = default;

    /// Whether the URL names a repository of the service itself, whose own rights say who may change it.
    virtual bool is_own(const ScmUrl& url) const = 0;

    /// Throws koji::Fault{BuildError} when the repository, the commit or the folder cannot be had.
    virtual std::unique_ptr<source::Tree> open(const ScmUrl& url, std::stop_token stop) = 0;
};

/// Reads the service's own repositories in place, straight from git's object store, and clones all others into a
/// temporary folder that lives as long as the object.
class GitSourceTrees final : public SourceTrees {
public:
    struct Own {
        std::string host;  ///< "host:port" under which the service's repositories are addressed
        std::string path_prefix;         ///< "/git/"
        std::filesystem::path git_root;  ///< <git_root>/container/httpd.git
    };

    GitSourceTrees(
        std::optional<Own> own, os::ProcessRunner& runner, std::filesystem::path temporary);

    bool is_own(const ScmUrl& url) const override;
    std::unique_ptr<source::Tree> open(const ScmUrl& url, std::stop_token stop) override;

private:
    std::filesystem::path own_path(const ScmUrl& url) const;
    std::filesystem::path clone(const ScmUrl& url, std::stop_token stop);

    const std::optional<Own> own_;
    os::ProcessRunner& runner_;
    const std::filesystem::path temporary_;
    std::optional<os::TempDir> clone_;
};

}  // namespace nacre::builder
