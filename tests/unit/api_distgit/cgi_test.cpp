#include "api/distgit/cgi.hpp"

#include "base/error.hpp"
#include "os/process.hpp"
#include "support/errors.hpp"

#include "support.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

namespace nacre::api::distgit {
namespace {

TEST(CgiHead, IsReadWhenItIsComplete) {
    EXPECT_FALSE(find_cgi_head(""));
    EXPECT_FALSE(find_cgi_head("Content-Type: text/plain\r\n"));
    const auto head =
        find_cgi_head("Status: 404 Not Found\r\nContent-Type: text/plain\n\r\nbody\n\n");
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 404);
    EXPECT_EQ(head->headers.find("content-type"), "text/plain");
    EXPECT_EQ(head->headers.fields().size(), 1U);
    EXPECT_EQ(head->bytes, 50U);
    EXPECT_EQ(find_cgi_head("A: b\n\n")->status, 200);
}

TEST(CgiHead, IsRefusedWhenItIsNone) {
    for (const std::string& text :
         {std::string{"hello\n\n"},
          std::string{": x\n\n"},
          std::string{"Status: abc\n\n"},
          std::string{"Status: 99\n\n"},
          std::string{"Status: 700\n\n"},
          std::string(70'000, 'x')})
        EXPECT_EQ(
            nacre::test::error_of([&] { return find_cgi_head(text); }).code(), ErrorCode::Internal)
            << text.substr(0, 20);
}

/// /bin/sh stands for git http-backend.
class RunCgiTest : public testing::Test {
protected:
    http::Response run(const std::string& script, const std::string& body = "") {
        os::Command command;
        command.argv = {"/bin/sh", "-c", script};
        command.environment = os::minimal_environment();
        request_.body("text/plain", body);
        return run_cgi(runner_, command, request_.get(), [this] { ++ended_; });
    }

    void expect_nothing_left() const {
        EXPECT_EQ(ended_, 1);
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    }

    os::SystemProcessRunner runner_;
    test::TestRequest request_{"POST", "/"};
    int ended_ = 0;
};

TEST_F(RunCgiTest, GivesTheBodyAndTheAnswer) {
    {
        http::Response response = run("echo Status: 201 Made; echo A: b; echo; cat", "hello");
        EXPECT_EQ(response.status, 201);
        EXPECT_EQ(response.headers.find("a"), "b");
        EXPECT_EQ(test::read_all(*response.source), "hello");
    }
    expect_nothing_left();
}

TEST_F(RunCgiTest, WaitsForNobodyWhenBothSidesWriteMuch) {
    const std::string body(3U << 20U, 'x');
    {
        http::Response response = run("echo A: b; echo; cat", body);
        EXPECT_EQ(test::read_all(*response.source), body);
    }
    expect_nothing_left();
}

TEST_F(RunCgiTest, BoundsWhatIsKeptWhileTheBodyArrives) {
    EXPECT_EQ(
        nacre::test::error_of([&] { return run("cat", std::string(8U << 20U, 'x')); }).code(),
        ErrorCode::ResourceExhausted);
    expect_nothing_left();
}

TEST_F(RunCgiTest, TakesAnAnswerThatComesBeforeTheEndOfTheBody) {
    {
        http::Response response =
            run("echo Status: 403; echo; echo no", std::string(3U << 20U, 'x'));
        EXPECT_EQ(response.status, 403);
        EXPECT_EQ(test::read_all(*response.source), "no\n");
    }
    expect_nothing_left();
}

TEST_F(RunCgiTest, SaysWhyThereIsNoAnswer) {
    const Error error = nacre::test::error_of([&] { return run("echo broken >&2; exit 3"); });
    EXPECT_EQ(error.code(), ErrorCode::Internal);
    EXPECT_THAT(error.describe(), testing::HasSubstr("exited with 3 without an answer: broken"));
    expect_nothing_left();
}

TEST_F(RunCgiTest, ReportsAProgramThatASignalEnds) {
    {
        http::Response response = run("echo A: b; echo; echo part; kill -9 $$");
        EXPECT_EQ(
            nacre::test::error_of([&] { return test::read_all(*response.source); }).code(),
            ErrorCode::Internal);
    }
    expect_nothing_left();
}

TEST_F(RunCgiTest, KillsTheWholeGroupWhenNobodyReadsOn) {
    {
        http::Response response = run("echo A: b; echo; sleep 1000 & sleep 1000");
        EXPECT_EQ(response.status, 200);
    }
    expect_nothing_left();
}

TEST_F(RunCgiTest, StopsWhenTheRequestIsStopped) {
    std::stop_source stop;
    stop.request_stop();
    request_.get().stop = stop.get_token();
    EXPECT_THROW(run("sleep 1000"), Cancelled);
    expect_nothing_left();
}

TEST_F(RunCgiTest, TellsTheEndWhenTheProgramCannotBeStarted) {
    os::Command command;
    command.argv = {"/nonexistent"};
    EXPECT_EQ(
        nacre::test::error_of([&] {
            return run_cgi(runner_, command, request_.get(), [this] { ++ended_; });
        }).code(),
        ErrorCode::NotFound);
    expect_nothing_left();
}

}  // namespace
}  // namespace nacre::api::distgit
