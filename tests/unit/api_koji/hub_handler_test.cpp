#include "api/koji/hub_handler.hpp"

#include "auth/static_ticket_verifier.hpp"
#include "koji/codec.hpp"
#include "support/scripted_http_client.hpp"
#include "unit/api_koji/hub_fixture.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace nacre::api::koji {
namespace {

using testing::HasSubstr;

class HubHandlerTest : public testing::Test {
protected:
    HubFixture fixture;
    HubHandler handler{fixture.dispatcher, {.trusted_proxies = {"10.0.0.2"}}, Log{fixture.log}};
    test::ScriptedHttpClient client{handler, "10.0.0.1"};

    http::ClientResponse post(
        const std::string& body, const std::string& query = "", http::Headers headers = {}) {
        return client.exchange(
            {.method = "POST",
             .url = "http://hub.test/kojihub" + query,
             .headers = std::move(headers),
             .body = body},
            {});
    }

    http::ClientResponse call(std::string_view method, const Array& params = {}) {
        return post(nacre::koji::render_call(method, params));
    }

    http::ClientResponse log_in(const Array& params = {}) {
        return post(nacre::koji::render_call("sslLogin", params), "/ssllogin");
    }

    hub::AuditRecord newest_audit() {
        hub::Call audit = fixture.hub.begin_as_service(sql::Access::Read);
        const auto records = hub::read_audit(audit);
        return records.empty() ? hub::AuditRecord{} : records.front();
    }

    static http::Headers session_headers(const CallHeaders& who) {
        http::Headers headers;
        headers.set("Koji-Session-Id", who.session->id.str());
        headers.set("Koji-Session-Key", who.session->key);
        headers.set("Koji-Session-Callnum", "1");
        return headers;
    }

    /// Compares with tests/unit/api_koji/golden; NACRE_ACCEPT=1 writes it.
    static void expect_golden(const std::string& name, const std::string& text) {
        const std::string path =
            std::string{NACRE_SOURCE_DIR} + "/tests/unit/api_koji/golden/" + name + ".xml";
        if (std::getenv("NACRE_ACCEPT") != nullptr) std::ofstream{path} << text;
        std::ostringstream golden;
        golden << std::ifstream{path}.rdbuf();
        EXPECT_EQ(text, golden.str()) << name;
    }
};

TEST_F(HubHandlerTest, AnswersWithTheHeadersOfAKojiHub) {
    const http::ClientResponse response = call("getAPIVersion");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.find("Content-Type"), "text/xml");
    EXPECT_EQ(response.headers.find("Koji-Version"), "1.35.0");
    EXPECT_EQ(nacre::koji::parse_response(response.body), Value{1});
}

TEST_F(HubHandlerTest, TakesOnlyPostsWithABody) {
    const http::ClientResponse get =
        client.exchange({.method = "GET", .url = "http://hub.test/kojihub"}, {});
    EXPECT_EQ(get.status, 405);
    EXPECT_EQ(get.headers.find("Allow"), "POST");
    EXPECT_EQ(post("").status, 400);
}

TEST_F(HubHandlerTest, AnswersFaultsWithStatus200) {
    const http::ClientResponse response = call("nonsense");
    EXPECT_EQ(response.status, 200);
    expect_golden("invalid_method", response.body);
    EXPECT_EQ(post("<html/>").status, 200);
    EXPECT_THAT(post("<!DOCTYPE x><methodCall/>").body, HasSubstr("DOCTYPE"));
}

TEST_F(HubHandlerTest, RefusesABodyThatIsTooLong) {
    HubHandler small{fixture.dispatcher, {.request_bytes_max = 10}, Log{fixture.log}};
    test::ScriptedHttpClient to_small{small};
    EXPECT_THROW(
        to_small.exchange(
            {.method = "POST", .url = "http://hub.test/kojihub", .body = "01234567890"}, {}),
        Error);
}

TEST_F(HubHandlerTest, KnowsSessionsByHeaderAndByQuery) {
    const std::string body = nacre::koji::render_call("getLoggedInUser", {});
    EXPECT_THAT(post(body, "", session_headers(fixture.kate)).body, HasSubstr("kate"));
    const hub::PresentedSession& session = *fixture.kate.session;
    const std::string query =
        "?session-id=" + session.id.str() + "&session-key=" + session.key + "&callnum=2";
    EXPECT_THAT(post(body, query).body, HasSubstr("kate"));
    EXPECT_THAT(post(body, "?session-id=x&session-key=y").body, HasSubstr("1002"));
    EXPECT_THAT(post(body, "?session-id=1").body, HasSubstr("1002"));
}

TEST_F(HubHandlerTest, BelievesOnlyTrustedProxies) {
    http::Headers headers;
    headers.set("Remote-User", "root");
    headers.set("X-Forwarded-For", "1.2.3.4, 10.0.0.77");
    const std::string body = nacre::koji::render_call("sslLogin", {});
    EXPECT_THAT(post(body, "", headers).body, HasSubstr("<fault>"));
    test::ScriptedHttpClient proxy{handler, "10.0.0.2"};
    const http::ClientResponse response = proxy.exchange(
        {.method = "POST",
         .url = "http://hub.test/kojihub/ssllogin",
         .headers = headers,
         .body = body},
        {});
    EXPECT_THAT(response.body, HasSubstr("session-key"));
}

