#include "engine/step_key.hpp"

#include "engine/step_cache.hpp"
#include "os/file.hpp"
#include "source/memory_tree.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <set>

namespace nacre::engine {
namespace {

Layer layer(char digit) {
    const oci::Digest digest = oci::Digest::parse("sha256:" + std::string(64, digit));
    return {{.media_type = "x", .digest = digest}, oci::DiffId{digest}};
}

/// One step and all that is around it, to be changed one thing at a time.
struct Situation {
    Action action;
    Trust trust = Trust::Official;
    oci::Platform platform{.architecture = "amd64"};
    archive::CompressionSettings compression;
    std::int64_t epoch = 1000;
    exec::NetworkMode network = exec::NetworkMode::None;
    std::vector<Layer> parents{layer('a')};
    std::vector<Layer> origin{layer('b')};
    source::MemoryTree context{500};
    std::vector<MountOrigin> mounted;

    StepKey key() const {
        return make_step_key(
            action,
            {.trust = trust,
             .platform = platform,
             .compression = compression,
             .source_date_epoch = epoch,
             .network = network,
             .parents = parents,
             .origin = origin,
             .context = context,
             .mounted = mounted});
    }
};

RunAction run_action() {
    return {.argv = {"/bin/sh", "-c", "make"}, .env = {"A=1"}, .working_dir = "/"};
}

CopyAction copy_action() {
    return {.origin = FromContext{}, .sources = {"dir"}, .destination = "/x"};
}

void fill(source::MemoryTree& tree) {
    tree.add_file("dir/a", "text");
    tree.add_symlink("dir/l", "a");
    tree.add_file("else", "no part of it");
}

Situation running() {
    Situation situation;
    situation.action = run_action();
    return situation;
}

Situation copying() {
    Situation situation;
    situation.action = copy_action();
    fill(situation.context);
    return situation;
}

using Change = std::function<void(Situation&)>;

void expect_all_different(
    const std::function<Situation()>& make, const std::vector<Change>& changes) {
    std::set<StepKey> keys{make().key()};
    for (std::size_t i = 0; i < changes.size(); ++i) {
        Situation changed = make();
        changes[i](changed);
        EXPECT_TRUE(keys.insert(changed.key()).second) << "change " << i;
    }
}

template <class Kind>
Change on(void (*change)(Kind&)) {
    return [change](Situation& situation) { change(std::get<Kind>(situation.action)); };
}

TEST(StepKey, IsTheSameForTheSameStep) {
    EXPECT_EQ(running().key(), running().key());
    EXPECT_EQ(copying().key(), copying().key());
    EXPECT_THAT(running().key().hex, testing::MatchesRegex("[0-9a-f]{64}"));
}

TEST(StepKey, CoversAllThatDecidesARun) {
    expect_all_different(
        running,
        {[](Situation& s) { s.trust = Trust::Scratch; },
         [](Situation& s) { s.platform.architecture = "arm64"; },
         [](Situation& s) { s.platform.variant = "v2"; },
         [](Situation& s) { s.compression.level = 1; },
         [](Situation& s) { s.compression.kind = archive::CompressionKind::Zstd; },
         [](Situation& s) { s.epoch = 1001; },
         [](Situation& s) { s.network = exec::NetworkMode::Host; },
         [](Situation& s) { s.parents = {layer('c')}; },
         [](Situation& s) { s.parents.push_back(layer('a')); },
         on<RunAction>([](RunAction& r) { r.argv.back() = "make all"; }),
         on<RunAction>([](RunAction& r) { r.env.emplace_back("B=2"); }),
         on<RunAction>([](RunAction& r) { r.working_dir = "/srv"; }),
         on<RunAction>([](RunAction& r) { r.user = "web"; })});
}

TEST(StepKey, CoversAllThatDecidesACopy) {
    expect_all_different(
        copying,
        {[](Situation& s) { s.trust = Trust::Scratch; },
         [](Situation& s) { s.parents = {layer('c')}; },
         [](Situation& s) { s.context.add_file("dir/b", ""); },
         [](Situation& s) { s.context.add_file("dir/b", "", 0600); },
         [](Situation& s) { s.context.add_file("dir/b", "more"); },
         [](Situation& s) { s.context.add_symlink("dir/b", "a"); },
         [](Situation& s) { s.context.add_symlink("dir/b", "l"); },
         [](Situation& s) { s.context.add_folder("dir/b"); },
         on<CopyAction>([](CopyAction& c) { c.destination = "/x/"; }),
         on<CopyAction>([](CopyAction& c) { c.owner = "1:2"; }),
         on<CopyAction>([](CopyAction& c) { c.mode = ModeChange::parse("0"); }),
         on<CopyAction>([](CopyAction& c) { c.mode = ModeChange::parse("0600"); }),
         on<CopyAction>([](CopyAction& c) { c.excludes = {"l"}; }),
         on<CopyAction>([](CopyAction& c) { c.parents = ParentFolders::Take; }),
         on<CopyAction>([](CopyAction& c) { c.unpack_archives = true; }),
         on<CopyAction>([](CopyAction& c) { c.link = true; }),
         on<CopyAction>([](CopyAction& c) { c.files = {{"dir", "inline"}}; }),
         on<CopyAction>([](CopyAction& c) { c.origin = FromStage{0}; })});
}

TEST(StepKey, CoversTheContentOfACopiedFile) {
    Situation one;
    one.action = copy_action();
    one.context.add_file("dir/a", "one");
    Situation two;
    two.action = copy_action();
    two.context.add_file("dir/a", "two");
    EXPECT_NE(one.key(), two.key());
}

TEST(StepKey, CoversTheContentOfAFileThatAMountShowsWhereverItIsFrom) {
    const auto key_of = [](const char* in_mount, const char* in_context) {
        source::MemoryTree files{500};
        files.add_file("tool", in_mount);
        Situation situation;
        situation.context.add_file("tool", in_context);
        RunAction run = run_action();
        run.mounts = {
            {dockerfile::BindMount{.source = "tool", .target = "/tool"},
             FromNamedContext{"files"}}};
        situation.action = run;
        situation.mounted = {{.layers = {}, .tree = &files}};
        return situation.key();
    };
    EXPECT_NE(key_of("one", "same"), key_of("two", "same"));
    EXPECT_EQ(key_of("one", "here"), key_of("one", "that"));
}

TEST(StepKey, CoversTheLayersOfAnOriginAndNotItsName) {
    Situation stage = copying();
    std::get<CopyAction>(stage.action).origin = FromStage{1};
    Situation image = copying();
    std::get<CopyAction>(image.action).origin = FromImage{"name:1"};
    EXPECT_EQ(stage.key(), image.key());
    image.origin = {layer('d')};
    EXPECT_NE(stage.key(), image.key());
}

TEST(StepKey, LeavesOutWhatDecidesNothing) {
    Situation other = copying();
    other.context.add_file("not copied", "text");
    other.compression.threads = 7;
    other.network = exec::NetworkMode::Host;
    EXPECT_EQ(other.key(), copying().key());
    // Times after the epoch become the epoch.
    Situation later = copying();
    later.epoch = 400;
    Situation latest = copying();
    latest.context = source::MemoryTree{900};
    fill(latest.context);
    latest.epoch = 400;
    EXPECT_EQ(later.key(), latest.key());
    // A linked copy does not look at what is below.
    Situation linked = copying();
    std::get<CopyAction>(linked.action).link = true;
    Situation on_another_base = copying();
    std::get<CopyAction>(on_another_base.action).link = true;
    on_another_base.parents = {layer('e')};
    EXPECT_EQ(linked.key(), on_another_base.key());
    // A RUN without network does not depend on what the service allows.
    Situation closed = running();
    std::get<RunAction>(closed.action).network = dockerfile::NetworkMode::None;
    closed.network = exec::NetworkMode::Host;
    EXPECT_EQ(closed.key(), running().key());
}

TEST(KeyWriter, FramesValuesSoThatNoTwoListsCollide) {
    std::set<StepKey> keys;
    const auto add = [&](const std::function<void(KeyWriter&)>& write) {
        KeyWriter key;
        write(key);
        EXPECT_TRUE(keys.insert(key.finish()).second);
    };
    add([](KeyWriter&) {});
    add([](KeyWriter& k) { k.add(""); });
    add([](KeyWriter& k) { k.add("ab"); });
    add([](KeyWriter& k) { k.add("a"), k.add("b"); });
    add([](KeyWriter& k) { k.add("ab"), k.add(""); });
    add([](KeyWriter& k) { k.add(""), k.add("ab"); });
    add([](KeyWriter& k) { k.add(std::vector<std::string>{}); });
    add([](KeyWriter& k) { k.add(std::vector<std::string>{"ab"}); });
    add([](KeyWriter& k) { k.add(std::vector<std::string>{"a", "b"}); });
    add([](KeyWriter& k) { k.add(std::vector<std::string>{"a"}), k.add("b"); });
    add([](KeyWriter& k) { k.add(std::int64_t{0}); });
    add([](KeyWriter& k) { k.add(std::int64_t{1}); });
    add([](KeyWriter& k) { k.add("1"); });
    // The frame of another value as text.
    add([](KeyWriter& k) { k.add(std::string{"t\1\0\0\0\0\0\0\0a", 10}); });
    add([](KeyWriter& k) { k.add("a"), k.add("t"); });
}

TEST(DirectoryStepCache, TakesADamagedRecordForNone) {
    const nacre::test::TempDir folder;
    DirectoryStepCache cache{folder.path()};
    const StepKey key{std::string(64, 'a')};
    cache.keep(key, {layer('1')});
    const auto path = folder.path() / "v1/aa" / key.hex;
    const std::string whole = os::read_file(path, 4096);
    ASSERT_EQ(cache.find(key), StepRecord{layer('1')});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        os::write_file_atomically(path, whole.substr(0, size));
        EXPECT_EQ(cache.find(key), std::nullopt) << size << " bytes";
    }
    for (const char* text :
         {"[]", "7", R"({"layer":{}})", R"({"layer":null})", R"({"diffId":"x"})"}) {
        os::write_file_atomically(path, text);
        EXPECT_EQ(cache.find(key), std::nullopt) << text;
    }
    cache.keep(key, {});
    EXPECT_EQ(cache.find(key), StepRecord{});
}

TEST(DirectoryStepCache, IsReadByAnother) {
    const nacre::test::TempDir folder;
    const StepKey key{std::string(64, 'a')};
    DirectoryStepCache{folder.path()}.keep(key, {layer('1')});
    EXPECT_EQ(DirectoryStepCache{folder.path()}.find(key), StepRecord{layer('1')});
}

}  // namespace
}  // namespace nacre::engine
