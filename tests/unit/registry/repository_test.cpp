#include "registry/repository.hpp"

#include "support/code_of.hpp"

namespace nacre::registry {
namespace {

std::string completed(const std::string& text) {
    return complete(oci::Reference::parse(text)).str();
}

TEST(Repository, CompletesShortNamesAsDockerDoes) {
    EXPECT_EQ(completed("debian"), "docker.io/library/debian");
    EXPECT_EQ(completed("debian:12"), "docker.io/library/debian:12");
    EXPECT_EQ(completed("team/app"), "docker.io/team/app");
    EXPECT_EQ(completed("docker.io/debian"), "docker.io/library/debian");
    EXPECT_EQ(completed("index.docker.io/debian"), "docker.io/library/debian");
    EXPECT_EQ(completed("registry.example.org/debian"), "registry.example.org/debian");
    EXPECT_EQ(completed("localhost/debian:1"), "localhost/debian:1");
}

TEST(Repository, TakesAnotherDefaultRegistry) {
    const oci::Reference reference =
        complete(oci::Reference::parse("debian"), "registry.example.org:5000");
    EXPECT_EQ(reference.str(), "registry.example.org:5000/debian");
    EXPECT_EQ(repository_of(reference).str(), "registry.example.org:5000/debian");
}

TEST(Repository, NeedsARegistry) {
    EXPECT_EQ(
        test::code_of([] { repository_of(oci::Reference::parse("debian")); }),
        ErrorCode::InvalidArgument);
}

TEST(Repository, KnowsThisMachine) {
    for (const char* local :
         {"localhost", "localhost:5000", "127.0.0.1:80", "127.9.8.7", "[::1]", "[::1]:5000"})
        EXPECT_TRUE(is_loopback(local)) << local;
    for (const char* other :
         {"localhost.example.org",
          "127.0.0.1.example.org:80",
          "127.example.org",
          "127.0.0.1.evil",
          "128.0.0.1",
          "127.0.0.256",
          "127.0.0.1x",
          "[::2]",
          "[::1",
          "::1",
          ""})
        EXPECT_FALSE(is_loopback(other)) << other;
}

}  // namespace
}  // namespace nacre::registry
