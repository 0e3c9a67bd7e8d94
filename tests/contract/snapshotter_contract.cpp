#include "contract/snapshotter_contract.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "store/layers.hpp"
#include "support/code_of.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace nacre::store::contract {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using Strings = std::vector<std::string>;

oci::DiffId diff_id(char digit) {
    return {oci::Digest::parse("sha256:" + std::string(64, digit))};
}

const oci::DiffId kBase = diff_id('a');
const oci::DiffId kNext = diff_id('b');

void write(const fs::path& file, const std::string& content) {
    std::ofstream{file} << content;
}

std::string read(const fs::path& file) {
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Two folders with files, a link and a pair of hard links.
void make_base(const fs::path& root) {
    fs::create_directories(root / "etc/conf.d");
    write(root / "etc/passwd", "root\n");
    write(root / "etc/conf.d/one", "1");
    write(root / "etc/conf.d/two", "2");
    fs::create_directory(root / "bin");
    write(root / "bin/sh", "shell");
    fs::create_hard_link(root / "bin/sh", root / "bin/bash");
    fs::create_symlink("/etc/passwd", root / "link");
}

}  // namespace

void SnapshotterContract::SetUp() {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    fixture_ = GetParam().make();
}

void SnapshotterContract::commit(
    const oci::DiffId& id,
    const std::vector<oci::DiffId>& parents,
    const std::function<void(const fs::path& root)>& change) {
    auto active = snapshotter().prepare(parents);
    change(active->root());
    active->commit(id);
}

Strings SnapshotterContract::changes_of(ActiveSnapshot& active) {
    StringSink tar;
    write_layer(active.changes(), tar, {});
    StringSource in{tar.text()};
    archive::TarReader reader{in, {}};
    Strings result;
    archive::TarEntry entry;
    while (reader.next(entry)) {
        std::string line = entry.path;
        if (entry.type == archive::EntryType::Directory) line += "/";
        if (!entry.link_target.empty()) line += " -> " + entry.link_target;
        result.push_back(std::move(line));
    }
    return result;
}

