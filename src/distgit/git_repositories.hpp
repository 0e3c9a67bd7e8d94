#pragma once

#include "base/clock.hpp"
#include "distgit/repositories.hpp"
#include "os/process.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nacre::distgit {

struct GitConfig {
    std::filesystem::path root;  ///< repositories are <root>/<namespace>/<name>.git
    std::vector<std::string> namespaces = default_namespaces();
    std::string author_name = "Nacre";
    std::string author_email = "nacre@localhost";
    std::uint64_t push_bytes_max = 512U << 20U;  ///< of one push, packed
};

/// The environment every git program of ours gets: nothing of the machine's or the user's configuration, no prompts, no
/// hooks, and no refusal of a repository because of its owner.
std::vector<std::string> git_environment();

/// Bare repositories on disk through the git command line.
class GitRepositories final : public Repositories {
public:
    /// Makes `root` when it is missing and sweeps what killed processes left. `runner` and `clock` outlive it.
    GitRepositories(GitConfig config, os::ProcessRunner& runner, const Clock& clock);

    Repository create(
        const RepositoryName& name, const NewRepository& order, std::stop_token stop) override;
    std::optional<Repository> find(const RepositoryName& name) const override;
    std::vector<RepositoryName> list() const override;
    std::vector<Branch> branches(const RepositoryName& name, std::stop_token stop) const override;
    std::string resolve(
        const RepositoryName& name, const std::string& ref, std::stop_token stop) const override;

    const std::vector<std::string>& namespaces() const noexcept override {
        return config_.namespaces;
    }

    /// Packs what pushes left and drops what nothing refers to (git gc). Throws Error{NotFound}.
    void collect_garbage(const RepositoryName& name, std::stop_token stop);

    /// `<root>/<namespace>/<name>.git`, whether it is there or not.
    std::filesystem::path folder_of(const RepositoryName& name) const;

private:
    void require_namespace(const RepositoryName& name) const;
    std::filesystem::path require_folder(const RepositoryName& name) const;
    void set_up(
        const std::filesystem::path& folder, const NewRepository& order, std::stop_token stop);
    std::string git(
        const std::filesystem::path& folder,
        std::vector<std::string> arguments,
        std::string input,
        std::stop_token stop) const;

    GitConfig config_;
    os::ProcessRunner& runner_;
    const Clock& clock_;
};

}  // namespace nacre::distgit
