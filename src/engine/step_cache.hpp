#pragma once

#include "base/guarded.hpp"
#include "engine/layer_writer.hpp"

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nacre::engine {

/// Names all that decides what a step comes to: hex digits of a SHA-256, safe as a file name. See step_key.hpp.
struct StepKey {
    static constexpr std::size_t kHexDigits = 64;

    std::string hex;

    auto operator<=>(const StepKey&) const = default;
};

/// What a step came to.
struct StepRecord {
    std::optional<Layer> layer;  ///< nothing: the step needed none

    bool operator==(const StepRecord&) const = default;
};

/// Remembers steps, so that the same one is not run twice. It holds names of blobs only: a record's blob may be gone.
/// Thread-safe, and safe between processes. Every implementation passes tests/contract/step_cache_contract.cpp.
class StepCache {
public:
    virtual ~StepCache() = default;

    /// Nothing for a key that is not known, and for a damaged record.
    virtual std::optional<StepRecord> find(const StepKey& key) const = 0;

    /// Replaces what was known under the key. Survives the end of the process, not a power cut.
    virtual void keep(const StepKey& key, const StepRecord& record) = 0;
};

/// Files `<root>/v1/<first two digits>/<key>`, each one JSON object `{"layer":DESCRIPTOR,"diffId":"sha256:..."}`, or `{}`
/// for a step without a layer, replaced in one step. What cannot be read as that is no record: a power cut may leave
/// an empty file. A change of the form gets another folder than "v1".
class DirectoryStepCache final : public StepCache {
public:
    /// Creates `root` when it does not exist.
    explicit DirectoryStepCache(const std::filesystem::path& root);

    std::optional<StepRecord> find(const StepKey& key) const override;
    void keep(const StepKey& key, const StepRecord& record) override;

    /// A record as a collection sees it. find() and keep() are its uses.
    struct Listed {
        StepKey key;
        std::optional<StepRecord> record;  ///< nothing: it is damaged
        std::uint64_t bytes = 0;           ///< of the record itself
        std::int64_t last_use = 0;         ///< seconds since 1970
    };

    /// In order of the keys.
    std::vector<Listed> list() const;
    /// False when there was none.
    bool remove(const StepKey& key);

private:
    std::filesystem::path path_of(const StepKey& key) const;

    const std::filesystem::path folder_;
};

class MemoryStepCache final : public StepCache {
public:
    std::optional<StepRecord> find(const StepKey& key) const override;
    void keep(const StepKey& key, const StepRecord& record) override;

private:
    mutable Guarded<std::map<StepKey, StepRecord>> records_;
};

}  // namespace nacre::engine
