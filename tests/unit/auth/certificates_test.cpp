#include "auth/certificates.hpp"

#include "support/code_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::auth {
namespace {

using test::code_of;
using testing::ElementsAre;

const WallTime kNow = from_unix_seconds(1'750'000'000);
constexpr std::chrono::hours kDay{24};

TEST(Certificates, AServersHasItsNamesAndTimesAndItsAuthority) {
    const CertifiedKey authority = make_authority("Test authority", kNow, 10 * kDay);
    const CertifiedKey made =
        make_server_certificate(authority, {"a.example.org", "127.0.0.1", "::1"}, kNow, 5 * kDay);
    const CertificateFacts facts = read_certificate(made.certificate);
    EXPECT_EQ(facts.common_name, "a.example.org");
    EXPECT_THAT(facts.names, ElementsAre("a.example.org", "127.0.0.1", "::1"));
    EXPECT_EQ(facts.not_after, kNow + 5 * kDay);
    EXPECT_LT(facts.not_before, kNow);
    EXPECT_TRUE(is_signed_by(made, authority.certificate));
    EXPECT_TRUE(made.certificate.ends_with(authority.certificate));
    EXPECT_EQ(read_certificate(authority.certificate).common_name, "Test authority");
}

TEST(Certificates, AnotherAuthorityDidNotSignIt) {
    const CertifiedKey authority = make_authority("one", kNow, kDay);
    const CertifiedKey other = make_authority("one", kNow, kDay);
    CertifiedKey made = make_client_certificate(authority, "alice", kNow, kDay);
    EXPECT_TRUE(is_signed_by(made, authority.certificate));
    EXPECT_FALSE(is_signed_by(made, other.certificate));
    made.key = other.key;
    EXPECT_FALSE(is_signed_by(made, authority.certificate));
}

TEST(Certificates, RefuseWhatIsNone) {
    EXPECT_EQ(code_of([] { read_certificate("x"); }), ErrorCode::InvalidArgument);
    const CertifiedKey authority = make_authority("one", kNow, kDay);
    EXPECT_EQ(
        code_of([&] { make_server_certificate(authority, {}, kNow, kDay); }),
        ErrorCode::InvalidArgument);
    EXPECT_EQ(
        code_of([&] {
            make_server_certificate({authority.certificate, Secret{"x"}}, {"a"}, kNow, kDay);
        }),
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::auth
