#pragma once

#include "api/registry/registry.hpp"
#include "base/guarded.hpp"
#include "oci/descriptor.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::api::registry::detail {

/// Manifests of repositories and who refers to them. Thread-safe.
class Manifests {
public:
    explicit Manifests(const RegistryParts& parts) : parts_{parts} {}

    http::Response get(
        const http::Request& request, const std::string& repository, const std::string& reference);
    http::Response put(
        const http::Request& request, const std::string& repository, const std::string& reference);
    http::Response remove(const std::string& repository, const std::string& reference);
    http::Response referrers(
        const http::Request& request, const std::string& repository, const std::string& reference);

private:
    /// What the referrers of an image are listed by.
    struct Facts {
        std::optional<oci::Digest> subject;
        std::string artifact_type;
        oci::Annotations annotations;
        std::uint64_t size = 0;
    };

    static Facts read_facts(std::string_view bytes);
    Facts facts_of(const oci::Digest& digest);
    void check_references(std::string_view bytes, const std::string& media_type) const;
    void check_blob(const oci::Descriptor& blob) const;
    store::NamedManifest get_named(
        const std::string& repository, const std::string& reference) const;

    RegistryParts parts_;
    /// Facts never change, since they are of bytes with a digest.
    Guarded<std::map<oci::Digest, Facts>> known_;
};

}  // namespace nacre::api::registry::detail
