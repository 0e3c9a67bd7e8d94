#pragma once

#include "base/guarded.hpp"
#include "engine/step_cache.hpp"
#include "oci/manifest.hpp"
#include "store/blob_store.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

// Steps that travel between machines. They are an OCI artifact: a manifest whose config, of the media type kMediaTypeSteps, is
//
//     {"version":1,"steps":[{"key":"<64 hex digits>","layer":DESCRIPTOR,"diffId":"sha256:..."},{"key":"..."}]}
//
// and whose layers are the blobs of the steps as the store has them, each once. Or they are an annotation of the image itself, kStepsAnnotation:
// keys, each with the number of its layer in the image, or null: {"<key>":0,"<key>":null}.

inline constexpr std::string_view kMediaTypeSteps = "application/vnd.nacre.steps.v1+json";
inline constexpr std::string_view kStepsAnnotation = "io.nacre.steps.v1";
inline constexpr std::size_t kStepsMax = 10'000;
inline constexpr std::size_t kStepsBytesMax = 16U << 20U;

using StepRecords = std::map<StepKey, StepRecord>;

/// Those without a layer, and those whose layer is one of these.
StepRecords steps_of_layers(const StepRecords& steps, const std::vector<Layer>& layers);

/// Stores config and manifest, and returns the manifest. The blobs of the layers are the caller's business.
oci::Descriptor write_steps(store::BlobStore& blobs, const StepRecords& steps);

/// The config of an artifact. Throws Error{DataCorrupt} for anything else; keys are well formed then.
StepRecords parse_steps(std::string_view config);

/// Of steps_of_layers(); throws Error{InvalidArgument} for a layer that is not there.
std::string render_inline_steps(const StepRecords& steps, const std::vector<Layer>& layers);
StepRecords parse_inline_steps(std::string_view annotation, const std::vector<Layer>& layers);

/// Notes the steps that a build found or made.
class RecordingStepCache final : public StepCache {
public:
    /// `next` outlives it.
    explicit RecordingStepCache(StepCache& next) noexcept : next_{next} {}

    std::optional<StepRecord> find(const StepKey& key) const override;
    void keep(const StepKey& key, const StepRecord& record) override;

    StepRecords steps() const { return *seen_.lock(); }

private:
    StepCache& next_;
    mutable Guarded<StepRecords> seen_;
};

/// What `next` does not know is looked up in steps that came from elsewhere; of what both know the layer may be there only.
class ImportedStepCache final : public StepCache {
public:
    /// Makes the layer one that the build's store can open; false: it cannot be had, and the step is run. Called from several threads.
    using Accept = std::function<bool(const StepKey& key, const StepRecord& record)>;

    /// `next` outlives it, and gets what is found.
    ImportedStepCache(StepCache& next, StepRecords steps, Accept accept)
        : next_{next},
          steps_{std::move(steps)},
          accept_{std::move(accept)} {}

    std::optional<StepRecord> find(const StepKey& key) const override;
    void keep(const StepKey& key, const StepRecord& record) override;

private:
    StepCache& next_;
    const StepRecords steps_;
    const Accept accept_;
};

}  // namespace nacre::engine
