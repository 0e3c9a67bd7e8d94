#include "registry/origins.hpp"

#include <algorithm>

namespace nacre::registry {

void Origins::add(const oci::Descriptor& blob, const Repository& repository) {
    auto origins = origins_.lock();
    Origin& origin = origins->try_emplace(blob.digest, Origin{blob, {}}).first->second;
    if (std::ranges::find(origin.repositories, repository) == origin.repositories.end())
        origin.repositories.push_back(repository);
}

std::optional<oci::Descriptor> Origins::find(const oci::Digest& digest) const {
    auto origins = origins_.lock();
    const auto found = origins->find(digest);
    if (found == origins->end()) return std::nullopt;
    return found->second.blob;
}

std::vector<Repository> Origins::repositories(const oci::Digest& digest) const {
    auto origins = origins_.lock();
    const auto found = origins->find(digest);
    return found == origins->end() ? std::vector<Repository>{} : found->second.repositories;
}

}  // namespace nacre::registry
