#include "contract/tree_contract.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/process.hpp"
#include "source/folder_tree.hpp"
#include "source/git_tree.hpp"
#include "source/ignored_tree.hpp"
#include "source/memory_tree.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <array>
#include <fstream>

namespace nacre::source {
namespace {

using testing::ElementsAre;

std::string read(const Tree& tree, const Node& node) {
    const std::unique_ptr<ByteSource> source = tree.open(node);
    std::string text;
    std::array<std::byte, 1000> buffer{};
    while (const std::size_t count = source->read(buffer))
        text += as_text(Bytes{buffer}.first(count));
    return text;
}

std::vector<std::string> paths(const std::vector<Node>& nodes) {
    std::vector<std::string> names;
    for (const Node& node : nodes)
        names.push_back(node.path);
    return names;
}

void fill(const std::filesystem::path& root) {
    const auto write = [&](const char* name, const std::string& content) {
        std::ofstream{root / name, std::ios::binary} << content;
    };
    std::filesystem::create_directories(root / "a/deep");
    write("a/b.txt", "beta");
    write("a/run", "#!/bin/sh\n");
    ASSERT_EQ(::chmod((root / "a/run").c_str(), 0755), 0);
    write("a/deep/empty", "");
    write("a.txt", "alpha");
    write("big", std::string(kBigSize, 'x'));
    std::filesystem::create_symlink("a/b.txt", root / "link");
    std::filesystem::create_symlink("../../etc", root / "out");
}

class FolderFixture final : public TreeFixture {
public:
    FolderFixture() {
        fill(folder_.path());
        tree_ = std::make_unique<FolderTree>(folder_.path());
    }

    const Tree& tree() override { return *tree_; }

private:
    test::TempDir folder_;
    std::unique_ptr<FolderTree> tree_;
};

class MemoryFixture final : public TreeFixture {
public:
    MemoryFixture() {
        tree_.add_file("a/b.txt", "beta");
        tree_.add_file("a/run", "#!/bin/sh\n", 0755);
        tree_.add_file("a/deep/empty", "");
        tree_.add_file("a.txt", "alpha");
        tree_.add_file("big", std::string(kBigSize, 'x'));
        tree_.add_symlink("link", "a/b.txt");
        tree_.add_symlink("out", "../../etc");
    }

    const Tree& tree() override { return tree_; }

private:
    MemoryTree tree_;
};

class GitFixture final : public TreeFixture {
public:
    GitFixture() {
        fill(folder_.path());
        git({"init", "-q", "."});
        git({"add", "-A"});
        git({"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first"});
        const std::string id{trim(git({"rev-parse", "HEAD"}))};
        tree_ = std::make_unique<GitCommitTree>(
            runner_, folder_.path() / ".git", id, GitTreeLimits{}, std::stop_token{});
    }

    const Tree& tree() override { return *tree_; }

private:
    std::string git(std::vector<std::string> arguments) {
        os::Command command;
        command.argv = {"git"};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.directory = folder_.path();
        command.environment = os::minimal_environment();
        command.environment.emplace_back("GIT_CONFIG_NOSYSTEM=1");
        command.environment.emplace_back("GIT_CONFIG_GLOBAL=/dev/null");
        return os::run_checked(runner_, command, {}, {});
    }

    os::SystemProcessRunner runner_;
    test::TempDir folder_;
    std::unique_ptr<GitCommitTree> tree_;
};

/// Excludes a file that only it has, so that the rest is what every tree has.
class IgnoredFixture final : public TreeFixture {
public:
    IgnoredFixture() {
        fill(folder_.path());
        std::filesystem::create_directories(folder_.path() / "a/node_modules/x");
        std::ofstream{folder_.path() / "a/node_modules/x/y"} << "y";
        inner_ = std::make_unique<FolderTree>(folder_.path());
        tree_ = std::make_unique<IgnoredTree>(
            *inner_, parse_ignore_file("**/node_modules\n", ".dockerignore").patterns);
    }

