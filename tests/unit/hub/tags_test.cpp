#include "hub/history.hpp"
#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>

namespace nacre::hub {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TagsTest : public HubTest {
protected:
    TagsTest() {
        write_as("admin", [&](Call& call) {
            hub_->tags.create(call, {.name = "base", .arches = "x86_64,aarch64"});
            hub_->tags.create(call, {.name = "f40", .parent = std::string{"base"}});
            hub_->tags.create(call, {.name = "f40-candidate", .parent = std::string{"f40"}});
            hub_->targets.create(
                call, "f40-container", std::string{"f40"}, std::string{"f40-candidate"});
            hub_->packages.add(
                call, std::string{"f40"}, std::string{"httpd"}, {.owner = std::string{"alice"}});
        });
    }

    BuildId build(const std::string& nvr, BuildState state = BuildState::Complete) {
        BuildId id;
        write_as("alice", [&](Call& call) {
            id = hub_->builds.create(call, {.nvr = Nvr::parse(nvr), .state = state});
        });
        return id;
    }

    void tag(const std::string& name, const std::string& nvr) {
        write_as("alice", [&](Call& call) { hub_->tagging.tag(call, name, nvr); });
    }

    std::string tag_refusal(const std::string& name, const std::string& nvr) {
        return refusal("alice", [&](Call& call) { hub_->tagging.tag(call, name, nvr); });
    }

    TagId tag_id(const std::string& name) {
        return read([&](Call& call) { return hub_->tags.get(call, name).id; });
    }

