#pragma once

#include "archive/compression.hpp"
#include "engine/layer_writer.hpp"
#include "engine/plan.hpp"
#include "engine/step_cache.hpp"
#include "exec/executor.hpp"
#include "source/tree.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

/// Whose builds may use each other's steps. It is part of the key: what a scratch build left can never become part of an
/// official one.
enum class Trust : std::uint8_t { Scratch, Official };

/// What a mount of a RUN shows files of: a tree, or layers.
struct MountOrigin {
    std::vector<Layer> layers;
    const source::Tree* tree = nullptr;
};

/// What decides the outcome of a step besides the step itself.
struct StepSurroundings {
    Trust trust = Trust::Scratch;
    oci::Platform platform;
    archive::CompressionSettings compression;
    std::int64_t source_date_epoch = 0;
    exec::NetworkMode network = exec::NetworkMode::None;
    const std::vector<Layer>& parents;  ///< what the step is on top of
    const std::vector<Layer>& origin;   ///< of COPY --from a stage or image
    const source::Tree& context;
    std::vector<MountOrigin> mounted;  ///< of the origins_of() a RUN, in order
    std::vector<exec::HostEntry> extra_hosts;
    std::string hostname;  ///< of RUN; empty: the default
};

/// The network that a step really gets in a build with the network `of_build`.
exec::NetworkMode network_of(const RunAction& run, exec::NetworkMode of_build);

/// The key covers the words of the step with all variables expanded, the layers below it, the content of the files that
/// it copies or mounts, and the settings that the bytes of its layer depend on. Files without a content key are read. Of caches, secrets and ssh agents it covers the names only. Throws what
/// select_sources() throws. `action` is no ConfigAction.
StepKey make_step_key(const Action& action, const StepSurroundings& around);

/// Names what a mount shows of `source` (a file, or a folder with what is in it) of a tree: the same content has the same name.
StepKey make_tree_key(const source::Tree& tree, const std::string& source, std::int64_t epoch);

/// Digests values in a form that no two lists of values share: each has its kind, its length and then its bytes.
class KeyWriter {
public:
    KeyWriter();
    KeyWriter(KeyWriter&&) noexcept;
    ~KeyWriter();

    void add(std::string_view text);

    void add(const std::string& text) { add(std::string_view{text}); }

    void add(const char* text) { add(std::string_view{text}); }

    void add(std::int64_t number);
    void add(const std::vector<std::string>& texts);
    /// Says how many values follow that belong together.
    void begin_list(std::size_t count);

    /// Called once, last.
    StepKey finish();

private:
    void frame(char kind, std::uint64_t number);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::engine
