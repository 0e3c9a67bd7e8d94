#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

enum class PublicationState : std::uint8_t { Pending, Done, Failed };

/// What must still happen outside because a build was tagged, or did happen: the outbox and the ledger.
/// Written in the transaction that tags the build, so neither is without the other.
struct Publication {
    PublicationId id;
    BuildId build;
    TagId tag;
    std::string nvr;
    std::string tag_name;
    PublicationState state = PublicationState::Pending;
    std::int64_t created_us = 0;
    std::optional<std::int64_t> claimed_until_us;
    std::int64_t attempts = 0;
    std::optional<std::string> last_error;
    std::optional<std::string> receipt;  ///< JSON, as the publisher gave it
    std::optional<std::int64_t> finished_us;
};

struct PublicationFilter {
    std::optional<PublicationState> state;
    std::optional<BuildId> build;
    std::optional<TagId> tag;
};

/// After so many attempts a publication is Failed and waits for a person: retry().
inline constexpr std::int64_t kPublicationAttemptsMax = 20;

/// Stateless: thread-safe.
class Publications {
public:
    /// For a build that became a member of `tag`; a pending one for the same pair is kept as it is.
    void enqueue(Call& call, BuildId build, TagId tag) const;

    std::vector<Publication> list(
        Call& call, const PublicationFilter& filter, const QueryOptions& options = {}) const;

    /// The oldest that is due, for `lease` from now; another claim gets it when that has passed.
    std::optional<Publication> claim(Call& call, std::chrono::seconds lease) const;
    /// Gives back what a publisher that is gone had claimed: for the start of the only one over the database, which need not
    /// wait for leases that nobody holds.
    void release_claims(Call& call) const;
    /// Twice is once.
    void finish(Call& call, PublicationId publication, std::string_view receipt) const;
    /// Due again after a growing pause, or Failed after kPublicationAttemptsMax.
    void fail(Call& call, PublicationId publication, std::string_view error) const;
    /// Admin: Failed becomes Pending with all its attempts.
    void retry(Call& call, PublicationId publication) const;
    /// When the next one is due: what a publisher thread waits for.
    std::optional<std::int64_t> next_due_us(Call& call) const;
};

}  // namespace nacre::hub
