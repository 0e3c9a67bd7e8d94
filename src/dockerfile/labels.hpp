#pragma once

#include "base/diagnostic.hpp"
#include "dockerfile/expansion.hpp"
#include "dockerfile/syntax.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::dockerfile {

/// What a name stands for that the caller gives to a build (`--build-context`): an image, or a tree of files that the
/// engine knows by that name.
struct NamedContext {
    std::string image;  ///< its reference, or "scratch"; empty: files

    bool operator==(const NamedContext&) const = default;
};

/// By name: of a stage, or of an image as FROM and `from` write it.
using NamedContexts = std::map<std::string, NamedContext, std::less<>>;

/// The name among `contexts` that `text` stands for: "docker.io/library/", "docker.io/" and ":latest" make no difference.
std::optional<std::string> find_context_name(const NamedContexts& contexts, std::string_view text);

/// What a build is given from outside.
struct BuildInputs {
    Variables build_args;  ///< `--build-arg`
    /// TARGETPLATFORM, TARGETOS, TARGETARCH, TARGETVARIANT, BUILDPLATFORM, ...; see make_platform_arguments().
    Variables platform_args;
    std::string target;  ///< a stage's name or number; empty: the last stage
    NamedContexts contexts;
};

/// The eight automatic arguments of one target ("linux/arm64/v8") and build platform.
Variables make_platform_arguments(std::string_view target, std::string_view build);

/// HTTP_PROXY, http_proxy, ALL_PROXY, ...: known without ARG, and left out of history and cache keys.
bool is_predefined_proxy_argument(std::string_view name) noexcept;

enum class ImageUseKind : std::uint8_t { From, CopyFrom, MountFrom };

/// One place of the file where an image or another stage is named.
struct ImageUse {
    ImageUseKind kind = ImageUseKind::From;
    std::size_t stage = 0;  ///< the stage it stands in
    std::string
        text;  ///< expanded: "debian:bookworm", or a stage's name or number; of a named context: its image
    std::string platform;  ///< expanded `--platform` of FROM; empty when not given
    std::optional<std::size_t> source_stage;  ///< set when it names an earlier stage
    bool scratch = false;                     ///< FROM scratch
    std::string context;  ///< name of the named context of files; empty: it is none
    bool is_replaced =
        false;  ///< FROM: a named context stands for the whole stage, with all its instructions
    Location at;

    bool is_image() const noexcept { return !source_stage && !scratch && context.empty(); }
};

struct ImageUses {
    std::vector<ImageUse> uses;  ///< in the order of the file
    Diagnostics diagnostics;
};

/// Every FROM, COPY --from and RUN --mount from=, with global arguments put in and stage names resolved.
ImageUses find_image_uses(const Dockerfile& dockerfile, const BuildInputs& inputs);

/// What FROM sees and a stage's ARG may take over: the automatic arguments, then the file's own ARGs before the first
/// FROM. Problems are appended to `found`.
Variables evaluate_global_args(
    const Dockerfile& dockerfile, const BuildInputs& inputs, Diagnostics& found);

/// Index of the stage that is built for `target`. Throws Error{NotFound} that names the stages there are.
std::size_t find_target(const Dockerfile& dockerfile, std::string_view target);

/// The state at the end of the target stage, as far as the file alone decides it.
struct StageState {
    Variables labels;  ///< set by the file, in this stage and in the stages it is built FROM
    Variables env;     ///< that of the base image first
    std::string user;  ///< of the last USER; empty when the file sets none
    Diagnostics diagnostics;
};

/// Evaluates LABEL, ENV, ARG and USER of the target stage without running anything. `base_env` is the environment
/// of the image at the root of its chain of stages; ONBUILD triggers of that image are not considered.
StageState evaluate_stage(
    const Dockerfile& dockerfile, const BuildInputs& inputs, const Variables& base_env);

}  // namespace nacre::dockerfile
