#pragma once

#include <string_view>

namespace nacre::oci {

// Names of entries by which a layer removes what is below it (image-spec, layer.md, "Whiteouts").

inline constexpr std::string_view kWhiteoutPrefix = ".wh.";
/// Hides all that lower layers have in its folder.
inline constexpr std::string_view kOpaqueWhiteout = ".wh..wh..opq";
/// Bookkeeping of aufs, which hides nothing.
inline constexpr std::string_view kWhiteoutMetaPrefix = ".wh..wh.";

}  // namespace nacre::oci
