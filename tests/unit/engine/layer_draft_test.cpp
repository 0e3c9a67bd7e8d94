#include "engine/layer_draft.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"
#include "unit/engine/written_layer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>

namespace nacre::engine {
namespace {

using archive::EntryType;
using test::code_of;
using test::WrittenLayer;
using testing::ElementsAre;

constexpr std::int64_t kEpoch = 1000;

LayerDraft::Content text(const char* content) {
    return [content] { return std::make_unique<StringSource>(content); };
}

class LayerDraftTest : public testing::Test {
protected:
    LayerDraftTest() {
        tree.apply(
            {{.path = "etc",
              .type = EntryType::Directory,
              .mode = 0711,
              .uid = 3,
              .mtime = 10,
              .xattrs = {{"user.a", "b"}}},
             {.path = "etc/motd", .mode = 0600, .mtime = 20},
             {.path = "etc/deep", .type = EntryType::Directory, .mode = 0700, .mtime = 30},
             {.path = "conf", .type = EntryType::Symlink, .link_target = "/etc"},
             {.path = "motd", .type = EntryType::Symlink, .link_target = "etc/motd"},
             {.path = "nowhere", .type = EntryType::Symlink, .link_target = "etc/new"},
             {.path = "null",
              .type = EntryType::CharDevice,
              .device_major = 1,
              .device_minor = 3}});
    }

