#include "server/certificates.hpp"

#include "auth/certificates.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace nacre::server {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr std::size_t kLimit = 1U << 20U;

/// A service's own certificates, and time that passes when told to.
struct Own : testing::Test {
    Own() { config.tls.names = {"nacre.example.org"}; }

    http::TlsConfig load() const { return Certificates{config, layout, clock, Log{log}}.load(); }

    std::string authority() const { return os::read_file(layout.tls() / "authority.pem", kLimit); }

    test::TempDir folder;
    Layout layout{folder.path()};
    Config config;
    ManualClock clock{from_unix_seconds(1'750'000'000)};
    mutable MemoryLogSink log;
};

TEST_F(Own, AreMadeOnceAndKept) {
    const http::TlsConfig first = load();
    const http::TlsConfig second = load();
    EXPECT_EQ(first.certificate, second.certificate);
    EXPECT_EQ(first.key.reveal(), second.key.reveal());
    EXPECT_TRUE(auth::is_signed_by({first.certificate, first.key}, authority()));
    const auto facts = auth::read_certificate(first.certificate);
    EXPECT_THAT(facts.names, Contains("nacre.example.org"));
    EXPECT_THAT(facts.names, Contains("127.0.0.1"));
}

TEST_F(Own, HaveKeysThatOnlyTheServiceReads) {
    load();
    for (const char* name : {"authority.key", "server.pem"}) {
        struct stat facts{};
        ASSERT_EQ(::stat((layout.tls() / name).c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0600U) << name;
    }
}

TEST_F(Own, AreMadeAnewBeforeTheyEndByTheSameAuthority) {
    const http::TlsConfig first = load();
    const std::string before = authority();
    clock.advance(kCertificateLifetime - kCertificateRenewal - std::chrono::hours{1});
    EXPECT_EQ(load().certificate, first.certificate);
    clock.advance(std::chrono::hours{2});
    const http::TlsConfig second = load();
    EXPECT_NE(second.certificate, first.certificate);
    EXPECT_EQ(authority(), before);
    EXPECT_GT(
        auth::read_certificate(second.certificate).not_after,
        clock.wall_now() + kCertificateRenewal);
    clock.advance(kAuthorityLifetime - kAuthorityRenewal);
    const http::TlsConfig third = load();
    EXPECT_NE(authority(), before);
    EXPECT_TRUE(auth::is_signed_by({third.certificate, third.key}, authority()));
}

TEST_F(Own, AreMadeAnewForOtherNames) {
    const http::TlsConfig first = load();
    config.http.public_url = "https://other.example.org:8443/";
    const http::TlsConfig second = load();
    EXPECT_NE(second.certificate, first.certificate);
    EXPECT_THAT(auth::read_certificate(second.certificate).names, Contains("other.example.org"));
}

TEST_F(Own, SurviveAKillBetweenTheirFiles) {
    const http::TlsConfig first = load();
    for (const char* lost : {"authority.pem", "authority.key", "server.pem"}) {
        std::filesystem::remove(layout.tls() / lost);
        const http::TlsConfig again = load();
        EXPECT_TRUE(auth::is_signed_by({again.certificate, again.key}, authority())) << lost;
    }
}

TEST_F(Own, AreNotMadeWhereFilesAreGiven) {
    const http::TlsConfig own = load();
    os::write_file_atomically(folder.path() / "c.pem", own.certificate);
    os::write_file_atomically(folder.path() / "k.pem", own.key.reveal());
    std::filesystem::remove_all(layout.tls());
    config.tls.certificate = folder.path() / "c.pem";
    config.tls.key = folder.path() / "k.pem";
    EXPECT_EQ(load().certificate, own.certificate);
    EXPECT_FALSE(std::filesystem::exists(layout.tls()));
    config.tls.key = "/nonexistent/k.pem";
    EXPECT_THAT(
        test::message_of([&] { load(); }),
        testing::AllOf(HasSubstr("reading 'key' of [tls]"), HasSubstr("/nonexistent/k.pem")));
}

}  // namespace
}  // namespace nacre::server
