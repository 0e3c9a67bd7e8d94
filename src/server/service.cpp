#include "server/service.hpp"

#include "api/distgit/callers.hpp"
#include "api/distgit/git_handler.hpp"
#include "api/distgit/lookaside_handler.hpp"
#include "api/distgit/pagure_handler.hpp"
#include "api/files/data_files.hpp"
#include "api/koji/hub_handler.hpp"
#include "api/registry/registry.hpp"
#include "auth/gss_ticket_verifier.hpp"
#include "auth/record_authenticator.hpp"
#include "backend/local_backend.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/thread_group.hpp"
#include "builder/task_loop.hpp"
#include "distgit/directory_lookaside.hpp"
#include "distgit/file_access_list.hpp"
#include "distgit/git_repositories.hpp"
#include "exec/runtime_probe.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "hub/bell_relay.hpp"
#include "hub/hub.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"
#include "os/process.hpp"
#include "os/signals.hpp"
#include "os/temp.hpp"
#include "publish/mirror_publisher.hpp"
#include "server/builder_host.hpp"
#include "server/certificates.hpp"
#include "server/databases.hpp"
#include "server/hub_facts.hpp"
#include "server/hub_users.hpp"
#include "server/in_process_hub.hpp"
#include "server/publication_loop.hpp"
#include "store/directory_blob_store.hpp"
#include "store/directory_image_names.hpp"
#include "store/overlay_snapshotter.hpp"
#include "web/pages.hpp"

#include <unistd.h>

#include <memory>
#include <optional>
#include <utility>

namespace nacre::server {
namespace {

constexpr std::size_t kPolicyBytesMax = 1U << 20U;
constexpr std::chrono::seconds kJanitorInterval{30};
constexpr std::chrono::hours kCertificateCheckInterval{1};

/// "/" leads to the pages.
class FrontDoor final : public http::Handler {
public:
    http::Response handle(const http::Request& request) override {
        if (request.path != "/") return http::Response::plain(404, "there is nothing here\n");
        http::Response response = http::Response::plain(302, "/koji/\n");
        response.headers.set("Location", "/koji/");
        return response;
    }
};

os::FileLock lock_data(const Layout& layout) {
    auto lock = os::FileLock::try_acquire(layout.lock_file());
    if (!lock)
        throw Error{
            ErrorCode::Conflict,
            "another nacred uses the data folder '" + layout.root.string() + "'"}
            .with_hint("stop it, or set NACRE_ROOT to another folder");
    return std::move(*lock);
}

hub::Policies load_policies(const Layout& layout) {
    const auto text = os::find_file(layout.policy_file(), kPolicyBytesMax);
    return text ? hub::Policies::from_text(*text, layout.policy_file().string()) : hub::Policies{};
}

hub::VerifiedLoginRules rules_of(const Config& config) {
    return {
        .certificate_proxies = config.logins.certificate_proxies,
        .principal_proxies = config.logins.principal_proxies,
        .proxies_choose_kind = config.logins.proxies_choose_kind,
        .realms = config.kerberos.realms};
}

/// What belongs to the hub: it outlives everything that calls it.
struct HubParts {
    HubParts(const ServiceOptions& options, const Clock& clock, Random& random, Log log)
        : database{open_database(options.config, options.layout)},
          hub{{*database, clock, random, log, load_policies(options.layout)},
              {.top = options.layout.koji_top(),
               .sessions =
                   {.check_client_address = false,
                    .login_creates_user = options.config.logins.create_users},
               .scheduler = {},
               .verified_logins = rules_of(options.config)}},
          records{hub},
          authenticator{records, clock},
          noting_authenticator{authenticator, hub},
          dispatcher{hub, authenticator} {
        const std::string& keytab = options.config.kerberos.keytab;
        if (!keytab.empty()) tickets.emplace(keytab, options.layout.replays());
    }

    std::unique_ptr<sql::Database> database;
    hub::Hub hub;
    HubUserRecords records;
    auth::RecordAuthenticator authenticator;
    NotingAuthenticator
        noting_authenticator;  ///< for the faces that do not note refusals themselves
    std::optional<auth::GssTicketVerifier> tickets;
    api::koji::Dispatcher dispatcher;
};

api::koji::HubHandlerConfig hub_config_of(const Config& config, HubParts& parts) {
    api::koji::HubHandlerConfig hub;
    hub.trusted_proxies = config.http.trusted_proxies;
    hub.certificate_name = config.logins.certificate_name;
    if (parts.tickets) hub.tickets = &*parts.tickets;
    return hub;
}

/// What comes from outside the program.
struct Surroundings {
    os::ProcessRunner& runner;
    const Clock& clock;
    Random& random;
    Log log;
};

/// What answers HTTP in every process that is a hub.
struct HubFaces {
    HubFaces(const Config& config, const Layout& layout, HubParts& parts, Log log)
        : koji{parts.dispatcher, hub_config_of(config, parts), log},
          koji_files{layout.koji_top()},
          facts{parts.hub},
          pages{facts} {
        router.add("/kojihub", koji);
        router.add("/kojifiles", koji_files);
        router.add("/koji", pages);
        router.add("/", front_door);
    }

