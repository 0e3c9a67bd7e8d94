#pragma once

#include "os/unique_fd.hpp"
#include "source/file_digests.hpp"
#include "source/tree.hpp"

#include <cstddef>
#include <filesystem>

namespace nacre::source {

inline constexpr std::size_t kTreeEntriesMax = 5'000'000;
inline constexpr std::size_t kTreeDepthMax = 500;

/// A folder of this machine. Every path is resolved below the folder by the kernel, without following links.
class FolderTree final : public Tree {
public:
    /// Throws SystemError when `root` is no folder. `digests` outlives it; without them files have no content keys.
    explicit FolderTree(const std::filesystem::path& root, FileDigests* digests = nullptr);

    std::optional<Node> find(std::string_view path) const override;
    /// Throws Error{ResourceExhausted} past kTreeEntriesMax or kTreeDepthMax.
    std::vector<Node> walk(std::string_view path) const override;
    std::unique_ptr<ByteSource> open(const Node& file) const override;

    void remember(const Node& file, std::string_view content_key) const override;

    std::optional<std::int64_t> commit_time() const override { return std::nullopt; }

private:
    std::filesystem::path root_;
    os::UniqueFd fd_;
    FileDigests* digests_;
};

}  // namespace nacre::source
