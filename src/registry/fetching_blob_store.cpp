#include "registry/fetching_blob_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/detail/single_flight.hpp"
#include "registry/pull.hpp"

#include <string>
#include <vector>

namespace nacre::registry {
namespace {

/// What `get` gives for the first repository with the blob for which it throws no Error.
template <class Get>
auto from_an_origin(const Origins& origins, const oci::Digest& digest, Get get) {
    const std::vector<Repository> repositories = origins.repositories(digest);
    std::vector<std::string> failures;
    for (const Repository& repository : repositories) {
        try {
            return get(repository);
        } catch (const Error& error) {
            if (&repository == &repositories.back() && failures.empty()) throw;
            failures.push_back(error.describe());
        }
    }
    throw Error{ErrorCode::Unavailable, join(failures, "; ")};
}

}  // namespace

FetchingBlobStore::FetchingBlobStore(
    store::BlobStore& next, const Origins& origins, Registry& registry, std::stop_token stop)
    : next_{next},
      origins_{origins},
      registry_{registry},
      stop_{std::move(stop)},
      flights_{std::make_unique<detail::SingleFlight<oci::Digest>>()} {}

FetchingBlobStore::~FetchingBlobStore() = default;

std::unique_ptr<store::Ingest> FetchingBlobStore::ingest() {
    return next_.ingest();
}

void FetchingBlobStore::sync() {
    next_.sync();
}

std::optional<std::uint64_t> FetchingBlobStore::find(const oci::Digest& digest) const {
    if (const auto size = next_.find(digest)) return size;
    const auto blob = origins_.find(digest);
    return blob ? std::optional{blob->size} : std::nullopt;
}

std::unique_ptr<ByteSource> FetchingBlobStore::open(
    const oci::Digest& digest, std::uint64_t offset) const {
    ensure_here(digest);
    return next_.open(digest, offset);
}

std::unique_ptr<ByteSource> FetchingBlobStore::open_once(const oci::Digest& digest) const {
    const auto blob = origins_.find(digest);
    if (next_.find(digest) || !blob) return next_.open_once(digest);
    return from_an_origin(origins_, digest, [&](const Repository& repository) {
        return registry_.open_blob(repository, *blob, stop_);
    });
}

bool FetchingBlobStore::remove(const oci::Digest& digest) {
    return next_.remove(digest);
}

std::vector<oci::Digest> FetchingBlobStore::list() const {
    return next_.list();
}

void FetchingBlobStore::ensure_here(const oci::Digest& digest) const {
    if (next_.find(digest)) return;
    const auto blob = origins_.find(digest);
    if (!blob) throw Error{ErrorCode::NotFound, "no blob " + digest.str()};
    const auto hold = flights_->hold(digest, stop_);
    if (!next_.find(digest)) fetch(*blob);
}

void FetchingBlobStore::fetch(const oci::Descriptor& blob) const {
    from_an_origin(origins_, blob.digest, [&](const Repository& repository) {
        fetch_blob(registry_, repository, blob, next_, stop_);
    });
}

}  // namespace nacre::registry
