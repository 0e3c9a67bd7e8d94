#include "registry/fetching_blob_store.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/pull.hpp"

#include <string>
#include <vector>

namespace nacre::registry {

FetchingBlobStore::FetchingBlobStore(
    store::BlobStore& next, const Origins& origins, Registry& registry, std::stop_token stop)
    : next_{next},
      origins_{origins},
      registry_{registry},
      stop_{std::move(stop)} {}

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

bool FetchingBlobStore::remove(const oci::Digest& digest) {
    return next_.remove(digest);
}

std::vector<oci::Digest> FetchingBlobStore::list() const {
    return next_.list();
}

namespace {

/// Others may fetch the blob when this ends.
class Flight {
public:
    Flight(
        Guarded<std::set<oci::Digest>>& in_flight,
        std::condition_variable_any& landed,
        const oci::Digest& digest)
        : in_flight_{in_flight},
          landed_{landed},
          digest_{digest} {}

    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;

    ~Flight() {
        in_flight_.lock()->erase(digest_);
        landed_.notify_all();
    }

private:
    Guarded<std::set<oci::Digest>>& in_flight_;
    std::condition_variable_any& landed_;
    const oci::Digest& digest_;
};

}  // namespace

void FetchingBlobStore::ensure_here(const oci::Digest& digest) const {
    while (!next_.find(digest)) {
        const auto blob = origins_.find(digest);
        if (!blob) throw Error{ErrorCode::NotFound, "no blob " + digest.str()};
        {
            auto in_flight = in_flight_.lock();
            if (in_flight->contains(digest)) {
                const bool has_landed = in_flight.wait(
                    landed_, stop_, [&](const auto& others) { return !others.contains(digest); });
                if (!has_landed) throw Cancelled{};
                continue;
            }
            in_flight->insert(digest);
        }
        const Flight flight{in_flight_, landed_, digest};
        // Another may have brought it between the look and the insertion.
        if (!next_.find(digest)) fetch(*blob);
    }
}

void FetchingBlobStore::fetch(const oci::Descriptor& blob) const {
    const std::vector<Repository> repositories = origins_.repositories(blob.digest);
    std::vector<std::string> failures;
    for (const Repository& repository : repositories) {
        try {
            return fetch_blob(registry_, repository, blob, next_, stop_);
        } catch (const Error& error) {
            if (&repository == &repositories.back() && failures.empty()) throw;
            failures.push_back(error.describe());
        }
    }
    throw Error{ErrorCode::Unavailable, join(failures, "; ")};
}

}  // namespace nacre::registry
