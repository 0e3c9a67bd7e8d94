#pragma once

#include "oci/reference.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace nacre::registry {

/// What a name without a registry means to people who come from docker.
inline constexpr std::string_view kDockerHub = "docker.io";

/// A repository of a registry: "registry.example.org:5000" and "team/app".
struct Repository {
    std::string registry;
    std::string name;

    /// "registry.example.org:5000/team/app"
    std::string str() const;

    auto operator<=>(const Repository&) const = default;
};

/// The reference with a registry, `default_registry` when it names none. Docker's short forms are written out:
/// "debian" of docker.io is "docker.io/library/debian", index.docker.io is docker.io.
oci::Reference complete(oci::Reference reference, std::string_view default_registry = kDockerHub);

/// Of a complete reference; throws Error{InvalidArgument} for one without a registry.
Repository repository_of(const oci::Reference& reference);

/// "127.0.0.1:5000", "localhost", "[::1]": a registry on this machine, which may be spoken to without TLS.
bool is_loopback(std::string_view registry);

}  // namespace nacre::registry