TEST_F(HubHandlerTest, LogsInWhomACertificateNames) {
    client.certificate = {.subject = "CN=kate", .attributes = {{"CN", "kate"}}, .problem = ""};
    EXPECT_THAT(log_in().body, HasSubstr("session-key"));
    EXPECT_THAT(call("sslLogin").body, HasSubstr("could not verify client"))
        << "certificates count at ssllogin only";
    client.certificate->problem = "it has expired";
    EXPECT_THAT(log_in().body, HasSubstr("could not verify client: CN=kate: it has expired"));
    client.certificate = {.subject = "O=x", .attributes = {{"O", "x"}}, .problem = ""};
    EXPECT_THAT(log_in().body, HasSubstr("unable to get user information (CN)"));
    EXPECT_EQ(newest_audit().action, "login.refused");
}

TEST_F(HubHandlerTest, LogsInOthersForAProxy) {
    client.certificate = {.subject = "CN=web", .attributes = {{"CN", "web"}}, .problem = ""};
    EXPECT_THAT(log_in({"kate"}).body, HasSubstr("session-key"));
    EXPECT_EQ(newest_audit().action, "login.proxy");
    EXPECT_EQ(newest_audit().subject, "kate");
    EXPECT_EQ(newest_audit().detail, "CN=web");
    client.certificate->subject = "CN=kate";
    EXPECT_THAT(log_in({"root"}).body, HasSubstr("not authorized to login other users"));
}

TEST_F(HubHandlerTest, AsksForATicketAndProvesItselfWithTheAnswer) {
    auth::StaticTicketVerifier tickets;
    HubHandler with_tickets{fixture.dispatcher, {.tickets = &tickets}, Log{fixture.log}};
    test::ScriptedHttpClient kerberos{with_tickets, "10.0.0.1"};
    const auto log_in_with = [&](const std::string& authorization) {
        http::ClientRequest request{
            .method = "POST",
            .url = "http://hub.test/kojihub/ssllogin",
            .body = nacre::koji::render_call("sslLogin", {})};
        if (!authorization.empty()) request.headers.set("Authorization", authorization);
        return kerberos.exchange(request, {});
    };
    const http::ClientResponse asked = log_in_with("");
    EXPECT_EQ(asked.status, 401);
    EXPECT_EQ(asked.headers.find("WWW-Authenticate"), "Negotiate");
    const std::string ticket = tickets.issue("kate@R");
    const http::ClientResponse good = log_in_with("Negotiate " + to_base64(as_bytes(ticket)));
    EXPECT_EQ(good.status, 200);
    EXPECT_THAT(good.body, HasSubstr("session-key"));
    EXPECT_EQ(
        good.headers.find("WWW-Authenticate"),
        "Negotiate " + to_base64(as_bytes("reply to " + ticket)));
    for (const char* bad : {"Negotiate AAAA", "negotiate !", "Negotiate "}) {
        EXPECT_EQ(log_in_with(bad).status, 401) << bad;
        EXPECT_EQ(newest_audit().action, "login.refused");
        EXPECT_EQ(newest_audit().subject, "ticket");
    }
    const std::string unknown = to_base64(as_bytes(tickets.issue("nobody@R")));
    EXPECT_THAT(log_in_with("Negotiate " + unknown).body, HasSubstr("Unknown user: nobody"));
}

TEST_F(HubHandlerTest, TakesRawUploads) {
    http::Headers headers = session_headers(fixture.kate);
    headers.set("Content-Type", "application/octet-stream");
    const std::string query = "?filename=f&filepath=cli-build/1.a&fileverify=adler32&offset=0";
    expect_golden("raw_upload", post("Wikipedia", query, headers).body);
    EXPECT_THAT(post("x", "?filename=f", headers).body, HasSubstr("filepath"));
    headers = {};
    headers.set("Content-Type", "application/octet-stream");
    EXPECT_THAT(post("x", query, headers).body, HasSubstr("logged-in"));
}

TEST_F(HubHandlerTest, GivesRowsExactlyAsKojiDoes) {
    fixture.set_up_target();
    Struct options;
    options.set("git_branch", "f40");
    fixture.call(
        fixture.kate, "buildContainer", {"git+https://src.example/web#0123", "f40", options});
    expect_golden("get_tag", call("getTag", {"f40"}).body);
    expect_golden("get_build_target", call("getBuildTarget", {"f40"}).body);
    expect_golden("get_build_config", call("getBuildConfig", {"f40-build"}).body);
    expect_golden("get_package_config", call("getPackageConfig", {"f40", "web"}).body);
    expect_golden("get_task_info", call("getTaskInfo", {1, true}).body);
    expect_golden("list_channels", call("listChannels").body);
    expect_golden("get_user", call("getUser", {"kate"}).body);
    expect_golden("get_tag_strict", call("getTag", {"nope", true}).body);
    expect_golden("list_tagged", call("listTagged", {"f40"}).body);
}

}  // namespace
}  // namespace nacre::api::koji