    std::vector<std::string> tagged(const std::string& name, const TaggedFilter& filter) {
        return read([&](Call& call) {
            std::vector<std::string> found;
            for (const TaggedBuild& one :
                 hub_->tagging.list(call, hub_->tags.get(call, name).id, filter))
                found.push_back(one.build.nvr.str() + "@" + one.tag_name);
            return found;
        });
    }
};

TEST_F(TagsTest, InheritArchesAndExtra) {
    write_as("admin", [&](Call& call) {
        koji::Struct extra;
        extra.set("rpm.macro.dist", ".f40");
        hub_->tags.edit(call, std::string{"base"}, {.extra = extra});
    });
    const auto config = read([&](Call& call) {
        return hub_->tags.build_configuration(call, std::string{"f40-candidate"});
    });
    EXPECT_EQ(config.tag.arches, "x86_64 aarch64");
    EXPECT_EQ(config.arches_from, tag_id("base"));
    ASSERT_NE(config.tag.extra.find("rpm.macro.dist"), nullptr);
}

TEST_F(TagsTest, RefuseLoopsAndTheSamePriorityTwice) {
    const auto inherit = [&](const std::string& child, const std::string& parent) {
        return refusal("admin", [&](Call& call) {
            hub_->tags.change_inheritance(
                call, tag_id(child), {{.link = {.parent = tag_id(parent)}}}, Clear::No);
        });
    };
    EXPECT_EQ(inherit("base", "f40-candidate").substr(0, 22), "1000 Inheritance loop:");
    EXPECT_EQ(
        inherit("f40-candidate", "base"),
        "1000 Inheritance priorities must be unique (pri 0: f40, base)");
}

TEST_F(TagsTest, AreShownAsTheyWereAtAnEvent) {
    const auto before = read([&](Call& call) { return find_last_event(call)->id; });
    write_as("admin", [&](Call& call) {
        hub_->tags.edit(call, std::string{"base"}, {.arches = "s390x", .locked = true});
        hub_->targets.edit(
            call,
            std::string{"f40-container"},
            "f40-container",
            std::string{"base"},
            std::string{"f40"});
        hub_->tags.change_inheritance(call, tag_id("f40"), {}, Clear::Yes);
    });
    read([&](Call& call) {
        EXPECT_EQ(hub_->tags.get(call, std::string{"base"}).arches, "s390x");
        EXPECT_EQ(hub_->tags.get(call, std::string{"base"}, {before}).arches, "x86_64 aarch64");
        EXPECT_EQ(
            hub_->targets.get(call, std::string{"f40-container"}, {before}).build_tag_name, "f40");
        EXPECT_EQ(hub_->targets.get(call, std::string{"f40-container"}).build_tag_name, "base");
        EXPECT_THAT(hub_->tags.parents(call, tag_id("f40")), IsEmpty());
        EXPECT_EQ(hub_->tags.parents(call, tag_id("f40"), {before}).size(), 1U);
        return 0;
    });
}

TEST_F(TagsTest, GiveTheirNameAwayWhenTheyAreDeleted) {
    write_as("admin", [&](Call& call) {
        hub_->tags.remove(call, std::string{"f40"});
        hub_->tags.create(call, {.name = "f40"});
    });
    read([&](Call& call) {
        EXPECT_FALSE(hub_->targets.find(call, std::string{"f40-container"}));
        return 0;
    });
}

TEST_F(TagsTest, NeedThePermissionTag) {
    EXPECT_EQ(
        refusal("alice", [&](Call& call) { hub_->tags.create(call, {.name = "x"}); }),
        "1004 tag permission required");
    EXPECT_EQ(
        refusal("admin", [&](Call& call) { hub_->tags.create(call, {.name = "f40"}); }),
        "1000 A tag with the name 'f40' already exists");
    EXPECT_EQ(
        refusal("admin", [&](Call& call) { hub_->tags.get(call, std::string{"x"}); }),
        "1000 No such tagInfo: 'x'");
}

TEST_F(TagsTest, TakeOnlyListedPackages) {
    build("nginx-1-1");
    build("httpd-1-1");
    EXPECT_EQ(
        tag_refusal("f40-candidate", "nginx-1-1"),
        "1003 Package nginx not in list for f40-candidate");
    tag("f40-candidate", "httpd-1-1");
    EXPECT_EQ(
        tag_refusal("f40-candidate", "httpd-1-1"),
        "1003 build httpd-1-1 already tagged (f40-candidate)");
    write_as("admin", [&](Call& call) {
        hub_->packages.block(call, std::string{"f40-candidate"}, std::string{"httpd"}, Force::No);
    });
    build("httpd-1-2");
    EXPECT_EQ(
        tag_refusal("f40-candidate", "httpd-1-2"), "1003 Package httpd blocked in f40-candidate");
    write_as("admin", [&](Call& call) {
        hub_->packages.unblock(call, std::string{"f40-candidate"}, std::string{"httpd"}, Force::No);
    });
    tag("f40-candidate", "httpd-1-2");
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) {
                hub_->packages.add(
                    call, std::string{"f40"}, std::string{"x"}, {.owner = std::string{"bob"}});
            }),
        "1004 policy violation (package_list): all :: deny");
}

TEST_F(TagsTest, TakeOnlyCompleteBuildsAndNoneWhenLocked) {
    build("httpd-1-1", BuildState::Building);
    EXPECT_EQ(tag_refusal("f40", "httpd-1-1"), "1003 build httpd-1-1 not complete: state BUILDING");
    build("httpd-1-2");
    write_as(
        "admin", [&](Call& call) { hub_->tags.edit(call, std::string{"f40"}, {.locked = true}); });
    EXPECT_EQ(tag_refusal("f40", "httpd-1-2"), "1004 tag f40 is locked");
    EXPECT_EQ(tag_refusal("f40", "httpd-1-3"), "1000 No such build: 'httpd-1-3'");
}

