#pragma once

#include "source/tree.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nacre::source {

/// A folder of another tree as a tree of its own. `inner` outlives it.
class SubTree final : public Tree {
public:
    /// `folder` is plain, or empty for all of it. Throws Error{NotFound} when it is no folder.
    SubTree(const Tree& inner, std::string folder);

    std::optional<Node> find(std::string_view path) const override;
    std::vector<Node> walk(std::string_view path) const override;
    std::unique_ptr<ByteSource> open(const Node& file) const override;

    std::optional<std::int64_t> commit_time() const override { return inner_->commit_time(); }

private:
    std::string inside(std::string_view path) const;
    Node outside(Node node) const;

    const Tree* inner_;
    std::string folder_;
};

}  // namespace nacre::source
