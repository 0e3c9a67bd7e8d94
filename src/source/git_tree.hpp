#pragma once

#include "base/guarded.hpp"
#include "os/process.hpp"
#include "source/tree.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::source {

struct GitTreeLimits {
    std::size_t entries = 1'000'000;
    std::uint64_t file_bytes = std::uint64_t{4} << 30U;
    std::size_t listing_bytes = 256U << 20U;
};

/// True for 40 or 64 lower-case hex digits: the only names of commits that are taken.
bool is_commit_id(std::string_view text) noexcept;

class GitObjectReader;

/// A commit, read straight from the object store of a repository: no checkout, no hooks, no filters, no
/// configuration of the user or the machine. Entries are listed once; contents come from `git cat-file --batch`
/// children that are kept and used again, at most one for each source that is open at the same time.
class GitCommitTree final : public Tree {
public:
    /// Throws Error{InvalidArgument} when `commit` is no full commit id, Error{NotFound} when the repository has no
    /// such commit, Error{Unsupported} for submodules, Error{DataCorrupt} for entries no checkout could have,
    /// Error{ResourceExhausted} past the limits. `runner` outlives it.
    GitCommitTree(
        os::ProcessRunner& runner,
        std::filesystem::path repository,
        std::string_view commit,
        const GitTreeLimits& limits,
        std::stop_token stop);
    ~GitCommitTree() override;

    std::optional<Node> find(std::string_view path) const override;
    std::vector<Node> walk(std::string_view path) const override;
    /// The content is checked for its length; git checks it against the object id.
    std::unique_ptr<ByteSource> open(const Node& file) const override;
    std::optional<std::int64_t> commit_time() const override;

    const std::string& commit() const noexcept { return commit_; }

private:
    void list(std::stop_token stop);
    Node parse_entry(std::string_view entry) const;
    void read_links();

    std::string commit_;
    GitTreeLimits limits_;
    std::shared_ptr<GitObjectReader> objects_;
    std::int64_t commit_time_ = 0;
    std::vector<Node> nodes_;  ///< sorted by path_less
};

}  // namespace nacre::source
