#include "api/koji/hub_handler.hpp"
#include "auth/static_authenticator.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "builder/koji_hub_connection.hpp"
#include "contract/hub_connection_contract.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "hub/hub.hpp"
#include "server/in_process_hub.hpp"
#include "sql/sqlite_database.hpp"
#include "support/temp_dir.hpp"

namespace nacre::builder::contract {
namespace {

constexpr const char* kHost = "builder.example";

/// A hub that knows one host.
struct HubWithHost {
    HubWithHost() {
        hub::Call call = hub.begin_as_service(sql::Access::Write);
        hub.hosts.add(call, kHost, {"x86_64"});
        call.commit();
    }

    test::TempDir folder;
    SystemClock clock;
    SystemRandom random;
    MemoryLogSink sink;
    Log log{sink};
    std::unique_ptr<sql::SqliteDatabase> database = sql::SqliteDatabase::temporary();
    hub::Hub hub{
        {*database, clock, random, log, hub::Policies{}},
        {.top = folder.path(), .sessions = {}, .scheduler = {}}};
    auth::StaticAuthenticator authenticator;
    api::koji::Dispatcher dispatcher{hub, authenticator};
};

class InProcessFixture final : public HubConnectionFixture {
public:
    HubConnection& connection() override { return connection_; }

private:
    HubWithHost hub_;
    server::InProcessHubConnection connection_{hub_.hub, hub_.dispatcher, kHost};
};

class WireFixture final : public HubConnectionFixture {
public:
    HubConnection& connection() override { return *connection_; }

    WireFixture() {
        hub::Call call = hub_.hub.begin(sql::Access::Write);
        const auto session = hub_.hub.sessions.login(call, kHost, "127.0.0.1", {});
        hub_.hub.sessions.make_exclusive(call, hub::Force::Yes);
        call.commit();
        client::KojiSession koji{
            {.url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/kojihub"},
            http_,
            hub_.random,
            hub_.clock,
            {}};
        koji.resume(session.id.value(), Secret{session.key});
        connection_ = std::make_unique<KojiHubConnection>(std::move(koji));
    }

private:
    HubWithHost hub_;
    api::koji::HubHandler handler_{hub_.dispatcher, {}, hub_.log};
    http::Server server_{{.worker_threads = 2}, handler_, hub_.log};
    http::CurlClient http_{"koji/1"};
    std::unique_ptr<KojiHubConnection> connection_;
};

template <class Fixture>
HubConnectionKind kind(std::string name) {
    return {std::move(name), [] { return std::make_unique<Fixture>(); }};
}

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    HubConnectionContract,
    testing::Values(kind<InProcessFixture>("InProcess"), kind<WireFixture>("Wire")),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::builder::contract
