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
    struct Content {
        std::string bytes;
        WallTime modified;
    };

    using Contents = std::map<LookasideFile, Content>;

    explicit MemoryLookaside(const Clock& clock) : clock_{clock} {}

    std::optional<StoredFile> find(const LookasideFile& file) const override;
    std::unique_ptr<ByteSource> open(const LookasideFile& file) const override;
    std::unique_ptr<LookasideUpload> upload() override;

private:
    const Clock& clock_;
    mutable Guarded<Contents> files_;
};

}  // namespace nacre::distgit
