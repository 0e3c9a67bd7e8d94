#include "backend/local_backend.hpp"

#include "base/text.hpp"
#include "os/file.hpp"
#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace nacre::backend {
namespace {

constexpr std::chrono::minutes kLong{1};

class LocalBackendTest : public testing::Test {
protected:
    LocalBackendConfig config(std::string script) {
        return {
            .program = {"/bin/sh", "-c", std::move(script)},
            .log_fd = log_.write_end.get(),
            .clean_up = [this](const WorkerSpec& spec) { cleaned_.push_back(spec.task_id); }};
    }

    std::string read_line() const {
        std::string text;
        for (char c = 0; ::read(log_.read_end.get(), &c, 1) == 1 && c != '\n';)
            text += c;
        return text;
    }

    os::SystemProcessRunner runner_;
    os::Pipe log_ = os::make_pipe();
    std::vector<std::int64_t> cleaned_;
};

TEST_F(LocalBackendTest, GivesTheSpecificationWhereOthersCannotReadIt) {
    LocalBackend backend{config("cat; tr '\\0' ' ' </proc/$$/cmdline; env"), runner_};
    const auto worker = backend.submit({.task_id = 7, .session_key = "hush"});
    EXPECT_TRUE(worker->wait_for(kLong)->success());
    EXPECT_THAT(read_line(), testing::HasSubstr("hush"));
    log_.write_end.reset();
    EXPECT_THAT(
        os::read_all(log_.read_end.get(), 10'000), testing::Not(testing::HasSubstr("hush")));
}

TEST_F(LocalBackendTest, ADaemonOfAWorkerEndsWithIt) {
    enum class Way : std::uint8_t { Exit, Cancel, Drop };
    for (const Way way : {Way::Exit, Way::Cancel, Way::Drop}) {
        const std::string ask = way == Way::Exit ? "kill -USR1 $1;" : "";
        LocalBackend backend{
            config(
                "trap 'exit 0' USR1; setsid sh -c 'trap \"\" TERM; echo $$ >&2; " + ask
                + " sleep 1000; sleep 1000' sh $$ & wait"),
            runner_};
        auto worker = backend.submit({.task_id = 1});
        const auto pid = static_cast<pid_t>(parse_integer(read_line()).value_or(0));
        ASSERT_GT(pid, 0);
        if (way == Way::Exit) {
            EXPECT_TRUE(worker->wait_for(kLong)->success());
        }
        if (way == Way::Cancel) worker->cancel(kLong);
        worker.reset();
        EXPECT_NE(::kill(pid, 0), 0) << "the daemon is there, way " << static_cast<int>(way);
    }
}

TEST_F(LocalBackendTest, CleansUpOnceAfterEachWorker) {
    LocalBackend backend{config("exit 0"), runner_};
    {
        const auto worker = backend.submit({.task_id = 1});
        EXPECT_TRUE(worker->wait_for(kLong));
        EXPECT_THAT(cleaned_, testing::ElementsAre(1));
        worker->cancel(kLong);
    }
    backend.submit({.task_id = 2}).reset();
    EXPECT_THAT(cleaned_, testing::ElementsAre(1, 2));
}

TEST_F(LocalBackendTest, SaysThatTheProgramIsMissing) {
    LocalBackend backend{{.program = {"/no/such/program", "worker"}}, runner_};
    const Error error = test::error_of([&] { return backend.submit({}); });
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_THAT(error.describe(), testing::HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace nacre::backend
