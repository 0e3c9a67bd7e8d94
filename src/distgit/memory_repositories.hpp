#pragma once

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "distgit/repositories.hpp"

#include <map>
#include <string>
#include <vector>

namespace nacre::distgit {

/// Keeps names and hashes, but no files, in memory: for tests. `clock` outlives it.
class MemoryRepositories final : public Repositories {
public:
    explicit MemoryRepositories(const Clock& clock) : clock_{clock} {}

    /// As a push would.
    void set_branch(
        const RepositoryName& name, const std::string& branch, const std::string& commit);

    Repository create(
        const RepositoryName& name, const NewRepository& order, std::stop_token stop) override;
    std::optional<Repository> find(const RepositoryName& name) const override;
    std::vector<RepositoryName> list() const override;
    std::vector<Branch> branches(const RepositoryName& name, std::stop_token stop) const override;
    std::string resolve(
        const RepositoryName& name, const std::string& ref, std::stop_token stop) const override;

    const std::vector<std::string>& namespaces() const noexcept override { return namespaces_; }

private:
    struct Entry {
        Repository repository;
        std::map<std::string, std::string> branches;
    };

    Entry get(const RepositoryName& name) const;

    const Clock& clock_;
    std::vector<std::string> namespaces_ = default_namespaces();
    mutable Guarded<std::map<RepositoryName, Entry>> entries_;
};

}  // namespace nacre::distgit
