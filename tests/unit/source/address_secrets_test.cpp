#include "source/address_secrets.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"

#include <gtest/gtest.h>

#include <map>

namespace nacre::source {
namespace {

FindSecret known(std::map<std::string, std::string> secrets) {
    return [secrets = std::move(secrets)](const std::string& name) -> std::optional<Secret> {
        const auto found = secrets.find(name);
        if (found == secrets.end()) return std::nullopt;
        return Secret{found->second};
    };
}

std::string text_of(const std::optional<Secret>& secret) {
    return secret ? secret->reveal() : "none";
}

TEST(AddressSecrets, OpenTheHostThatTheyAreNamedAfter) {
    const FindSecret find =
        known({{"HTTP_AUTH_TOKEN_example.org", "t\n"}, {"HTTP_AUTH_HEADER_a:8080", "Basic x"}});
    EXPECT_EQ(text_of(find_file_authorization("https://example.org/file", find)), "Bearer t");
    EXPECT_EQ(text_of(find_file_authorization("https://u:p@example.org:99/f", find)), "Bearer t");
    EXPECT_EQ(text_of(find_file_authorization("http://a:8080/f", find)), "Basic x");
    for (const char* other :
         {"https://a/f",
          "https://example.org.evil/f",
          "https://evil/@example.org/",
          "ftp://example.org/"})
        EXPECT_EQ(text_of(find_file_authorization(other, find)), "none") << other;
}

TEST(AddressSecrets, OpenRepositoriesOfAHostOrOfAll) {
    const FindSecret find =
        known({{"GIT_AUTH_TOKEN", "all"}, {"GIT_AUTH_TOKEN.example.org", "one"}});
    // x-access-token:one, x-access-token:all
    EXPECT_EQ(
        text_of(find_git_authorization("https://example.org/a.git", find)),
        "basic eC1hY2Nlc3MtdG9rZW46b25l");
    EXPECT_EQ(
        text_of(find_git_authorization("https://other.org/a.git", find)),
        "basic eC1hY2Nlc3MtdG9rZW46YWxs");
    for (const char* other : {"git@example.org:a.git", "ssh://example.org/a.git", "/a.git"})
        EXPECT_EQ(text_of(find_git_authorization(other, find)), "none") << other;
    EXPECT_EQ(
        text_of(find_git_authorization("https://a/b", known({{"GIT_AUTH_HEADER", "Bearer x"}}))),
        "Bearer x");
}

TEST(AddressSecrets, AreOneLine) {
    for (const char* wrong : {"", "\n", "a\nX-Other: b", "a\rb"})
        EXPECT_EQ(
            test::code_of([&] {
                find_file_authorization("https://a/f", known({{"HTTP_AUTH_TOKEN_a", wrong}}));
            }),
            ErrorCode::InvalidArgument);
    EXPECT_EQ(text_of(find_file_authorization("https://a/f", {})), "none");
}

}  // namespace
}  // namespace nacre::source
