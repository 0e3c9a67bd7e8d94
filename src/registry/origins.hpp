#pragma once

#include "base/guarded.hpp"
#include "oci/descriptor.hpp"
#include "registry/repository.hpp"

#include <map>
#include <optional>
#include <vector>

namespace nacre::registry {

/// Which repositories have which blobs: what makes it possible to fetch a base layer late, and to mount it instead of copying it. Thread-safe.
class Origins {
public:
    void add(const oci::Descriptor& blob, const Repository& repository);

    /// As it was added first.
    std::optional<oci::Descriptor> find(const oci::Digest& digest) const;

    /// In the order in which they were added.
    std::vector<Repository> repositories(const oci::Digest& digest) const;

private:
    struct Origin {
        oci::Descriptor blob;
        std::vector<Repository> repositories;
    };

    mutable Guarded<std::map<oci::Digest, Origin>> origins_;
};

}  // namespace nacre::registry
