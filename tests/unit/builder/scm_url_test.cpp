#include "builder/scm_url.hpp"

#include "koji/fault.hpp"

#include <gtest/gtest.h>

namespace nacre::builder {
namespace {

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";

std::string fault_of(const std::string& text) {
    try {
        ScmUrl::parse(text);
    } catch (const koji::Fault& fault) {
        EXPECT_EQ(fault.fault_code(), koji::FaultCode::BuildError);
        return fault.what();
    }
    return "";
}

TEST(ScmUrl, HasTheParts) {
    const ScmUrl url =
        ScmUrl::parse("git+http://alice@host:8080/git//container/httpd.git/?sub/dir#" + kCommit);
    EXPECT_EQ(url.scheme, "git+http");
    EXPECT_EQ(url.user, "alice");
    EXPECT_EQ(url.host, "host:8080");
    EXPECT_EQ(url.repository, "/git/container/httpd.git");
    EXPECT_EQ(url.subfolder, "sub/dir");
    EXPECT_EQ(url.revision, kCommit);
    EXPECT_EQ(url.clone_url(), "http://alice@host:8080/git/container/httpd.git");
}

TEST(ScmUrl, NeedsAFullCommit) {
    EXPECT_NE(
        fault_of("git://host/a.git").find("Could not find the fragment element"),
        std::string::npos);
    EXPECT_NE(fault_of("git://host/a.git#main").find("full commit id"), std::string::npos);
    EXPECT_NE(
        fault_of("git://host/a.git#" + kCommit.substr(1)).find("full commit id"),
        std::string::npos);
}

TEST(ScmUrl, RefusesWhatCouldReachElsewhere) {
    for (const char* start :
         {"ext::sh -c id://host/a.git",
          "file:///etc/a.git",
          "git://host/../a.git",
          "git://host/--upload-pack=id/a",
          "git://-oProxyCommand=id/a.git",
          "git://alice:secret@host/a.git",
          "git://host/a.git;x=y",
          "git://host",
          "git:///a.git",
          "git://host/a b.git",
          "git://host/a\n.git",
          "git://host/a.git?../x",
          "nonsense"})
        EXPECT_NE(fault_of(std::string{start} + "#" + kCommit), "") << start;
}

TEST(ScmUrl, DoesNotRepeatAPassword) {
    EXPECT_EQ(
        fault_of("git://alice:secret@host/a.git#" + kCommit).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace nacre::builder