    const Tree& tree() override { return *tree_; }

private:
    test::TempDir folder_;
    std::unique_ptr<FolderTree> inner_;
    std::unique_ptr<IgnoredTree> tree_;
};

TEST_P(TreeContract, WalksInOrderWithFoldersBeforeWhatIsInThem) {
    const auto fixture = GetParam().make();
    EXPECT_THAT(
        paths(fixture->tree().walk("")),
        ElementsAre(
            "a", "a/b.txt", "a/deep", "a/deep/empty", "a/run", "a.txt", "big", "link", "out"));
    EXPECT_THAT(paths(fixture->tree().walk("a/deep")), ElementsAre("a/deep/empty"));
    EXPECT_THAT(fixture->tree().walk("absent"), testing::IsEmpty());
    EXPECT_THAT(fixture->tree().walk("a.txt"), testing::IsEmpty());
    EXPECT_THAT(fixture->tree().walk("link"), testing::IsEmpty());
}

TEST_P(TreeContract, DescribesEachKindOfEntry) {
    const auto fixture = GetParam().make();
    const Tree& tree = fixture->tree();
    const Node file = tree.find("a/b.txt").value();
    EXPECT_EQ(file.type, NodeType::File);
    EXPECT_EQ(file.size, 4U);
    EXPECT_EQ(file.mode, 0644U);
    EXPECT_EQ(tree.find("a/run").value().mode, 0755U);
    EXPECT_EQ(tree.find("a").value().type, NodeType::Directory);
    EXPECT_EQ(tree.find("").value().type, NodeType::Directory);
    const Node link = tree.find("out").value();
    EXPECT_EQ(link.type, NodeType::Symlink);
    EXPECT_EQ(link.link_target, "../../etc");
}

TEST_P(TreeContract, FindsTheSameAsItWalks) {
    const auto fixture = GetParam().make();
    for (const Node& node : fixture->tree().walk("")) {
        const std::optional<Node> found = fixture->tree().find(node.path);
        ASSERT_TRUE(found) << node.path;
        EXPECT_EQ(found->type, node.type) << node.path;
        EXPECT_EQ(found->size, node.size) << node.path;
        EXPECT_EQ(found->mode, node.mode) << node.path;
        EXPECT_EQ(found->link_target, node.link_target) << node.path;
        EXPECT_EQ(found->content_key, node.content_key) << node.path;
    }
}

TEST_P(TreeContract, FindsNothingOutsideOrThroughLinks) {
    const auto fixture = GetParam().make();
    for (const char* path :
         {"absent",
          "..",
          "../x",
          "/",
          "/etc/passwd",
          "a/../a.txt",
          "a//b.txt",
          "a/",
          "./a",
          "out/passwd",
          "link/x",
          "a.txt/x"})
        EXPECT_FALSE(fixture->tree().find(path)) << path;
}

TEST_P(TreeContract, ReadsContents) {
    const auto fixture = GetParam().make();
    const Tree& tree = fixture->tree();
    EXPECT_EQ(read(tree, tree.find("a/b.txt").value()), "beta");
    EXPECT_EQ(read(tree, tree.find("a/deep/empty").value()), "");
    EXPECT_EQ(read(tree, tree.find("big").value()), std::string(kBigSize, 'x'));
}

TEST_P(TreeContract, ReadsSeveralFilesAtOnceAndAbandonsSome) {
    const auto fixture = GetParam().make();
    const Tree& tree = fixture->tree();
    const auto big = tree.open(tree.find("big").value());
    std::array<std::byte, 10> buffer{};
    EXPECT_GT(big->read(buffer), 0U);
    EXPECT_EQ(read(tree, tree.find("a.txt").value()), "alpha");
    static_cast<void>(tree.open(tree.find("big").value()));
    EXPECT_EQ(read(tree, tree.find("a/b.txt").value()), "beta");
}

TEST_P(TreeContract, RefusesToOpenWhatIsNoFile) {
    const auto fixture = GetParam().make();
    for (const char* path : {"absent", "a", "link", "out/passwd", "../a.txt"}) {
        Node node;
        node.path = path;
        try {
            static_cast<void>(fixture->tree().open(node));
            ADD_FAILURE() << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::NotFound) << path;
        }
    }
}

TEST_P(TreeContract, GivesTextWithinALimit) {
    const auto fixture = GetParam().make();
    EXPECT_EQ(find_text(fixture->tree(), "a.txt", 5), "alpha");
    EXPECT_EQ(find_text(fixture->tree(), "absent", 5), std::nullopt);
    EXPECT_EQ(find_text(fixture->tree(), "link", 5), std::nullopt);
    EXPECT_THROW(find_text(fixture->tree(), "a.txt", 4), Error);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    TreeContract,
    testing::Values(
        TreeCase{"Folder", [] { return std::make_unique<FolderFixture>(); }},
        TreeCase{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        TreeCase{"Git", [] { return std::make_unique<GitFixture>(); }},
        TreeCase{"Ignored", [] { return std::make_unique<IgnoredFixture>(); }}),
    [](const testing::TestParamInfo<TreeCase>& test) { return test.param.name; });

}  // namespace
}  // namespace nacre::source