    api::koji::HubHandler koji;
    api::files::KojiFiles koji_files;
    HubFacts facts;
    web::Pages pages;
    FrontDoor front_door;
    http::Router router;
};

/// Everything that answers HTTP.
struct Faces {
    Faces(
        const Config& config,
        const Layout& layout,
        HubParts& parts,
        store::BlobStore& blobs,
        store::ImageNames& names,
        const Surroundings& around)
        : administrators{parts.hub},
          callers{parts.noting_authenticator, administrators},
          repositories{{.root = layout.git()}, around.runner, around.clock},
          access{layout.git()},
          git{{layout.git(), repositories, access, callers, around.runner}},
          pagure{{repositories, access, callers}},
          lookaside_files{layout.lookaside(), around.clock},
          lookaside{{lookaside_files, repositories, access, callers}, {}, around.log},
          hub{config, layout, parts, around.log},
          registry{{blobs, names, push_policy, around.clock, around.random}},
          mirror{layout.root} {
        router.add("/v2", registry);
        router.add("/git", git);
        router.add("/api/0", pagure);
        router.add("/repo", lookaside);
        router.add("/lookaside", lookaside);
        router.add("/mirror", mirror);
        router.add("/", hub.router);
    }

    HubAdministrators administrators;
    api::distgit::Callers callers;
    distgit::GitRepositories repositories;
    distgit::FileAccessList access;
    api::distgit::GitHandler git;
    api::distgit::PagureHandler pagure;
    distgit::DirectoryLookaside lookaside_files;
    api::distgit::LookasideHandler lookaside;
    HubFaces hub;
    api::registry::ClosedPushPolicy push_policy;
    api::registry::Registry registry;
    api::files::MirrorFiles mirror;
    http::Router router;
};

std::string plain_host(const HttpSettings& settings) {
    return settings.address == "0.0.0.0" ? "127.0.0.1" : settings.address;
}

/// Everything listens on loopback, without TLS, for this machine; and with TLS for others where it is wanted.
class Listeners {
public:
    Listeners(
        const Config& config, const Certificates& certificates, http::Handler& handler, Log log)
        : config_{config},
          certificates_{certificates},
          log_{log} {
        http::ServerConfig settings;
        settings.worker_threads = static_cast<unsigned>(config.http.workers);
        settings.address = config.http.address;
        settings.port = config.http.port;
        plain_.emplace(settings, handler, log);
        if (!config.tls.enabled) return;
        settings.address = config.tls.address;
        settings.port = config.tls.port;
        settings.tls = certificates.load();
        encrypted_.emplace(settings, handler, log);
    }

    /// For processes of this machine.
    std::string local_url() const {
        return "http://" + plain_host(config_.http) + ":" + std::to_string(plain_->port());
    }

    std::string public_url() const {
        if (!config_.http.public_url.empty()) return config_.http.public_url;
        if (!encrypted_) return local_url();
        const TlsSettings& tls = config_.tls;
        const bool any = tls.address == "0.0.0.0" || tls.address == "::";
        const std::string host = !tls.names.empty() ? tls.names.front()
                                 : any              ? "localhost"
                                                    : tls.address;
        return "https://" + host + ":" + std::to_string(encrypted_->port());
    }

    /// The body of a thread: reads the certificates again when asked, and renews the service's own before they end.
    void keep_certificates(const os::SignalBell& reload, const std::stop_token& stop) {
        for (;;) {
            const bool asked = reload.wait(stop, kCertificateCheckInterval);
            if (stop.stop_requested()) return;
            if (encrypted_) load_certificates();
            if (asked) log_.info("service.reloaded");
        }
    }

private:
    void load_certificates() {
        try {
            encrypted_->replace_certificates(certificates_.load());
        } catch (const Error& error) {
            log_.error("tls.reload_failed", {{"error", error.explain()}});
        }
    }

    const Config& config_;
    const Certificates& certificates_;
    Log log_;
    std::optional<http::Server> plain_;
    std::optional<http::Server> encrypted_;
};

/// Removes the file that says where the service is, when the service goes.
class AddressFile {
public:
    AddressFile(std::filesystem::path file, const std::string& url) : file_{std::move(file)} {
        os::write_file_atomically(file_, url + "\n", os::Durability::Buffered);
    }

    AddressFile(const AddressFile&) = delete;
    AddressFile& operator=(const AddressFile&) = delete;

