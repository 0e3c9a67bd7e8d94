#pragma once

#include "engine/root_folder.hpp"
#include "source/tree.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

/// The root of an image as a source tree, so that COPY --from selects as COPY does. Confined to one thread, as the folder
/// is, which outlives it.
class RootTree final : public source::Tree {
public:
    explicit RootTree(const RootFolder& root) : root_{root} {}

    std::optional<source::Node> find(std::string_view path) const override;
    std::vector<source::Node> walk(std::string_view path) const override;
    std::unique_ptr<ByteSource> open(const source::Node& file) const override;

    std::optional<std::int64_t> commit_time() const override { return std::nullopt; }

private:
    void walk_into(const std::string& folder, std::vector<source::Node>& nodes) const;

    const RootFolder& root_;
};

}  // namespace nacre::engine
