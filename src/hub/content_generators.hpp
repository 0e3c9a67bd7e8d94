#pragma once

#include "hub/builds.hpp"
#include "hub/users.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nacre::hub {

struct ContentGenerator {
    ContentGeneratorId id;
    std::string name;
    std::vector<std::string> users;
};

struct Reservation {
    BuildId build;
    std::string token;
};

/// What CGInitBuild was asked for.
struct ReservationRequest {
    Nvr nvr;
    std::optional<std::int64_t> epoch;
    std::optional<TaskId> task;
    std::optional<std::string> source;
    std::optional<std::string> owner;
};

/// Who may import what a program outside made (reference C.3, CG methods). Thread-safe.
class ContentGenerators {
public:
    ContentGenerators(const Users& users, const Builds& builds, Random& random)
        : users_{users},
          builds_{builds},
          random_{random} {}

    std::optional<ContentGenerator> find(Call& call, const NameOrId& key) const;
    ContentGenerator get(Call& call, const NameOrId& key) const;
    std::vector<ContentGenerator> list(Call& call) const;
    /// Admin.
    void grant(
        Call& call, const NameOrId& user, const NameOrId& generator, IfMissing if_missing) const;
    void revoke(Call& call, const NameOrId& user, const NameOrId& generator) const;
    /// Fault 1004 "Content generator access required (name)"; admin alone is not enough, as in Koji.
    void require_access(Call& call, ContentGeneratorId generator) const;

    /// CGInitBuild: a BUILDING build whose NVR nobody else can take, and the token that proves it.
    Reservation reserve(
        Call& call, const NameOrId& generator, const ReservationRequest& request) const;
    /// CGRefundBuild: the reserved build becomes FAILED or CANCELED; fault 1000 for a wrong token.
    void refund(
        Call& call,
        const NameOrId& generator,
        BuildId build,
        std::string_view token,
        BuildState state = BuildState::Failed) const;
    std::optional<std::string> find_token(Call& call, BuildId build) const;
    void drop_reservation(Call& call, BuildId build) const;
    /// Reservations of builds whose task has ended without an import: refunded. Returns how many.
    std::int64_t refund_orphans(Call& call) const;

private:
    const Users& users_;
    const Builds& builds_;
    Random& random_;
};

}  // namespace nacre::hub