    ~AddressFile() {
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
    }

private:
    std::filesystem::path file_;
};

/// Sessions, reservations and halves of imports that nobody needs any more.
void sweep_hub(hub::Hub& hub, Log log) {
    try {
        hub::Call call = hub.begin_as_service(sql::Access::Write);
        hub.sessions.sweep(call);
        const std::int64_t refunded = hub.generators.refund_orphans(call);
        hub.import.sweep(call);
        call.commit();
        if (refunded > 0) log.info("reservations.refunded", {{"count", refunded}});
    } catch (const Error& error) {
        log.warning("janitor.failed", {{"error", error.describe()}});
    }
}

void run_janitor(hub::Hub& hub, Log log, const std::stop_token& stop) {
    hub::Bell never;
    while (!stop.stop_requested()) {
        never.wait(never.count(), kJanitorInterval, stop);
        sweep_hub(hub, log);
    }
}

/// What killed runs left behind.
void clean_up(
    const Layout& layout, HubParts& parts, store::OverlaySnapshotter& snapshots, Log log) {
    const int mounts = snapshots.sweep();
    const int files = os::sweep_temporaries(layout.temporary());
    const int imports = parts.hub.clean_up();
    hub::Call call = parts.hub.begin_as_service(sql::Access::Write);
    parts.hub.publications.release_claims(call);
    call.commit();
    if (mounts + files + imports > 0)
        log.info(
            "start.cleaned", {{"snapshots", mounts}, {"temporaries", files}, {"imports", imports}});
}

/// What every hub does beside answering.
void start_hub_threads(
    ThreadGroup& threads,
    HubParts& parts,
    Listeners& listeners,
    const ServiceOptions& options,
    Log log) {
    threads.start("scheduler", [&](const std::stop_token& end) { parts.hub.scheduler.run(end); });
    threads.start(
        "janitor", [&, log](const std::stop_token& end) { run_janitor(parts.hub, log, end); });
    if (!options.config.database.url.empty())
        threads.start("bells", [&, log](const std::stop_token& end) {
            hub::relay_bells(*parts.database, parts.hub.bells, log, end);
        });
    threads.start("certificates", [&](const std::stop_token& end) {
        listeners.keep_certificates(options.reload, end);
    });
}

}  // namespace

void run_service(const ServiceOptions& options, Log log, std::stop_token stop) {
    const Layout& layout = options.layout;
    layout.ensure();
    const os::FileLock lock = lock_data(layout);
    SystemClock clock;
    SystemRandom random;
    os::SystemProcessRunner runner;
    HubParts parts{options, clock, random, log};
    store::DirectoryBlobStore blobs{layout.blobs()};
    store::DirectoryImageNames names{layout.images()};
    store::OverlaySnapshotter snapshots{layout.snapshots()};
    clean_up(layout, parts, snapshots, log);
    Faces faces{options.config, layout, parts, blobs, names, {runner, clock, random, log}};
    publish::MirrorPublisher mirror{layout.mirror(), blobs};
    PublicationLoop publications{parts.hub, blobs, mirror, options.config.publish.mirror_tags, log};

    const Certificates certificates{options.config, layout, clock, log};
    std::optional<BuilderHost> builder;
    Listeners listeners{options.config, certificates, faces.router, log};
    ThreadGroup threads;  // after what they use: an error ends them first
    const std::string url = listeners.public_url();
    if (options.config.builder.enabled) {
        builder.emplace(BuilderHostParts{
            options.config.builder,
            layout,
            options.program,
            listeners.local_url() + "/kojihub",
            parts.hub,
            parts.dispatcher,
            runner,
            snapshots,
            log});
        threads.start("builder", [&](const std::stop_token& end) { builder->run(end); });
    }
    start_hub_threads(threads, parts, listeners, options, log);
    threads.start("publisher", [&](const std::stop_token& end) { publications.run(end); });
    const AddressFile address{layout.address_file(), url};
    log.info(
        "service.started",
        {{"url", url}, {"local", listeners.local_url()}, {"data", layout.root.string()}});
    os::wait_for_stop(stop);
    log.info("service.stopping");
    threads.join();
}

void run_hub(const ServiceOptions& options, Log log, std::stop_token stop) {
    if (options.config.database.url.empty())
        throw Error{
            ErrorCode::InvalidArgument, "a hub alone needs a PostgreSQL: database.url is empty"}
            .with_hint("name one in nacred.toml, or run 'nacred serve'");
    const Layout& layout = options.layout;
    layout.ensure();
    const os::FileLock lock = lock_data(layout);
    const SystemClock clock;
    SystemRandom random;
    HubParts parts{options, clock, random, log};
    parts.hub.clean_up();
    HubFaces faces{options.config, layout, parts, log};
    const Certificates certificates{options.config, layout, clock, log};
    Listeners listeners{options.config, certificates, faces.router, log};
    ThreadGroup threads;  // after what they use: an error ends them first
    start_hub_threads(threads, parts, listeners, options, log);
    const AddressFile address{layout.address_file(), listeners.public_url()};
    log.info("hub.started", {{"url", listeners.public_url()}, {"data", layout.root.string()}});
    os::wait_for_stop(stop);
    log.info("service.stopping");
    threads.join();
}

}  // namespace nacre::server
