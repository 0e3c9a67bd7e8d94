#include "distgit/git_repositories.hpp"

#include "base/random.hpp"
#include "distgit/file_access_list.hpp"
#include "os/file.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::distgit {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

/// Fails the N-th process that is started.
class FaultyRunner final : public os::ProcessRunner {
public:
    void fail_at(int call) { remaining_ = call; }

    std::unique_ptr<os::ChildProcess> start(
        const os::Command& command, const os::Stdio& stdio) override {
        return real_.start(command, stdio);
    }

    os::ProcessResult run(
        const os::Command& command, const os::RunOptions& options, std::stop_token stop) override {
        if (--remaining_ == 0) throw Error{ErrorCode::ResourceExhausted, "no process to be had"};
        return real_.run(command, options, std::move(stop));
    }

private:
    os::SystemProcessRunner real_;
    int remaining_ = 0;
};

class GitRepositoriesTest : public testing::Test {
protected:
    os::ProcessResult git(const fs::path& folder, std::vector<std::string> arguments) {
        os::Command command;
        command.argv = {"git", "-c", "user.name=A", "-c", "user.email=a@example.org"};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.environment = git_environment();
        command.directory = folder;
        return runner_.run(command, {}, {});
    }

    /// A clone with one more commit on main.
    fs::path clone_and_commit() {
        const fs::path clone = root_.path() / "clone";
        EXPECT_TRUE(
            git(root_.path(), {"clone", "-q", bare().string(), clone.string()}).status.success());
        os::write_file_atomically(clone / "Dockerfile", "FROM scratch\n");
        EXPECT_TRUE(git(clone, {"add", "Dockerfile"}).status.success());
        EXPECT_TRUE(git(clone, {"commit", "-q", "-m", "x"}).status.success());
        return clone;
    }

    fs::path bare() const { return repositories_.folder_of(httpd_); }

    const RepositoryName httpd_ = RepositoryName::parse("container/httpd");
    test::TempDir root_;
    FaultyRunner runner_;
    ManualClock clock_{from_unix_seconds(1'790'000'000)};
    GitRepositories repositories_{{.root = root_.path() / "git"}, runner_, clock_};
};

TEST_F(GitRepositoriesTest, BeginsWithADeterministicCommit) {
    repositories_.create(httpd_, {"alice", "A web server"}, {});
    EXPECT_EQ(
        git(bare(), {"log", "--format=%an <%ae> %at %s", "--name-status"}).out,
        "Nacre <nacre@localhost> 1790000000 Initial setup of the repository\n\nA\t.gitignore\n");
    EXPECT_EQ(
        repositories_.resolve(httpd_, "main", {}), "0a278f37c4b5a94a56f64eed239460cd80d5292f");
    EXPECT_TRUE(git(bare(), {"fsck", "--strict"}).status.success());
    EXPECT_EQ(FileAccessList{root_.path() / "git"}.find(httpd_)->owner, "alice");
}

TEST_F(GitRepositoriesTest, TakesAPushAndRefusesToRewriteOrDelete) {
    repositories_.create(httpd_, {"alice", ""}, {});
    const fs::path clone = clone_and_commit();
    EXPECT_TRUE(git(clone, {"push", "-q", "origin", "main", "main:f44"}).status.success());
    const std::string pushed{git(clone, {"rev-parse", "main"}).out, 0, 40};
    EXPECT_EQ(repositories_.resolve(httpd_, "f44", {}), pushed);
    EXPECT_TRUE(git(clone, {"reset", "-q", "--hard", "HEAD~1"}).status.success());
    const auto forced = git(clone, {"push", "--force", "origin", "main"});
    EXPECT_FALSE(forced.status.success());
    EXPECT_THAT(forced.err, HasSubstr("non-fast-forward"));
    const auto deleted = git(clone, {"push", "origin", ":f44"});
    EXPECT_FALSE(deleted.status.success());
    EXPECT_THAT(deleted.err, HasSubstr("deletion prohibited"));
    EXPECT_EQ(repositories_.resolve(httpd_, "main", {}), pushed);
}

TEST_F(GitRepositoriesTest, RunsNoHooks) {
    repositories_.create(httpd_, {"alice", ""}, {});
    os::ensure_directory(bare() / "hooks");
    os::write_file_atomically(
        bare() / "hooks/pre-receive", "#!/bin/sh\nexit 1\n", os::Durability::Buffered, 0755);
    const fs::path clone = clone_and_commit();
    EXPECT_TRUE(git(clone, {"push", "-q", "origin", "main"}).status.success());
}

TEST_F(GitRepositoriesTest, LimitsTheSizeOfAPush) {
    GitRepositories small{{.root = root_.path() / "git", .push_bytes_max = 2000}, runner_, clock_};
    small.create(httpd_, {"alice", ""}, {});
    const fs::path clone = clone_and_commit();
    std::string noise;
    SeededRandom random{1};
    for (int i = 0; i < 1000; ++i)
        noise += random_word(random, 13);
    os::write_file_atomically(clone / "noise", noise);
    git(clone, {"add", "noise"});
    git(clone, {"commit", "-q", "-m", "noise"});
    const auto pushed = git(clone, {"push", "origin", "main"});
    EXPECT_FALSE(pushed.status.success());
    EXPECT_THAT(pushed.err, HasSubstr("exceeds maximum allowed size"));
}

TEST_F(GitRepositoriesTest, PrefersABranchToATagOfTheSameName) {
    repositories_.create(httpd_, {"alice", ""}, {});
    const fs::path clone = clone_and_commit();
    git(clone, {"tag", "main", "HEAD~1"});
    EXPECT_TRUE(
        git(clone, {"push", "-q", "origin", "refs/heads/main", "refs/tags/main"}).status.success());
    EXPECT_EQ(
        repositories_.resolve(httpd_, "main", {}),
        std::string(git(clone, {"rev-parse", "refs/heads/main"}).out, 0, 40));
}

TEST_F(GitRepositoriesTest, CreatesAllOrNothingWhicheverStepFails) {
    int call = 1;
    for (; !repositories_.find(httpd_); ++call) {
        ASSERT_LT(call, 20);
        runner_.fail_at(call);
        try {
            repositories_.create(httpd_, {"alice", ""}, {});
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::ResourceExhausted);
            EXPECT_TRUE(fs::is_empty(root_.path() / "git/container"));
        }
    }
    EXPECT_GT(call, 2);
}

TEST_F(GitRepositoriesTest, SweepsWhatKilledProcessesLeft) {
    // No process has this id: it is beyond the kernel's limit.
    const fs::path left = root_.path() / "git/container/tmp-repository-4194999-0";
    os::ensure_directory(left);
    const GitRepositories again{{.root = root_.path() / "git"}, runner_, clock_};
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(again.list().empty());
}

TEST_F(GitRepositoriesTest, CollectsGarbageAndKeepsTheBranches) {
    repositories_.create(httpd_, {"alice", ""}, {});
    const std::string before = repositories_.resolve(httpd_, "main", {});
    repositories_.collect_garbage(httpd_, {});
    EXPECT_EQ(repositories_.resolve(httpd_, "main", {}), before);
}

TEST_F(GitRepositoriesTest, RefusesANamespaceThatIsNoName) {
    EXPECT_EQ(
        test::error_of([&] {
            return GitRepositories{{.root = root_.path(), .namespaces = {"../x"}}, runner_, clock_}
                .list();
        }).code(),
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::distgit
