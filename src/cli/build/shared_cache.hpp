#pragma once

#include "cli/build/cache_options.hpp"
#include "cli/build/local_images.hpp"
#include "engine/step_transfer.hpp"
#include "oci/descriptor.hpp"
#include "registry/origins.hpp"
#include "registry/registry.hpp"
#include "store/blob_store.hpp"

#include <filesystem>
#include <map>
#include <stop_token>
#include <vector>

namespace nacre::cli::build {

/// What caches travel with. References outlive it.
struct CacheServices {
    registry::Registry& registry;  ///< knows OCI layouts too
    store::BlobStore& blobs;
    LocalImages& images;
    const registry::Origins& origins;  ///< of layers that a registry may have already
    std::filesystem::path folder;      ///< where relative paths begin
    oci::Platform platform;
    std::stop_token stop;
};

/// The steps that `--cache-from` names. Their layers stay where they are until somebody opens them. Steps decide by their keys, which cover all that
/// they depend on, so a cache that the user does not trust must not be named: whoever writes it says what a step comes to.
class ImportedSteps {
public:
    explicit ImportedSteps(CacheServices services) : services_{std::move(services)} {}

    /// Reads the records, no layer; those that were added before win. Returns how many the cache has. Throws Error when it is not there or is
    /// no cache.
    std::size_t add(const CacheSource& source);

    const engine::StepRecords& steps() const noexcept { return steps_; }

    /// For engine::ImportedStepCache: asks the registry whether it still has the layer. For threads.
    bool accept(const engine::StepRecord& record) const;

private:
    engine::StepRecords read(const oci::Reference& reference) const;

    const CacheServices services_;
    engine::StepRecords steps_;
    std::map<oci::Digest, std::vector<registry::Repository>> homes_;
};

/// Brings steps there, with their layers as they are in the store; what is there already is not sent again. `target` is not inline.
void export_steps(
    const CacheTarget& target, const engine::StepRecords& steps, const CacheServices& services);

}  // namespace nacre::cli::build
