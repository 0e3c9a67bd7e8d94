#pragma once

#include "distgit/repository_name.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nacre::distgit {

inline constexpr std::string_view kDefaultBranch = "main";

struct NewRepository {
    std::string owner;        ///< may push and give rights to others
    std::string description;  ///< one line
};

struct Repository {
    RepositoryName name;
    std::string description;
    std::int64_t created = 0;  ///< seconds since 1970
};

struct Branch {
    std::string name;
    std::string commit;  ///< full hash
};

/// The git repositories of dist-git. Thread-safe, and safe between processes. Every implementation passes
/// tests/contract/repositories_contract.cpp.
class Repositories {
public:
    virtual ~Repositories() = default;

    /// Makes a repository whose branch "main" has one commit, "Initial setup of the repository", with an empty
    /// .gitignore. Whole or not at all. Throws Error{Conflict} when it exists, Error{InvalidArgument} for a namespace
    /// that is not allowed (the message names those that are).
    virtual Repository create(
        const RepositoryName& name, const NewRepository& order, std::stop_token stop) = 0;

    virtual std::optional<Repository> find(const RepositoryName& name) const = 0;

    /// In order of their names.
    virtual std::vector<RepositoryName> list() const = 0;

    /// In order of their names. Throws Error{NotFound} when there is no such repository.
    virtual std::vector<Branch> branches(
        const RepositoryName& name, std::stop_token stop) const = 0;

    /// The full hash of the commit that `ref` (a branch, a tag, a full or abbreviated hash) stands for. Throws
    /// Error{NotFound} for an unknown repository or ref, Error{InvalidArgument} for a text that cannot be one.
    virtual std::string resolve(
        const RepositoryName& name, const std::string& ref, std::stop_token stop) const = 0;

    /// The allowed namespaces, sorted.
    virtual const std::vector<std::string>& namespaces() const noexcept = 0;
};

/// Returns what is there, or creates it.
Repository ensure_repository(
    Repositories& repositories,
    const RepositoryName& name,
    const NewRepository& order,
    std::stop_token stop);

/// A text that may be given to git as a ref: no leading '-', no control characters, no blanks, none of "~^:?*[\\", no
/// "..", no "@{", at most 255 bytes (gitcheckrefformat(1), and a little stricter).
bool is_ref(std::string_view text) noexcept;
/// Throws Error{InvalidArgument} unless is_ref().
void require_ref(std::string_view text);

/// What every implementation demands of a new repository; throws Error{InvalidArgument}.
void require_order(
    const std::vector<std::string>& namespaces,
    const RepositoryName& name,
    const NewRepository& order);

}  // namespace nacre::distgit