TEST_P(SnapshotterContract, StartsWithAnEmptyRoot) {
    auto active = snapshotter().prepare({});
    EXPECT_TRUE(fs::is_directory(active->root()));
    EXPECT_TRUE(fs::is_empty(active->root()));
    EXPECT_EQ(changes_of(*active), Strings{});
    struct stat status{};
    ASSERT_EQ(::stat(active->root().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0755U);
}

TEST_P(SnapshotterContract, KeepsWhatWasCommitted) {
    EXPECT_FALSE(snapshotter().has_layer(kBase));
    commit(kBase, {}, make_base);
    EXPECT_TRUE(snapshotter().has_layer(kBase));
    EXPECT_EQ(snapshotter().layers(), std::vector{kBase});
    auto active = snapshotter().prepare({kBase});
    EXPECT_EQ(read(active->root() / "etc/passwd"), "root\n");
    EXPECT_EQ(fs::read_symlink(active->root() / "link"), "/etc/passwd");
    EXPECT_EQ(changes_of(*active), Strings{});
}

TEST_P(SnapshotterContract, DiscardsWhatWasNotCommitted) {
    fs::path root;
    {
        auto active = snapshotter().prepare({});
        root = active->root();
        make_base(root);
    }
    EXPECT_FALSE(fs::exists(root));
    EXPECT_EQ(snapshotter().layers().size(), 0U);
}

TEST_P(SnapshotterContract, ShowsWhatChanged) {
    commit(kBase, {}, make_base);
    auto active = snapshotter().prepare({kBase});
    const fs::path& root = active->root();
    write(root / "etc/conf.d/one", "changed");
    fs::remove(root / "etc/passwd");
    fs::remove_all(root / "bin");
    write(root / "new", "new");
    fs::create_hard_link(root / "new", root / "new2");
    EXPECT_EQ(
        changes_of(*active),
        (Strings{
            ".wh.bin",
            "etc/",
            "etc/.wh.passwd",
            "etc/conf.d/",
            "etc/conf.d/one",
            "new",
            "new2 -> new"}));
}

TEST_P(SnapshotterContract, ShowsAFolderThatWasReplaced) {
    commit(kBase, {}, make_base);
    auto active = snapshotter().prepare({kBase});
    fs::remove_all(active->root() / "etc/conf.d");
    fs::create_directory(active->root() / "etc/conf.d");
    write(active->root() / "etc/conf.d/three", "3");
    EXPECT_EQ(
        changes_of(*active),
        (Strings{"etc/", "etc/conf.d/", "etc/conf.d/.wh..wh..opq", "etc/conf.d/three"}));
}

TEST_P(SnapshotterContract, ShowsAChangedMode) {
    commit(kBase, {}, make_base);
    auto active = snapshotter().prepare({kBase});
    fs::permissions(active->root() / "etc/passwd", fs::perms{04711});
    EXPECT_EQ(changes_of(*active), (Strings{"etc/", "etc/passwd"}));
}

TEST_P(SnapshotterContract, StacksLayers) {
    commit(kBase, {}, make_base);
    commit(kNext, {kBase}, [](const fs::path& root) {
        fs::remove(root / "etc/passwd");
        fs::remove_all(root / "etc/conf.d");
        fs::create_directory(root / "etc/conf.d");
        write(root / "etc/conf.d/three", "3");
        write(root / "new", "new");
    });
    auto active = snapshotter().prepare({kBase, kNext});
    const fs::path& root = active->root();
    EXPECT_FALSE(fs::exists(root / "etc/passwd"));
    EXPECT_FALSE(fs::exists(root / "etc/conf.d/one"));
    EXPECT_EQ(read(root / "etc/conf.d/three"), "3");
    EXPECT_EQ(read(root / "bin/sh"), "shell");
    EXPECT_EQ(read(root / "new"), "new");
    auto below = snapshotter().prepare({kBase});
    EXPECT_EQ(read(below->root() / "etc/passwd"), "root\n");
}

TEST_P(SnapshotterContract, TakesALayerTwiceInOneStack) {
    commit(kBase, {}, make_base);
    commit(kNext, {kBase}, [](const fs::path& root) { fs::remove(root / "etc/passwd"); });
    auto active = snapshotter().prepare({kBase, kNext, kBase});
    EXPECT_EQ(read(active->root() / "etc/passwd"), "root\n");
}

TEST_P(SnapshotterContract, TakesALayerThatWasUnpackedElsewhere) {
    const fs::path folder = snapshotter().prepare_layer(kBase);
    EXPECT_TRUE(fs::is_empty(folder));
    make_base(folder);
    EXPECT_FALSE(snapshotter().has_layer(kBase));
    snapshotter().commit_layer(kBase, folder);
    EXPECT_FALSE(fs::exists(folder));
    auto active = snapshotter().prepare({kBase});
    EXPECT_EQ(read(active->root() / "bin/bash"), "shell");
}

TEST_P(SnapshotterContract, KeepsTheFirstOfTwoEqualLayers) {
    commit(kBase, {}, make_base);
    const fs::path folder = snapshotter().prepare_layer(kBase);
    snapshotter().commit_layer(kBase, folder);
    EXPECT_FALSE(fs::exists(folder));
    EXPECT_EQ(read(snapshotter().prepare({kBase})->root() / "bin/sh"), "shell");
}

TEST_P(SnapshotterContract, HidesEverythingBelowAnOpaqueRoot) {
    commit(kBase, {}, make_base);
    const fs::path folder = snapshotter().prepare_layer(kNext);
    StringSink tar;
    archive::TarWriter writer{tar};
    writer.add({.path = ".wh..wh..opq"});
    writer.add({.path = "only"});
    writer.finish();
    StringSource in{tar.text()};
    archive::TarReader reader{in, {}};
    apply_layer(reader, folder);
    snapshotter().commit_layer(kNext, folder);
    auto active = snapshotter().prepare({kBase, kNext});
    EXPECT_TRUE(fs::exists(active->root() / "only"));
    EXPECT_FALSE(fs::exists(active->root() / "etc"));
}

TEST_P(SnapshotterContract, RemovesALayer) {
    commit(kBase, {}, make_base);
    EXPECT_TRUE(snapshotter().remove_layer(kBase));
    EXPECT_FALSE(snapshotter().remove_layer(kBase));
    EXPECT_FALSE(snapshotter().has_layer(kBase));
    EXPECT_EQ(code_of([&] { snapshotter().prepare({kBase}); }), ErrorCode::NotFound);
}

TEST_P(SnapshotterContract, StacksManyLayers) {
    constexpr int kLayers = 140;
    std::vector<oci::DiffId> stack;
    for (int i = 0; i < kLayers; ++i) {
        std::string hex = std::to_string(i);
        hex.resize(64, 'f');
        stack.push_back({oci::Digest::parse("sha256:" + hex)});
        const fs::path folder = snapshotter().prepare_layer(stack.back());
        write(folder / std::to_string(i), "x");
        write(folder / "last", std::to_string(i));
        snapshotter().commit_layer(stack.back(), folder);
    }
    auto active = snapshotter().prepare(stack);
    EXPECT_EQ(read(active->root() / "last"), "139");
    EXPECT_TRUE(fs::exists(active->root() / "0"));
}

}  // namespace nacre::store::contract
