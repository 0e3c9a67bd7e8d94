// RUN --mount, --network and --security, with real containers.
#include "base/error.hpp"
#include "os/file.hpp"
#include "support/build_machine.hpp"
#include "support/code_of.hpp"
#include "support/echo_agent.hpp"

#include <gmock/gmock.h>

#include <optional>

namespace nacre::engine::test {
namespace {

namespace fs = std::filesystem;
using nacre::test::code_of;
using nacre::test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Strings = std::vector<std::string>;

class BuildMounts : public BuildTest {
protected:
    void TearDown() override {
        if (HasFatalFailure() || IsSkipped()) return;
        EXPECT_THAT(machine().leftovers(), IsEmpty());
    }

    /// What the steps wrote.
    std::string output(const std::string& dockerfile) {
        RecordedProgress progress;
        last_.emplace(machine().build(dockerfile, progress));
        return progress.text;
    }

    Strings last_entries() { return machine().entries(last_->layers.back()); }

private:
    std::optional<BuildResult> last_;
};

TEST_F(BuildMounts, BindTheContextReadOnlyAndLeaveNoTrace) {
    machine().context.add_file("dir/file", "from the context\n");
    machine().context.add_file("run.sh", "echo script\n");
    EXPECT_EQ(
        output("FROM busybox:1\n"
               "RUN --mount=target=/ctx --mount=source=run.sh,target=/opt/run.sh "
               "cat /ctx/dir/file; sh /opt/run.sh; touch /ctx/new 2>/dev/null || echo no; touch "
               "/done\n"),
        "from the context\nscript\nno\n");
    EXPECT_THAT(last_entries(), ElementsAre("done 0644 0:0"));
}

TEST_F(BuildMounts, ThrowAwayWhatIsWrittenToABind) {
    machine().context.add_file("file", "old\n");
    EXPECT_EQ(
        output(
            "FROM busybox:1 AS tools\nRUN mkdir /t; echo tool > /t/tool\n"
            "FROM busybox:1\n"
            "RUN --mount=target=/ctx,rw --mount=from=tools,source=/t,target=/t,rw "
            "echo new > /ctx/file; echo new > /t/tool; cat /ctx/file /t/tool\n"
            "RUN --mount=target=/ctx --mount=from=tools,source=t,target=/t cat /ctx/file /t/tool\n"
            "RUN --mount=from=busybox:1,source=/etc/passwd,target=/p,ro grep -c root /p\n"),
        "new\nnew\nold\ntool\n1\n");
    EXPECT_THAT(last_entries(), IsEmpty());
}

TEST_F(BuildMounts, KeepCachesBetweenStepsAndBuilds) {
    const std::string file =
        "FROM busybox:1\nRUN --mount=type=cache,target=/var/cache/x,mode=0770,uid=1000,gid=1001 "
        "stat -c '%a %u:%g' /var/cache/x; echo line >> /var/cache/x/log; wc -l < "
        "/var/cache/x/log\n";
    EXPECT_EQ(output(file), "770 1000:1001\n1\n");
    EXPECT_THAT(last_entries(), IsEmpty());
    EXPECT_EQ(output(file), "770 1000:1001\n2\n");
    EXPECT_EQ(
        output(
            "FROM busybox:1\nRUN --mount=type=cache,target=/c,ro,id=other touch /c/x || echo no\n"),
        "touch: /c/x: Read-only file system\nno\n");
}

TEST_F(BuildMounts, NeverShareCachesBetweenTrusts) {
    const std::string file =
        "FROM busybox:1\nRUN --mount=type=cache,target=/c ls /c; touch /c/poison\n";
    machine().trust = Trust::Scratch;
    EXPECT_EQ(output(file), "");
    machine().trust = Trust::Official;
    EXPECT_EQ(output(file), "");
    EXPECT_EQ(output(file), "poison\n");
}

TEST_F(BuildMounts, BeginACacheWithTheFilesOfAStage) {
    EXPECT_EQ(
        output("FROM busybox:1 AS seed\nRUN mkdir /s; echo seed > /s/f; chown 5:6 /s/f\n"
               "FROM busybox:1\n"
               "RUN --mount=type=cache,id=s,from=seed,source=/s,target=/c stat -c %u:%g /c/f; echo "
               "more >> /c/f\n"
               "RUN --mount=type=cache,id=s,from=seed,source=/s,target=/c cat /c/f\n"),
        "5:6\nseed\nmore\n");
}

TEST_F(BuildMounts, BeginACacheWithTheFilesOfANamedContext) {
    source::MemoryTree seed{1'700'000'000};
    seed.add_file("s/deep/f", "seed\n");
    seed.add_file("other", "no\n");
    machine().contexts["seed"] = {};
    machine().context_trees["seed"] = &seed;
    const std::string file =
        "FROM busybox:1\nRUN --mount=type=cache,id=s,from=seed,source=s,target=/c cat "
        "/c/deep/f; echo more >> /c/deep/f; ls /c\n";
    EXPECT_EQ(output(file), "seed\ndeep\n");
    EXPECT_EQ(output(file), "seed\nmore\ndeep\n");
    source::MemoryTree changed{1'700'000'000};
    changed.add_file("s/deep/f", "another\n");
    machine().context_trees["seed"] = &changed;
    EXPECT_EQ(output(file), "another\ndeep\n");
}

TEST_F(BuildMounts, MountTmpfsOfASize) {
    EXPECT_EQ(
        output("FROM busybox:1\nRUN --mount=type=tmpfs,target=/t,size=1m "
               "grep ' /t ' /proc/mounts | grep -o size=[0-9a-z]*; yes > /t/f 2>/dev/null || echo "
               "full\n"),
        "size=1024k\nfull\n");
}

TEST_F(BuildMounts, GiveSecretsAndKeepThemOutOfEverything) {
    machine().entitlements.secrets = true;
    machine().secrets.emplace("token", Secret{"hunter2-hunter2"});
    MemoryStepCache cache;
    machine().cache = &cache;
    EXPECT_EQ(
        output("FROM busybox:1\n"
               "RUN --mount=type=secret,id=token,env=TOKEN "
               "--mount=type=secret,id=token,target=/run/x,uid=1000,mode=0440 "
               "--mount=type=secret,id=token --mount=type=secret,id=absent "
               "echo ${#TOKEN}; wc -c < /run/secrets/token; stat -c '%a %u' /run/x "
               "/run/secrets/token; ls /run/secrets\n"),
        "15\n15\n440 1000\n400 0\ntoken\n");
    EXPECT_THAT(last_entries(), IsEmpty());
    for (const auto& entry : fs::recursive_directory_iterator{machine().folder.path()}) {
        if (!entry.is_regular_file() || entry.file_size() > (1U << 20U)) continue;
        EXPECT_THAT(os::read_file(entry.path(), 1U << 20U), Not(HasSubstr("hunter2")))
            << entry.path();
    }
}

TEST_F(BuildMounts, RefuseARequiredSecretThatIsNotGiven) {
    machine().entitlements.secrets = true;
    EXPECT_THAT(
        message_of(
            [&] { output("FROM busybox:1\nRUN --mount=type=secret,id=token,required x\n"); }),
        HasSubstr("secret 'token' is required and not given"));
    machine().entitlements.secrets = false;
    EXPECT_THAT(
        message_of([&] { output("FROM busybox:1\nRUN --mount=type=ssh x\n"); }),
        HasSubstr("get no secrets"));
}

TEST_F(BuildMounts, StepInTheMiddleOfLinksThatLeadOut) {
    // CVE-2024-1753, and a mount point behind an image's own link.
    const nacre::test::TempDir outside;
    os::write_file_atomically(outside.path() / "canary", "alive", os::Durability::Buffered);
    EXPECT_EQ(
        output(
            "FROM busybox:1 AS evil\nRUN ln -s / /rootdir; ln -s " + outside.path().string()
            + " /out; ln -s ../../../../../../ /up\n"
              "FROM busybox:1\nRUN --mount=from=evil,source=/rootdir,target=/m,rw touch "
              "/m/BREAKOUT; ls /m/bin/sh\n"
              "RUN --mount=from=evil,source=/up,target=/m,rw touch /m/BREAKOUT; ls /m/bin/sh\n"),
        "/m/bin/sh\n/m/bin/sh\n");
    EXPECT_FALSE(fs::exists("/BREAKOUT"));
    EXPECT_EQ(
        code_of([&] {
            output("FROM busybox:1 AS evil\nRUN ln -s " + outside.path().string()
                   + " /out\nFROM busybox:1\nRUN --mount=from=evil,source=/out,target=/m,rw touch /m/x\n");
        }),
        ErrorCode::NotFound);
    EXPECT_EQ(os::read_file(outside.path() / "canary", 10), "alive");
    EXPECT_EQ(std::distance(fs::directory_iterator{outside.path()}, {}), 1);
}

TEST_F(BuildMounts, RefuseACacheSourceThatBecameALink) {
    // CVE-2024-23651.
    EXPECT_THAT(
        message_of([&] {
            output(
                "FROM busybox:1\nRUN --mount=type=cache,id=x,target=/c ln -s /etc /c/sel\n"
                "RUN --mount=type=cache,id=x,source=sel,target=/m cat /m/hostname\n");
        }),
        HasSubstr("No such file or directory"));
}

TEST_F(BuildMounts, TakeAnyTextAsTheNameOfACache) {
    // CVE-2024-9675.
    for (const std::string& id :
         {std::string{"../../../../etc"},
          std::string{"/"},
          std::string(4096, 'a'),
          std::string{"\xC3\xA4\x01"}})
        EXPECT_EQ(
            output("FROM busybox:1\nRUN --mount=type=cache,target=/c,id=" + id + " ls /c\n"), "");
    for (const auto& entry : fs::directory_iterator{machine().folder.path() / "caches/scratch"})
        EXPECT_EQ(entry.path().filename().string().size(), 64U);
}

TEST_F(BuildMounts, CleanUpMountPointsThatAStepReplacedByLinks) {
    // CVE-2024-23652.
    const nacre::test::TempDir outside;
    os::write_file_atomically(outside.path() / "y", "", os::Durability::Buffered);
    output(
        "FROM busybox:1\nRUN --mount=type=tmpfs,target=/x/y/z mv /x /moved; ln -s "
        + outside.path().string() + " /x\n");
    EXPECT_TRUE(fs::exists(outside.path() / "y"));
    EXPECT_EQ(std::distance(fs::directory_iterator{outside.path()}, {}), 1);
}

TEST_F(BuildMounts, ResolveMountPointsBehindLinksOfTheImage) {
    EXPECT_EQ(
        output("FROM busybox:1\nRUN mkdir -p /run /var; ln -s /run /var/run\n"
               "RUN --mount=type=tmpfs,target=/var/run/t touch /run/t/f; ls /run/t\n"),
        "f\n");
    EXPECT_THAT(last_entries(), IsEmpty());
}

TEST_F(BuildMounts, ShareTheNetworkWhenAllowed) {
    machine().entitlements.network_host = true;
    EXPECT_NE(
        output("FROM busybox:1\nRUN --network=host cat /proc/net/dev | wc -l\n"),
        output("FROM busybox:1\nRUN cat /proc/net/dev | wc -l\n"));
}

TEST_F(BuildMounts, OpenTheSandboxWhenAllowed) {
    machine().entitlements.security_insecure = true;
    EXPECT_EQ(
        output("FROM busybox:1\nRUN --security=insecure mount -t tmpfs x /tmp && echo mounted\n"),
        "mounted\n");
}

TEST_F(BuildMounts, HaveTheHostnameThatTheBuildGives) {
    EXPECT_EQ(output("FROM busybox:1\nRUN hostname\n"), "localhost\n");
    machine().hostname = "box-1";
    EXPECT_EQ(output("FROM busybox:1\nRUN hostname\n"), "box-1\n");
}

TEST_F(BuildMounts, KnowHostsThatTheBuildAdds) {
    machine().extra_hosts = {{"db.example", "10.0.0.7"}};
    EXPECT_THAT(
        output("FROM busybox:1\nRUN cat /etc/hosts\n"), HasSubstr("10.0.0.7\tdb.example\n"));
    EXPECT_THAT(last_entries(), IsEmpty());
}

TEST_F(BuildMounts, PassOnAnSshAgent) {
    const fs::path socket = machine().folder.path() / "agent";
    const nacre::test::EchoAgent agent{socket};
    const auto before = fs::status(socket).permissions();
    machine().entitlements.secrets = true;
    machine().ssh_agents.emplace("default", socket);
    EXPECT_EQ(
        output("FROM busybox:1\nUSER web\nRUN --mount=type=ssh,uid=1000 "
               "echo $SSH_AUTH_SOCK; stat -c '%a %u %F' $SSH_AUTH_SOCK; "
               "chmod 777 $SSH_AUTH_SOCK 2>/dev/null || echo no\n"),
        "/run/buildkit/ssh_agent.0\n600 1000 socket\nno\n");
    EXPECT_EQ(fs::status(socket).permissions(), before);
}

TEST_F(BuildMounts, WarnOnceOfLimitsThatCannotBeKept) {
    machine().limits.ulimits = {{"nofile", std::uint64_t{1} << 40U, std::uint64_t{1} << 40U}};
    machine().limits.shm_bytes = 1U << 20U;
    RecordedProgress progress;
    machine().build(
        "FROM busybox:1\nRUN grep -o 'shm.*size=[0-9]*' /proc/mounts | grep -o size=.*\nRUN true\n",
        progress);
    EXPECT_EQ(progress.text, "size=1024\n");
    const auto expected = machine().executor->unkept(machine().limits);
    EXPECT_EQ(progress.notes.size(), expected.size());
}

}  // namespace
}  // namespace nacre::engine::test
