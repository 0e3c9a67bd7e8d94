// Traps of the build cache.
#include "engine/step_key.hpp"
#include "source/memory_tree.hpp"
#include "support/busybox.hpp"
#include "traps/trap.hpp"

namespace nacre::engine::test {
namespace {

class KeyTrap : public TrapTest {
protected:
    static StepKey key_of(const Action& action, const source::Tree& context) {
        return make_step_key(
            action,
            {.platform = {.architecture = "amd64"},
             .parents = {},
             .origin = {},
             .context = context});
    }

    static StepKey key_of_words(const Strings& words) {
        return key_of(RunAction{.argv = words}, source::MemoryTree{});
    }
};

TEST_F(KeyTrap, JoinedWordsDoNotCollide) {
    const StepKey one = key_of_words({"a-b", "c"});
    EXPECT_NE(one, key_of_words({"a", "b-c"}));
    EXPECT_NE(one, key_of_words({"a-b-c"}));
    EXPECT_NE(one, key_of_words({"a-b", "c", ""}));
    EXPECT_NE(key_of_words({"a\0b"}), key_of_words({"a", "b"}));
    const source::MemoryTree nothing;
    EXPECT_NE(
        key_of(RunAction{.argv = {"x"}, .env = {"A=1", "B=2"}}, nothing),
        key_of(RunAction{.argv = {"x", "A=1"}, .env = {"B=2"}}, nothing));
    EXPECT_NE(
        key_of(RunAction{.argv = {"x"}, .working_dir = "/a", .user = "b"}, nothing),
        key_of(RunAction{.argv = {"x"}, .working_dir = "/ab"}, nothing));
}

TEST_F(KeyTrap, HashOfAFolderIsFramed) {
    const auto key_of_files = [](const std::vector<std::pair<std::string, std::string>>& files) {
        source::MemoryTree tree;
        for (const auto& [path, content] : files)
            tree.add_file(path, content);
        return key_of(
            CopyAction{.origin = FromContext{}, .sources = {"."}, .destination = "/"}, tree);
    };
    const StepKey one = key_of_files({{"a", "bc"}});
    EXPECT_NE(one, key_of_files({{"ab", "c"}}));
    EXPECT_NE(one, key_of_files({{"a", "b"}, {"c", ""}}));
    EXPECT_NE(key_of_files({{"d/a", ""}}), key_of_files({{"d", "a"}}));
    EXPECT_NE(key_of_files({{"a", ""}, {"b", "x"}}), key_of_files({{"a", "x"}, {"b", ""}}));
}

TEST_F(KeyTrap, ValuesOfArgumentsAreInTheKey) {
    machine().context.add_file("one", "1");
    machine().context.add_file("two", "2");
    const std::string text =
        "FROM busybox:1\nARG WHICH\nARG WHERE\nENV PLACE=/$WHERE\nWORKDIR "
        "$PLACE\nCOPY $WHICH file\n";
    machine().build_args = {{"WHICH", "one"}, {"WHERE", "a"}};
    build(text);
    EXPECT_EQ(machine().content(last_layer(), "a/file"), "1");
    machine().build_args = {{"WHICH", "two"}, {"WHERE", "a"}};
    build(text);
    EXPECT_EQ(outcomes(), (Outcomes{kCached, kDone}));
    EXPECT_EQ(machine().content(last_layer(), "a/file"), "2");
    machine().build_args = {{"WHICH", "two"}, {"WHERE", "b"}};
    build(text);
    EXPECT_EQ(outcomes(), (Outcomes{kDone, kDone}));
    EXPECT_TRUE(last_entry("b/file"));
}

TEST_F(KeyTrap, LabelsAndTimeOfTheBaseLeaveTheCacheValid) {
    MadeImage base{.layers = {nacre::test::busybox_tar()}};
    machine().add_image("base", base);
    const std::string text = "FROM base:1\nRUN cat /proc/sys/kernel/random/uuid > /random\n";
    build(text);
    const Layer first = last_layer();
    base.config.labels = {{"build", "2"}};
    base.config.created = "2020-01-01T00:00:00Z";
    base.config.author = "somebody else";
    machine().add_image("base", base);
    build(text);
    EXPECT_EQ(outcomes(), Outcomes{kCached});
    EXPECT_EQ(last_layer(), first);
    base.config.env = {"SEEN_BY_RUN=1"};
    machine().add_image("base", base);
    build(text);
    EXPECT_EQ(outcomes(), Outcomes{kDone});
}

}  // namespace
}  // namespace nacre::engine::test
