#pragma once

#include "base/clock.hpp"
#include "distgit/lookaside.hpp"

#include <filesystem>

namespace nacre::distgit {

/// Files in a folder, laid out as the download URLs are.
class DirectoryLookaside final : public Lookaside {
public:
    /// Makes `root` when it is missing and sweeps the uploads of killed processes. `clock` outlives it.
    DirectoryLookaside(std::filesystem::path root, const Clock& clock);

    std::optional<StoredFile> find(const LookasideFile& file) const override;
    std::unique_ptr<ByteSource> open(const LookasideFile& file) const override;
    std::unique_ptr<LookasideUpload> upload() override;

private:
    std::filesystem::path root_;
    const Clock& clock_;
};

}  // namespace nacre::distgit
