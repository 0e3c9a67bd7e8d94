#pragma once

#include "source/ignore.hpp"
#include "source/tree.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nacre::source {

/// Another tree without what the patterns exclude. An excluded folder stays when something in it is taken back by
/// an exception. `inner` outlives it.
class IgnoredTree final : public Tree {
public:
    IgnoredTree(const Tree& inner, IgnorePatterns patterns)
        : inner_{&inner},
          patterns_{std::move(patterns)} {}

    std::optional<Node> find(std::string_view path) const override;
    std::vector<Node> walk(std::string_view path) const override;
    std::unique_ptr<ByteSource> open(const Node& file) const override;

    void remember(const Node& file, std::string_view content_key) const override {
        inner_->remember(file, content_key);
    }

    std::optional<std::int64_t> commit_time() const override { return inner_->commit_time(); }

private:
    const Tree* inner_;
    IgnorePatterns patterns_;
};

struct FoundIgnoreFile {
    std::string path;  ///< empty when the tree has none
    IgnoreFile content;
};

/// The ignore file that holds for `dockerfile` (a path in the tree): "<dockerfile>.dockerignore",
/// "<dockerfile>.containerignore", ".containerignore", ".dockerignore", the first that is there.
FoundIgnoreFile find_ignore_file(const Tree& tree, std::string_view dockerfile);

}  // namespace nacre::source
