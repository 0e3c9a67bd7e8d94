#pragma once

#include "cli/build/options.hpp"
#include "dockerfile/parser.hpp"
#include "os/temp.hpp"
#include "source/file_digests.hpp"
#include "source/ignored_tree.hpp"
#include "source/remote_sources.hpp"
#include "source/tree.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace nacre::cli::build {

/// Before the reference of a named context that is an image, and before the folder of one that is in an OCI layout.
inline constexpr std::string_view kImageContext = "docker-image://";
inline constexpr std::string_view kLayoutContext = "oci-layout://";

/// What a build reads: the files, and the Dockerfile.
struct BuildContext {
    std::optional<os::TempDir> unpacked;           ///< of a tar on the standard input
    std::unique_ptr<source::FileDigests> digests;  ///< of a folder
    std::unique_ptr<source::Tree> files;
    std::unique_ptr<source::IgnoredTree>
        visible;  ///< of `files`, without what the ignore file hides
    source::FoundIgnoreFile ignored;
    dockerfile::ParseResult dockerfile;
    std::map<std::string, std::unique_ptr<source::Tree>> named;  ///< --build-context of files
};

struct ContextPlaces {
    std::filesystem::path folder;     ///< where the user stands
    std::filesystem::path temporary;  ///< to unpack in
    std::filesystem::path digests;    ///< folder of FileDigests
    ByteSource& input;                ///< standard input
    const Clock& clock;               ///< outlives the context
    source::RemoteSources& remotes;   ///< outlives the context
    std::stop_token stop;
};

/// The reference by which builds know a named context that is an image; empty for one of files. That of a layout is made up.
std::string image_of_context(std::string_view where);

/// What the text of a layout context names: "oci-layout://folder[:tag][@digest]". Throws Error{InvalidArgument}.
oci::Reference layout_of_context(std::string_view where, const std::filesystem::path& folder);

/// Opens a folder, a repository of git, or the tar (or the Dockerfile alone) that comes on the standard input or from an address, and reads the Dockerfile: `-f`, else
/// "Dockerfile", else "Containerfile" of the context. Errors in it are in dockerfile.diagnostics. Throws Error that says what
/// is missing.
BuildContext open_context(const BuildSettings& settings, const ContextPlaces& places);

}  // namespace nacre::cli::build
