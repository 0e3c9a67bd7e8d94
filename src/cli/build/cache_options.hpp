#pragma once

#include "oci/digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::cli::build {

/// Where `--cache-from` finds steps.
struct CacheSource {
    enum class Kind : std::uint8_t { Registry, Local };

    std::string text;  ///< as it was typed, for messages
    Kind kind = Kind::Registry;
    std::string place;                  ///< a reference, or the folder of an OCI layout
    std::string image_tag = "latest";   ///< in the layout
    std::optional<oci::Digest> digest;  ///< in the layout, instead of the tag

    bool operator==(const CacheSource&) const = default;
};

/// Where `--cache-to` brings steps.
struct CacheTarget {
    enum class Kind : std::uint8_t { Registry, Local, Inline };
    /// Those whose layers the image has, or all.
    enum class Steps : std::uint8_t { OfImage, All };
    enum class OnError : std::uint8_t { Fail, Warn };

    std::string text;
    Kind kind = Kind::Registry;
    std::string place;
    std::string image_tag = "latest";
    Steps steps = Steps::OfImage;
    OnError on_error = OnError::Fail;

    bool operator==(const CacheTarget&) const = default;
};

/// "type=registry,ref=REF", "type=local,src=FOLDER[,tag=TAG][,digest=DIGEST]", or a reference alone. Throws Error{InvalidArgument};
/// Error{Unsupported} for the kinds of BuildKit's that need its own services.
CacheSource parse_cache_source(std::string_view text);

/// "type=registry,ref=REF[,mode=min|max][,ignore-error=true]", "type=local,dest=FOLDER[,tag=TAG]", "type=inline", or a reference alone.
CacheTarget parse_cache_target(std::string_view text);

}  // namespace nacre::cli::build
