// Attacks 1 to 4 and 7 to 10: RUN --mount, and what a step may ask for.
#include "attacks/attack.hpp"
#include "base/thread_group.hpp"

#include <fcntl.h>

#include <cstdio>

namespace nacre::engine::test {
namespace {

namespace fs = std::filesystem;
using Attack01 = AttackTest;
using Attack02 = AttackTest;
using Attack03 = AttackTest;
using Attack04 = AttackTest;
using Attack07 = AttackTest;
using Attack08 = AttackTest;
using Attack09 = AttackTest;
using Attack10 = AttackTest;

TEST_F(Attack01, SourceOfACacheIsSwappedForALinkWhileItIsMounted) {
    // CVE-2024-23651.
    constexpr int kRounds = 12;
    build(
        "FROM busybox:1\nRUN --mount=type=cache,id=x,target=/c mkdir /c/sel; echo own > "
        "/c/sel/own\n");
    fs::path sel;
    for (const auto& entry : fs::recursive_directory_iterator{machine().folder.path() / "caches"})
        if (entry.path().filename() == "sel") sel = entry.path();
    ASSERT_FALSE(sel.empty());
    fs::create_directory_symlink(outside(), sel.parent_path() / "link");
    ThreadGroup group;
    group.start("swap", [&](const std::stop_token& stop) {
        while (!stop.stop_requested())
            ::renameat2(
                AT_FDCWD,
                sel.c_str(),
                AT_FDCWD,
                (sel.parent_path() / "link").c_str(),
                RENAME_EXCHANGE);
    });
    int seen = 0;
    for (int round = 0; round < kRounds; ++round) {
        try {
            seen +=
                build(
                    "FROM busybox:1\nRUN --mount=type=cache,id=x,source=sel,target=/m cat /m/own "
                    "/m/canary; rm -f /m/canary; touch /m/breakout\n")
                    .starts_with("own");
        } catch (const Error& error) {
            EXPECT_THAT(error.describe(), HasSubstr("sel"));
        }
    }
    group.request_stop();
    group.join();
    RecordProperty("rounds_that_saw_the_folder", seen);
}

TEST_F(Attack02, SourceOfACacheIsALinkToAFolderOutside) {
    for (const std::string& target : ways_out())
        EXPECT_THAT(
            refusal(
                "FROM busybox:1\nRUN --mount=type=cache,id=x,target=/c rm -f /c/sel; ln -s "
                + target
                + " /c/sel\nRUN --mount=type=cache,id=x,source=sel,target=/m cat /m/canary; touch "
                  "/m/new\n"),
            HasSubstr("sel"));
}

TEST_F(Attack03, FolderOfAMountPointIsReplacedByALink) {
    // CVE-2024-23652.
    const nacre::test::TempDir other;
    fs::create_directory(other.path() / "y");
    for (const char* step : {"rm -rf /x", "mv /x /moved"}) {
        build(
            std::string{"FROM busybox:1\nRUN --mount=type=tmpfs,target=/x/y "} + step
            + " 2>/dev/null; ln -s " + other.path().string() + " /x\n");
        EXPECT_TRUE(fs::exists(other.path() / "y")) << step;
    }
}

TEST_F(Attack04, StepAsksForWhatNobodyAllowedIt) {
    // CVE-2024-23653.
    EXPECT_THAT(
        refusal("FROM busybox:1\nRUN --security=insecure true\n"), HasSubstr("security.insecure"));
    EXPECT_THAT(refusal("FROM busybox:1\nRUN --network=host true\n"), HasSubstr("network.host"));
    EXPECT_THAT(
        refusal("FROM busybox:1\nRUN --mount=type=secret,id=a true\n"), HasSubstr("secret"));
    EXPECT_THAT(refusal("FROM busybox:1\nRUN --mount=type=ssh true\n"), HasSubstr("ssh"));
    for (const char* flag : {"--device=/dev/sda", "--privileged", "--cap-add=ALL", "--pid=host"})
        EXPECT_THAT(
            refusal(std::string{"FROM busybox:1\nRUN "} + flag + " true\n"),
            HasSubstr(std::string{flag}.substr(0, 5)));
    // Triggers of a base are the base's words and no more.
    MadeImage base{.layers = {nacre::test::busybox_tar()}};
    base.config.on_build = {"RUN --security=insecure true"};
    machine().add_image("trigger", base);
    EXPECT_THAT(refusal("FROM trigger:1\n"), HasSubstr("security.insecure"));
}

TEST_F(Attack07, RootOfAnImageIsBoundThroughALink) {
    // CVE-2024-1753.
    add_base("evil", {link("rootdir", "/"), link("up", "../../../../..")});
    for (const char* source : {"/rootdir", "/up", "rootdir/..", "/"}) {
        const std::string bound =
            std::string{"FROM busybox:1\nRUN --mount=type=bind,from=evil:1,source="} + source
            + ",target=/m,rw ";
        const std::string said = build(
            bound + "ls /m; touch /m/NACRE_BREAKOUT; cat /m" + canary().string() + " || true\n");
        EXPECT_THAT(said, HasSubstr("rootdir\n")) << source;
    }
}

TEST_F(Attack08, MountHasOptionsThatAreNotOnTheList) {
    // CVE-2024-9407.
    for (const char* option :
         {"bind-propagation=shared",
          "z",
          "Z",
          "U",
          "relabel=shared",
          "suid",
          "dev",
          "exec",
          "idmap",
          "rshared",
          "nosuch=1"})
        EXPECT_THAT(
            refusal(
                std::string{"FROM busybox:1\nRUN --mount=type=bind,target=/m,"} + option
                + " true\n"),
            HasSubstr(std::string{option}.substr(0, std::string{option}.find('='))))
            << option;
    EXPECT_THAT(
        refusal("FROM busybox:1\nRUN --mount=type=devpts,target=/m true\n"), HasSubstr("devpts"));
}

TEST_F(Attack09, NameOrSourceOfACacheLeadsOut) {
    // CVE-2024-9675.
    for (const std::string& id :
         {std::string{"../../../../.."} + outside().string(),
          outside().string(),
          std::string{"a/../../b"},
          std::string(4096, 'a'),
          std::string{"\xE2\x80\xAE\xC3\xA4\x01"}})
        EXPECT_EQ(
            build(
                "FROM busybox:1\nRUN --mount=type=cache,target=/c,id=" + id
                + " ls /c; touch /c/new\n"),
            "");
    EXPECT_THAT(
        refusal(
            std::string{"FROM busybox:1\nRUN --mount=type=cache,target=/c,id=a"} + '\0'
            + "b true\n"),
        HasSubstr("NUL"));
    for (const std::string& source : {"../../../../../.." + outside().string(), outside().string()})
        EXPECT_THAT(
            refusal(
                "FROM busybox:1\nRUN --mount=type=cache,id=own,target=/c,source=" + source
                + " cat /c/canary\n"),
            HasSubstr("source"))
            << source;
}

TEST_F(Attack10, StagesThatRunAtOnceSwapWhatTheOthersMount) {
    // CVE-2024-11218.
    machine().jobs = 4;
    std::string text;
    for (const char* stage : {"a", "b", "c"})
        text +=
            std::string{"FROM busybox:1 AS "} + stage
            + "\nRUN --mount=type=cache,id=x,target=/c for i in $(seq 200); do rm -rf /c/sel; ln "
              "-s "
            + outside().string() + " /c/sel; rm -f /c/sel; mkdir -p /c/sel; done; true\n"
            + "RUN --mount=type=cache,id=x,target=/c cat /c/sel/canary; touch /c/sel/new; true\n";
    build(text + "FROM busybox:1\nRUN --mount=type=bind,from=a,target=/a --mount=type=bind,from=b,target=/b "
                 "--mount=type=bind,from=c,target=/c ls /a /b /c > /dev/null\n");
}

}  // namespace
}  // namespace nacre::engine::test