TEST_F(TagsTest, ShowWhatWasTaggedLastAsTheLatest) {
    for (const char* nvr : {"httpd-1-1", "httpd-1-3", "httpd-1-2"})
        build(nvr);
    tag("f40", "httpd-1-3");
    tag("f40", "httpd-1-2");
    tag("f40-candidate", "httpd-1-1");
    EXPECT_THAT(tagged("f40", {}), ElementsAre("httpd-1-2@f40", "httpd-1-3@f40"));
    EXPECT_THAT(tagged("f40", {.latest = 1}), ElementsAre("httpd-1-2@f40"));
    EXPECT_THAT(
        tagged("f40-candidate", {.inherit = true, .latest = 1}),
        ElementsAre("httpd-1-1@f40-candidate"));
    EXPECT_THAT(
        tagged("f40-candidate", {.inherit = true}),
        ElementsAre("httpd-1-1@f40-candidate", "httpd-1-2@f40", "httpd-1-3@f40"));
    EXPECT_THAT(tagged("f40", {.package = "nginx"}), IsEmpty());
}

TEST_F(TagsTest, CloseTheTaskOfATaggingAtOnce) {
    build("httpd-1-1");
    TaskId id;
    write_as("alice", [&](Call& call) {
        id = hub_->tagging.tag(call, std::string{"f40"}, std::string{"httpd-1-1"});
    });
    EXPECT_EQ(task(id).state, TaskState::Closed);
    EXPECT_EQ(task(id).method, "tagBuild");
    EXPECT_EQ(task(id).priority, 10);
}

TEST_F(TagsTest, MoveAndUntagWithAHistory) {
    const BuildId id = build("httpd-1-1");
    tag("f40", "httpd-1-1");
    write_as("alice", [&](Call& call) {
        hub_->tagging.tag(
            call,
            std::string{"f40-candidate"},
            id.value(),
            Force::No,
            NameOrId{std::string{"f40"}});
    });
    EXPECT_THAT(tagged("f40", {}), IsEmpty());
    write_as("alice", [&](Call& call) {
        hub_->tagging.untag(call, std::string{"f40-candidate"}, id.value());
    });
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) {
                hub_->tagging.untag(call, std::string{"f40-candidate"}, id.value());
            }),
        "1003 build httpd-1-1 not in tag f40-candidate");
    const auto history = read([&](Call& call) { return read_history(call, {.build = id}); });
    ASSERT_EQ(history.size(), 1U);
    EXPECT_EQ(history[0].name, "tag_listing");
    ASSERT_EQ(history[0].rows.size(), 2U);
    EXPECT_EQ(*history[0].rows[0].find("tag.name"), koji::Value{"f40"});
    EXPECT_EQ(*history[0].rows[0].find("revoker_name"), koji::Value{"alice"});
    EXPECT_FALSE(history[0].rows[1].find("revoke_event")->is_nil());
}

TEST_F(TagsTest, KeepTheNameOfABuildForOneBuild) {
    const BuildId id = build("httpd-1-1", BuildState::Failed);
    EXPECT_EQ(build("httpd-1-1"), id);
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) { hub_->builds.create(call, {.nvr = Nvr::parse("httpd-1-1")}); }),
        "1000 Build already exists (id=" + id.str() + ", state=COMPLETE): httpd-1-1");
}

TEST_F(TagsTest, CountReleasesAsKojiDoes) {
    EXPECT_EQ(increment_release("5", 1), "6");
    EXPECT_EQ(increment_release("5.f40", 1), "6.f40");
    EXPECT_EQ(increment_release("5.f40.9", 1), "5.f40.10");
    EXPECT_EQ(increment_release("1.2", 2), "1.4");
    EXPECT_THROW(increment_release("f40", 1), koji::Fault);
    EXPECT_THROW(increment_release("", 1), koji::Fault);
    EXPECT_THROW(increment_release("9223372036854775807", 1), koji::Fault);
    build("httpd-1-7");
    read([&](Call& call) {
        EXPECT_EQ(hub_->builds.next_release(call, "httpd", "1"), "8");
        EXPECT_EQ(hub_->builds.next_release(call, "httpd", "2"), "1");
        return 0;
    });
}

}  // namespace
}  // namespace nacre::hub
