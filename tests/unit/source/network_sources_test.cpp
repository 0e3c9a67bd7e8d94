#include "source/network_sources.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"
#include "support/http_fixture.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace nacre::source {
namespace {

using test::code_of;
using test::message_of;
using testing::HasSubstr;
using testing::Not;

class NetworkSourcesTest : public testing::Test {
protected:
    void fetch_file(const NetworkLimits& limits = {}) {
        NetworkSources sources{clock_, http_.client, runner_, folder_.path(), limits};
        sources.fetch(UrlAddress{http_.url("/x"), "x", {}}, {});
    }

    void fetch_commit(const std::string& remote) {
        NetworkSources sources{clock_, http_.client, runner_, folder_.path()};
        sources.fetch(GitAddress{.remote = remote}, {});
    }

    bool is_clean() const { return std::filesystem::is_empty(folder_.path()); }

    int status_ = 200;

private:
    test::FunctionHandler handler_{[this](const http::Request& request) {
        http::Response response;
        response.status = status_;
        response.text = std::string(1000, 'x');
        if (status_ == 302) {
            response.headers.add("Location", "file:///etc/passwd");
            response.text = {};
        }
        static_cast<void>(request);
        return response;
    }};
    test::HttpFixture http_{handler_};
    test::TempDir folder_;
    os::SystemProcessRunner runner_;
    SystemClock clock_;
};

TEST_F(NetworkSourcesTest, StopAtTheLimitOfBytes) {
    EXPECT_EQ(code_of([&] { fetch_file({.file_bytes = 999}); }), ErrorCode::ResourceExhausted);
    EXPECT_TRUE(is_clean());
    fetch_file({.file_bytes = 1000});
    EXPECT_TRUE(is_clean());
}

TEST_F(NetworkSourcesTest, StopAtTheLimitOfTime) {
    EXPECT_EQ(
        code_of([&] { fetch_file({.time = std::chrono::milliseconds{-1}}); }),
        ErrorCode::DeadlineExceeded);
}

TEST_F(NetworkSourcesTest, TellWhatTheServerRefuses) {
    status_ = 403;
    EXPECT_EQ(code_of([&] { fetch_file(); }), ErrorCode::PermissionDenied);
    status_ = 500;
    EXPECT_EQ(code_of([&] { fetch_file(); }), ErrorCode::Unavailable);
    EXPECT_THAT(message_of([&] { fetch_file(); }), HasSubstr("500"));
    EXPECT_TRUE(is_clean());
}

TEST_F(NetworkSourcesTest, FollowNoRedirectToAFileOfThisMachine) {
    status_ = 302;
    EXPECT_ANY_THROW(fetch_file());
    EXPECT_TRUE(is_clean());
}

TEST_F(NetworkSourcesTest, RunNoOtherTransportOfGit) {
    for (const char* remote : {"file:///etc", "ext::sh -c true", "/etc", "fd::3"}) {
        EXPECT_EQ(code_of([&] { fetch_commit(remote); }), ErrorCode::Unavailable) << remote;
        EXPECT_THAT(message_of([&] { fetch_commit(remote); }), HasSubstr("not allowed")) << remote;
    }
    EXPECT_TRUE(is_clean());
}

TEST_F(NetworkSourcesTest, ShowNoPasswords) {
    EXPECT_THAT(
        message_of([&] { fetch_commit("http://user:hunter2@127.0.0.1:1/x.git"); }),
        Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace nacre::source
