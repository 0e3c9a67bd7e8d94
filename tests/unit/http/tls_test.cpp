#include "auth/certificates.hpp"
#include "base/error.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/http_fixture.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::http {
namespace {

using test::code_of;
using test::FunctionHandler;
using testing::HasSubstr;

constexpr std::chrono::hours kDay{24};

/// "nobody", or who the certificate says it is and what is wrong with it.
Response describe_client(const Request& request) {
    if (!request.certificate) return Response::plain(200, "nobody");
    return Response::plain(
        200,
        request.certificate->subject + "|" + request.certificate->find("cn").value_or("?") + "|"
            + request.certificate->problem);
}

struct Tls : testing::Test {
    TlsConfig config_of(const auth::CertifiedKey& shown) const {
        return {
            .certificate = shown.certificate,
            .key = shown.key,
            .client_authorities = {},
            .client_revocations = {}};
    }

    std::string write(const std::string& name, const std::string& text) const {
        os::write_file_atomically(folder.path() / name, text);
        return folder.path() / name;
    }

    std::string write(const std::string& name, const auth::CertifiedKey& both) const {
        return write(name, both.certificate + both.key.reveal());
    }

    static std::string get(
        const Server& server, const ClientTls& tls, const std::string& host = "127.0.0.1") {
        CurlClient client{"test", tls};
        return client
            .exchange({.url = "https://" + host + ":" + std::to_string(server.port()) + "/"}, {})
            .body;
    }

    WallTime now = SystemClock{}.wall_now();
    test::TempDir folder;
    auth::CertifiedKey authority = auth::make_authority("test", now, kDay);
    auth::CertifiedKey own = auth::make_server_certificate(authority, {"127.0.0.1"}, now, kDay);
    std::string trusted = write("authority.pem", authority.certificate);
    FunctionHandler handler{describe_client};
    MemoryLogSink log;
};

TEST_F(Tls, ServesAClientThatKnowsTheAuthority) {
    const Server server{{.tls = config_of(own)}, handler, Log{log}};
    EXPECT_EQ(get(server, {.authorities_file = trusted}), "nobody");
}

TEST_F(Tls, AClientRefusesAnUnknownAuthorityAndAnotherNameAndSaysWhatToDo) {
    const Server server{{.tls = config_of(own)}, handler, Log{log}};
    const auto other = auth::make_authority("other", now, kDay);
    const std::string wrong = write("other.pem", other.certificate);
    try {
        get(server, {.authorities_file = wrong, .advice = "do this"});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
        EXPECT_EQ(error.hint(), "do this");
        EXPECT_THAT(error.describe(), HasSubstr("certificate"));
    }
    EXPECT_EQ(
        code_of([&] { get(server, {.authorities_file = trusted}, "localhost"); }),
        ErrorCode::InvalidArgument);
    EXPECT_EQ(
        code_of([&] { get(server, {.authorities_file = "/nonexistent"}); }),
        ErrorCode::InvalidArgument);
}

TEST_F(Tls, ReplacesItsCertificateForNewConnections) {
    Server server{{.tls = config_of(own)}, handler, Log{log}};
    CurlClient old{"test", {.authorities_file = trusted}};
    const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
    EXPECT_EQ(old.exchange({.url = url}, {}).status, 200);
    const auto other = auth::make_authority("other", now, kDay);
    server.replace_certificates(
        config_of(auth::make_server_certificate(other, {"127.0.0.1"}, now, kDay)));
    EXPECT_EQ(old.exchange({.url = url}, {}).status, 200) << "an open connection goes on";
    EXPECT_EQ(get(server, {.authorities_file = write("o.pem", other.certificate)}), "nobody");
    EXPECT_EQ(
        code_of([&] { get(server, {.authorities_file = trusted}); }), ErrorCode::InvalidArgument);
    const auto mixed = TlsConfig{own.certificate, other.key, {}, {}};
    EXPECT_EQ(code_of([&] { server.replace_certificates(mixed); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(get(server, {.authorities_file = folder.path() / "o.pem"}), "nobody");
}

TEST_F(Tls, NamesTheClientThatItsAuthorityVouchesFor) {
    TlsConfig config = config_of(own);
    config.client_authorities = authority.certificate;
    const Server server{{.tls = config}, handler, Log{log}};
    const auto alice = auth::make_client_certificate(authority, "alice", now, kDay);
    const auto get_as = [&](const auth::CertifiedKey& client) {
        return get(
            server, {.authorities_file = trusted, .certificate_file = write("c.pem", client)});
    };
    EXPECT_EQ(get(server, {.authorities_file = trusted}), "nobody");
    EXPECT_EQ(get_as(alice), "CN=alice|alice|");
    const auto stranger = auth::make_authority("test", now, kDay);
    EXPECT_THAT(
        get_as(auth::make_client_certificate(stranger, "alice", now, kDay)),
        testing::AllOf(HasSubstr("CN=alice|alice|"), HasSubstr("issuer is unknown")));
    EXPECT_THAT(
        get_as(auth::make_client_certificate(authority, "bob", now - 3 * kDay, kDay)),
        HasSubstr("expired"));
    EXPECT_THAT(get_as(own), HasSubstr("|127.0.0.1|The certificate is NOT trusted"))
        << "a server's certificate is no client's";
}

TEST_F(Tls, AsksNobodyWithoutAuthorities) {
    const Server server{{.tls = config_of(own)}, handler, Log{log}};
    const auto alice = auth::make_client_certificate(authority, "alice", now, kDay);
    EXPECT_EQ(
        get(server, {.authorities_file = trusted, .certificate_file = write("c.pem", alice)}),
        "nobody");
}

TEST_F(Tls, RefusesCertificatesThatCannotBeUsed) {
    const auto start = [&](const TlsConfig& config) {
        return test::message_of([&] { const Server server({.tls = config}, handler, Log{log}); });
    };
    EXPECT_THAT(
        start({"x", own.key, {}, {}}), HasSubstr("the server's certificate cannot be read"));
    EXPECT_THAT(
        start({own.certificate, Secret{"x"}, {}, {}}),
        HasSubstr("the server's key cannot be read"));
    EXPECT_THAT(
        start({own.certificate, authority.key, {}, {}}),
        HasSubstr("the server's certificate and key cannot be used"));
    EXPECT_THAT(
        start({own.certificate, own.key, "x", {}}), HasSubstr("client authorities cannot be read"));
    EXPECT_THAT(
        start({own.certificate, own.key, authority.certificate, "x"}),
        HasSubstr("client authorities cannot be read"));
}

TEST_F(Tls, StreamsLargeBodiesBothWays) {
    FunctionHandler echo{
        [](const Request& request) { return Response::plain(200, request.read_body(8U << 20U)); }};
    const Server server{{.tls = config_of(own)}, echo, Log{log}};
    CurlClient client{"test", {.authorities_file = trusted}};
    const std::string body(4U << 20U, 'x');
    const auto answer = client.exchange(
        {.method = "PUT",
         .url = "https://127.0.0.1:" + std::to_string(server.port()) + "/",
         .body = body},
        {});
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == body);
}

}  // namespace
}  // namespace nacre::http
