#pragma once

#include "hub/audit.hpp"
#include "hub/build_removal.hpp"
#include "hub/cg_import.hpp"
#include "hub/events.hpp"
#include "hub/host_tasks.hpp"
#include "hub/permissions.hpp"
#include "hub/scheduler.hpp"
#include "hub/tagging.hpp"
#include "hub/targets.hpp"
#include "hub/verified_logins.hpp"

#include <filesystem>

namespace nacre::hub {

struct HubConfig {
    std::filesystem::path top;  ///< Koji's topdir: packages/ and work/ are in it
    SessionRules sessions;
    SchedulerRules scheduler;
    VerifiedLoginRules verified_logins;
};

/// The services of a hub, tied together. Thread-safe; what it is given outlives it.
struct Hub {
    struct Parts {
        sql::Database& database;
        const Clock& clock;
        Random& random;
        Log log;
        Policies policies;
    };

    /// Migrates the database.
    Hub(const Parts& parts, const HubConfig& config);
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    Call begin(sql::Access access) { return Call{database, access, clock, bells}; }

    /// Takes back imports that killed processes left half done, removes files of deleted builds, gives up reservations
    /// of ended tasks and expires sessions: at a start, and from time to time. Other processes over the same database
    /// are not disturbed: it has the writers' turn, as every import has while it is under way. Returns the number of
    /// imports taken back.
    int clean_up();

    /// The hub's own calls: may do everything.
    Call begin_as_service(sql::Access access);

    sql::Database& database;
    const Clock& clock;
    Bells bells;
    RefusalNotes refusals;
    const Policies policies;
    const Users users{};
    const Sessions sessions;
    const VerifiedLoginRules verified_logins;
    const Channels channels{};
    const Hosts hosts{};
    const Tasks tasks;
    const HostTasks host_tasks;
    const Tags tags{};
    const Targets targets{};
    const PackageLists packages;
    const Publications publications{};
    const Builds builds{};
    const Tagging tagging;
    const Archives archives{};
    const ContentGenerators generators;
    const TaskFiles files;
    const CgImport import;
    const BuildRemoval removal;
    Scheduler scheduler;
};

}  // namespace nacre::hub
