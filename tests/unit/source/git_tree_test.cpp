#include "source/git_tree.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>

namespace nacre::source {
namespace {

class GitCommitTrees : public testing::Test {
protected:
    GitCommitTrees() { git({"init", "-q", "--bare", "."}); }

    std::string git(const std::vector<std::string>& arguments, const std::string& input = {}) {
        os::Command command;
        command.argv = {"git"};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.directory = folder_.path();
        command.environment = os::minimal_environment();
        for (const char* setting :
             {"GIT_CONFIG_NOSYSTEM=1",
              "GIT_CONFIG_GLOBAL=/dev/null",
              "GIT_AUTHOR_NAME=a",
              "GIT_AUTHOR_EMAIL=a@b",
              "GIT_COMMITTER_NAME=c > d",
              "GIT_COMMITTER_EMAIL=c@d",
              "GIT_COMMITTER_DATE=1700000000 +0200",
              "GIT_AUTHOR_DATE=1600000000 +0200"})
            command.environment.emplace_back(setting);
        return std::string{trim(os::run_checked(runner_, command, {.input = input}, {}))};
    }

    /// A commit whose tree has these lines, as `git mktree` reads them.
    std::string commit(const std::string& tree) {
        return git({"commit-tree", "-m", "x", git({"mktree", "--missing"}, tree)});
    }

    std::string blob(const std::string& content) {
        return git({"hash-object", "-w", "--stdin"}, content);
    }

    GitCommitTree open(const std::string& id, const GitTreeLimits& limits = {}) {
        return {runner_, folder_.path(), id, limits, std::stop_token{}};
    }

    ErrorCode code_of(const std::string& id, const GitTreeLimits& limits = {}) {
        try {
            static_cast<void>(open(id, limits));
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::Internal;
    }

    os::SystemProcessRunner runner_;
    test::TempDir folder_;
};

TEST_F(GitCommitTrees, KnowObjectIdsAndTheCommitTime) {
    const std::string object = blob("hello");
    const GitCommitTree tree = open(commit("100644 blob " + object + "\tf\n"));
    EXPECT_EQ(tree.commit_time(), 1700000000);
    EXPECT_EQ(tree.find("f").value().content_key, "git:" + object);
    EXPECT_EQ(tree.find("f").value().mtime, 1700000000);
}

TEST_F(GitCommitTrees, TakeFullCommitIdsOnly) {
    const std::string id = commit("");
    EXPECT_THAT(open(id).walk(""), testing::IsEmpty());
    for (const std::string& name :
         {std::string{},
          std::string{"HEAD"},
          std::string{"--help"},
          id.substr(0, 39),
          id + "^{}",
          to_upper(id)})
        EXPECT_EQ(code_of(name), ErrorCode::InvalidArgument) << name;
}

TEST_F(GitCommitTrees, RefuseWhatIsNoCommit) {
    EXPECT_EQ(code_of(std::string(40, '0')), ErrorCode::NotFound);
    EXPECT_EQ(code_of(blob("x")), ErrorCode::NotFound);
    EXPECT_EQ(code_of(git({"mktree"}, "")), ErrorCode::NotFound);
}

TEST_F(GitCommitTrees, RefuseSubmodules) {
    EXPECT_EQ(
        code_of(commit("160000 commit " + std::string(40, '1') + "\tsub\n")),
        ErrorCode::Unsupported);
}

TEST_F(GitCommitTrees, RefuseEntriesNoCheckoutCouldHave) {
    const std::string object = blob("x");
    const std::string inner = git({"mktree"}, "100644 blob " + object + "\tx\n");
    EXPECT_EQ(code_of(commit("040000 tree " + inner + "\t..\n")), ErrorCode::DataCorrupt);
    EXPECT_EQ(code_of(commit("100644 blob " + object + "\t.\n")), ErrorCode::DataCorrupt);
}

TEST_F(GitCommitTrees, RefuseMissingObjects) {
    EXPECT_EQ(
        code_of(commit("100644 blob " + std::string(40, '2') + "\tx\n")), ErrorCode::DataCorrupt);
}

TEST_F(GitCommitTrees, KeepTheirLimits) {
    const std::string object = blob("12345");
    const std::string id = commit("100644 blob " + object + "\ta\n100644 blob " + object + "\tb\n");
    EXPECT_EQ(code_of(id, {.entries = 1}), ErrorCode::ResourceExhausted);
    EXPECT_EQ(code_of(id, {.file_bytes = 4}), ErrorCode::ResourceExhausted);
    EXPECT_EQ(code_of(id, {.listing_bytes = 10}), ErrorCode::ResourceExhausted);
    EXPECT_EQ(open(id, {.entries = 2, .file_bytes = 5}).walk("").size(), 2U);
}

TEST_F(GitCommitTrees, TakePathsOfAnyBytes) {
    const std::string object = blob("x");
    const GitCommitTree tree = open(commit("100644 blob " + object + "\t\"a\\tb\\377\\\"\"\n"));
    ASSERT_EQ(tree.walk("").size(), 1U);
    EXPECT_EQ(tree.walk("")[0].path, "a\tb\xFF\"");
}

TEST_F(GitCommitTrees, IgnoreTheRepositorysHooksFiltersAndReplacements) {
    const std::string object = blob("real");
    const std::string attributes = blob("* filter=evil\n");
    const std::string id =
        commit("100644 blob " + attributes + "\t.gitattributes\n100644 blob " + object + "\tf\n");
    const std::string canary = (folder_.path() / "canary").native();
    git({"config", "filter.evil.smudge", "touch " + canary});
    git({"config", "core.fsmonitor", "touch " + canary});
    git({"replace", object, blob("fake")});
    const GitCommitTree tree = open(id);
    EXPECT_EQ(find_text(tree, "f", 100), "real");
    EXPECT_FALSE(std::filesystem::exists(canary));
}

}  // namespace
}  // namespace nacre::source
