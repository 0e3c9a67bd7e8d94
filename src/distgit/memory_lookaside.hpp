#pragma once

#include "base/guarded.hpp"
#include "distgit/lookaside.hpp"

#include <map>
#include <memory>
#include <string>

namespace nacre::distgit {

/// Keeps files in memory: for tests.
class MemoryLookaside final : public Lookaside {
public:
    explicit MemoryLookaside(const Clock& clock) : clock_{clock} {}

    std::optional<StoredFile> find(const LookasideFile& file) const override;
    std::unique_ptr<ByteSource> open(const LookasideFile& file) const override;
    std::unique_ptr<LookasideUpload> upload() override;

private:
    friend class MemoryUpload;

    struct Content {
        std::string bytes;
        WallTime modified{};
    };

    const Clock& clock_;
    mutable Guarded<std::map<LookasideFile, Content>> files_;
};

}  // namespace nacre::distgit