    ImageTree tree;
    LayerDraft draft{tree, kEpoch};
};

TEST_F(LayerDraftTest, HasTheFoldersAboveAnEntryAsTheyAreInTheImage) {
    draft.write_file("/etc/deep/new", 1, text("x"), {.mode = 0644});
    const WrittenLayer layer{draft};
    EXPECT_THAT(layer.paths(), ElementsAre("etc", "etc/deep", "etc/deep/new"));
    EXPECT_EQ(layer.entry("etc").mode, 0711U);
    EXPECT_EQ(layer.entry("etc").uid, 3U);
    EXPECT_EQ(layer.entry("etc").mtime, 10);
    EXPECT_THAT(layer.entry("etc").xattrs, ElementsAre(std::pair{"user.a", "b"}));
    EXPECT_EQ(layer.entry("etc/deep").mode, 0700U);
    EXPECT_EQ(layer.entry("etc/deep").mtime, kEpoch) << "its content changed";
    EXPECT_EQ(layer.content("etc/deep/new"), "x");
}

TEST_F(LayerDraftTest, ResolvesLinksOfTheImage) {
    draft.write_file("conf/a", 1, text("a"), {});
    draft.write_file(draft.follow_links("motd"), 1, text("m"), {});
    draft.write_file(draft.follow_links("nowhere"), 1, text("n"), {});
    const WrittenLayer layer{draft};
    EXPECT_THAT(layer.paths(), ElementsAre("etc", "etc/a", "etc/motd", "etc/new"));
}

TEST_F(LayerDraftTest, ReplacesALinkInsteadOfWritingThroughIt) {
    draft.write_file("motd", 1, text("m"), {});
    draft.replace_link_by_folder("conf", {.mode = 0700});
    draft.write_file("conf/a", 1, text("a"), {});
    EXPECT_FALSE(draft.is_link("motd"));
    EXPECT_TRUE(draft.is_link("nowhere"));
    EXPECT_THAT(WrittenLayer{draft}.paths(), ElementsAre("conf", "conf/a", "motd"));
}

TEST_F(LayerDraftTest, ReplacesWhatIsNoFileInsteadOfWritingToIt) {
    draft.write_file("null", 1, text("x"), {.mode = 04755, .owner = {7, 8}, .mtime = 5000});
    const WrittenLayer layer{draft};
    EXPECT_EQ(layer.entry("null").type, EntryType::File);
    EXPECT_EQ(layer.entry("null").mode, 04755U);
    EXPECT_EQ(layer.entry("null").uid, 7U);
    EXPECT_EQ(layer.entry("null").gid, 8U);
    EXPECT_EQ(layer.entry("null").mtime, kEpoch);
}

TEST_F(LayerDraftTest, ReplacesNoFolderByAFile) {
    EXPECT_EQ(code_of([&] { draft.write_file("etc", 0, text(""), {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { draft.write_symlink("etc", "x", {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { draft.write_special("etc", {}, {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { draft.ensure_folder("etc/motd/x", {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { draft.ensure_folder("nowhere", {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { draft.write_file("no/x", 0, text(""), {}); }), ErrorCode::Conflict);
    EXPECT_EQ(code_of([&] { draft.write_symlink("etc/..", "x", {}); }), ErrorCode::InvalidArgument);
    EXPECT_TRUE(draft.empty());
}

TEST_F(LayerDraftTest, TakesNoNameThatWouldBeAWhiteout) {
    EXPECT_EQ(
        code_of([&] { draft.write_file("etc/.wh.motd", 0, text(""), {}); }),
        ErrorCode::Unsupported);
}

TEST_F(LayerDraftTest, KeepsNamesOfOneFileTogether) {
    draft.write_file("b", 4, text("file"), {.mode = 0755});
    draft.write_hardlink("a", "/b");
    draft.write_hardlink("c", "a");
    const WrittenLayer layer{draft};
    EXPECT_EQ(layer.content("a"), "file");
    EXPECT_EQ(layer.entry("a").mode, 0755U);
    for (const char* path : {"b", "c"}) {
        EXPECT_EQ(layer.entry(path).type, EntryType::Hardlink);
        EXPECT_EQ(layer.entry(path).link_target, "a");
    }
    EXPECT_EQ(code_of([&] { draft.write_hardlink("x", "etc/motd"); }), ErrorCode::InvalidArgument);
}

TEST_F(LayerDraftTest, KeepsTheAttributesOfAFolderWhateverIsMadeInIt) {
    draft.ensure_folder("srv/data", {.mode = 0700, .mtime = 7});
    draft.write_file("srv/data/x", 0, text(""), {});
    draft.set_attributes("srv", {.mode = 01777, .owner = {1, 2}, .mtime = 8});
    const WrittenLayer layer{draft};
    EXPECT_EQ(layer.entry("srv/data").mtime, 7);
    EXPECT_EQ(layer.entry("srv").mode, 01777U);
    EXPECT_EQ(layer.entry("srv").gid, 2U);
    EXPECT_THAT(layer.paths(), ElementsAre("srv", "srv/data", "srv/data/x"));
}

TEST_F(LayerDraftTest, DoesNotDependOnTheOrderInWhichEntriesAreMade) {
    const std::vector<std::function<void(LayerDraft&)>> makes{
        [](LayerDraft& d) { d.write_file("etc/x", 1, text("x"), {}); },
        [](LayerDraft& d) { d.write_symlink("etc/deep/l", "x", {}); },
        [](LayerDraft& d) { d.ensure_folder("z", {.mode = 0700}); },
        [](LayerDraft& d) { d.write_special("pipe", {}, {}); }};
    std::vector<std::size_t> order{0, 1, 2, 3};
    std::set<std::string> results;
    do {
        ImageTree image;
        image.apply({{.path = "etc/deep", .type = EntryType::Directory}});
        LayerDraft one{image, kEpoch};
        for (const std::size_t index : order)
            makes[index](one);
        StringSink out;
        std::vector<archive::TarEntry> entries;
        one.write(out, entries);
        results.insert(out.take());
    } while (std::ranges::next_permutation(order).found);
    EXPECT_EQ(results.size(), 1U);
}

TEST_F(LayerDraftTest, TellsWhatTheNextLayerStandsOn) {
    draft.write_file("etc/x", 1, text("x"), {});
    const WrittenLayer layer{draft};
    ImageTree again;
    again.apply(layer.index());
    EXPECT_EQ(again.find("etc/x")->type, EntryType::File);
    EXPECT_EQ(again.find("etc")->mode, 0711U);
}

TEST_F(LayerDraftTest, RefusesAFileThatIsShorterThanItWas) {
    draft.write_file("x", 2, text("x"), {});
    StringSink out;
    std::vector<archive::TarEntry> entries;
    EXPECT_EQ(code_of([&] { draft.write(out, entries); }), ErrorCode::Conflict);
}

}  // namespace
}  // namespace nacre::engine
