#pragma once

#include "exec/executor.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace nacre::exec::contract {

/// Of the names of all containers that the contract makes.
inline const std::string kContainerPrefix = "nacre-contract-" + std::to_string(::getpid());

// The shell scripts that the contract runs: a fake knows them by their text.
inline constexpr const char* kExit7 = "exit 7";
inline constexpr const char* kWriteToBoth =
    "echo 1; echo 2 >&2; echo 3; echo 4 >&2; echo 5; echo 6 >&2";
inline constexpr const char* kGreet = "echo \"$GREETING $NAME.\"";
inline constexpr const char* kSayFolder = "pwd";
inline constexpr const char* kSayIds = "id -u; id -g; id -G";
inline constexpr const char* kMakeFile = "echo made > /made";
inline constexpr const char* kReadInput = "cat; echo end";
inline constexpr const char* kRunForever = "echo started; while true; do sleep 60; done";

/// One implementation under test, with whatever it needs to live.
class ExecutorFixture {
public:
    virtual ~ExecutorFixture() = default;
    virtual Executor& executor() = 0;
    /// A root with /bin/sh, /bin/id and the like.
    virtual const std::filesystem::path& root() const = 0;
    /// What containers left: processes, mounts, state.
    virtual std::vector<std::string> leftovers() const = 0;
};

struct ExecutorImplementation {
    std::string name;
    /// Throws Error{Unsupported} with the reason where it cannot work.
    std::function<std::unique_ptr<ExecutorFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const ExecutorImplementation& self) {
        return out << self.name;
    }
};

/// What every Executor promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class ExecutorContract : public testing::TestWithParam<ExecutorImplementation> {
protected:
    void SetUp() override;
    void TearDown() override;

    Executor& executor() { return fixture_->executor(); }

    const std::filesystem::path& root() const { return fixture_->root(); }

    std::vector<std::string> leftovers() const { return fixture_->leftovers(); }

    ContainerSpec spec(const std::string& script) const;

    struct Outcome {
        os::ExitStatus status;
        std::string output;
    };

    Outcome run(const ContainerSpec& spec);
    Outcome run(const std::string& script);

private:
    std::unique_ptr<ExecutorFixture> fixture_;
};

/// What an Executor promises beyond it when its containers are real.
class ContainerContract : public ExecutorContract {};

}  // namespace nacre::exec::contract
