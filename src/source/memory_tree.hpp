#pragma once

#include "source/tree.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::source {

/// A tree held in memory: for tests, and for files that a service makes up. Fill it before it is shared.
class MemoryTree final : public Tree {
public:
    explicit MemoryTree(std::optional<std::int64_t> commit_time = std::nullopt)
        : commit_time_{commit_time} {}

    /// The folders above are added when they are missing. Throw Error{InvalidArgument} for a path that is not
    /// plain, Error{Conflict} when something else is in the way.
    void add_file(std::string_view path, std::string content, std::uint32_t mode = 0644);
    void add_symlink(std::string_view path, std::string target);
    void add_folder(std::string_view path, std::uint32_t mode = 0755);

    std::optional<Node> find(std::string_view path) const override;
    std::vector<Node> walk(std::string_view path) const override;
    std::unique_ptr<ByteSource> open(const Node& file) const override;

    std::optional<std::int64_t> commit_time() const override { return commit_time_; }

private:
    struct PathLess {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept;
    };

    struct Entry {
        Node node;
        std::string content;
    };

    void add(Node node, std::string content);

    std::optional<std::int64_t> commit_time_;
    std::map<std::string, Entry, PathLess> entries_;
};

}  // namespace nacre::source
