#include "hub/hub.hpp"

#include "hub/schema.hpp"

namespace nacre::hub {
namespace {

sql::Database& migrated(sql::Database& database) {
    migrate(database);
    return database;
}

}  // namespace

Hub::Hub(const Parts& parts, const HubConfig& config)
    : database{migrated(parts.database)},
      clock{parts.clock},
      refusals{parts.database, parts.clock, parts.log},
      policies{parts.policies},
      sessions{config.sessions, parts.random},
      verified_logins{config.verified_logins},
      tasks{policies},
      host_tasks{hosts, tasks},
      packages{policies, tags},
      tagging{Tagging::Parts{policies, tags, packages, builds, tasks, publications}},
      generators{users, builds, parts.random},
      files{config.top, host_tasks},
      import{CgImport::Parts{policies, users, builds, archives, generators, files}},
      removal{builds, archives, files},
      scheduler{parts.database, parts.clock, bells, config.scheduler, parts.log} {}

int Hub::clean_up() {
    Call call = begin_as_service(sql::Access::Write);
    const int imports = import.sweep(call);
    removal.sweep(call);
    generators.refund_orphans(call);
    sessions.sweep(call);
    call.commit();
    return imports;
}

Call Hub::begin_as_service(sql::Access access) {
    Call call = begin(access);
    call.set_caller(Caller::service());
    return call;
}

}  // namespace nacre::hub
