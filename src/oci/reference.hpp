#pragma once

#include "oci/digest.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nacre::oci {

/// "registry.example.org:5000/team/app:1.0@sha256:…": what FROM, push and pull name.
struct Reference {
    std::string registry;    ///< "host[:port]"; empty when the text names none
    std::string repository;  ///< "team/app"
    std::string image_tag;   ///< empty when the text names none
    std::optional<Digest> digest;

    /// distribution-spec grammar. The first component is a registry when it has a '.' or ':' or is
    /// "localhost". Throws Error{InvalidArgument} that says which part is wrong.
    static Reference parse(std::string_view text);

    /// The tag, or "latest" when there is neither tag nor digest.
    std::string effective_tag() const;
    std::string str() const;

    bool operator==(const Reference&) const = default;
};

/// distribution-spec: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*, at most 255 bytes.
bool is_repository(std::string_view text) noexcept;
/// distribution-spec: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
bool is_image_tag(std::string_view text) noexcept;

}  // namespace nacre::oci
