#include "exec/runtime_config.hpp"

#include "exec/name_files.hpp"
#include "exec/seccomp.hpp"
#include "os/file.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace nacre::exec {
namespace {

ContainerSpec whole_spec() {
    ContainerSpec spec;
    spec.id = "build-1";
    spec.root = "/data/active/1/merged";
    spec.argv = {"/bin/sh", "-c", "make \"all\""};
    spec.env = {"PATH=/bin", "EMPTY="};
    spec.working_dir = "/srv";
    spec.uid = 1000;
    spec.gid = 1001;
    spec.additional_gids = {2000, 2001};
    spec.hostname = "builder";
    spec.mounts = {
        {.source = "/data/repository", .target = "/mnt/repository"},
        {.source = "/data/scratch", .target = "/scratch", .read_only = false}};
    spec.tmpfs = {{.target = "/scratch/fast", .size_bytes = 1U << 20U}};
    spec.limits = {
        .memory_bytes = 1U << 30U, .processes = 512, .cpus = 1.5, .shm_bytes = 1U << 27U};
    spec.limits.ulimits = {{"nofile", 1024, 4096}, {"core", 0, std::nullopt}};
    return spec;
}

/// The member at "a.b.c".
const json::Value& at(const json::Value& value, std::initializer_list<const char*> path) {
    const json::Value* found = &value;
    for (const char* name : path)
        found = found->if_object()->find(name);
    return *found;
}

std::vector<std::string> namespaces_of(const ContainerSpec& spec) {
    std::vector<std::string> types;
    const json::Value config = runtime_config(spec);
    for (const json::Value& item : *at(config, {"linux", "namespaces"}).if_array())
        types.push_back(*at(item, {"type"}).if_string());
    return types;
}

TEST(RuntimeConfig, IsTheGoldenFile) {
    constexpr std::size_t kBytesMax = 1U << 20U;
    const std::filesystem::path golden =
        std::filesystem::path{NACRE_SOURCE_DIR} / "tests/unit/exec/golden/config.json";
    const std::string config = json::render_pretty(runtime_config(whole_spec()));
    if (std::getenv("NACRE_ACCEPT") != nullptr)
        os::write_file_atomically(golden, config, os::Durability::Buffered);
    EXPECT_EQ(config, os::read_file(golden, kBytesMax));
}

TEST(RuntimeConfig, HasANetworkOfItsOwnUnlessItIsShared) {
    ContainerSpec spec = whole_spec();
    EXPECT_THAT(namespaces_of(spec), testing::ElementsAre("pid", "ipc", "uts", "mount", "network"));
    spec.network = NetworkMode::Host;
    EXPECT_THAT(namespaces_of(spec), testing::ElementsAre("pid", "ipc", "uts", "mount"));
}

TEST(RuntimeConfig, GivesCapabilitiesToRootOnly) {
    ContainerSpec spec = whole_spec();
    const json::Value ordinary = runtime_config(spec);
    EXPECT_TRUE(at(ordinary, {"process", "capabilities", "effective"}).if_array()->empty());
    spec.uid = 0;
    const json::Value root = runtime_config(spec);
    const std::string effective = json::render(at(root, {"process", "capabilities", "effective"}));
    EXPECT_THAT(effective, testing::HasSubstr("CAP_CHOWN"));
    for (const char* never : {"SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "BPF"})
        EXPECT_THAT(json::render(root), testing::Not(testing::HasSubstr(never)));
}

TEST(RuntimeConfig, HasADevOfItsOwn) {
    const json::Value config = runtime_config(whole_spec());
    bool found = false;
    for (const json::Value& mount : *at(config, {"mounts"}).if_array())
        found |= *at(mount, {"destination"}).if_string() == "/dev"
                 && *at(mount, {"type"}).if_string() == "tmpfs";
    EXPECT_TRUE(found);
}

TEST(RuntimeConfig, StartsAtTheRootWithoutAFolder) {
    ContainerSpec spec = whole_spec();
    spec.working_dir.clear();
    const json::Value config = runtime_config(spec);
    EXPECT_EQ(*at(config, {"process", "cwd"}).if_string(), "/");
}

TEST(RuntimeConfig, IsAlmostOpenWhenInsecure) {
    ContainerSpec spec = whole_spec();
    spec.uid = 0;
    spec.privileges = Privileges::Insecure;
    MachineFacts machine;
    machine.capabilities = {"CAP_SYS_ADMIN"};
    const json::Value config = runtime_config(spec, machine);
    EXPECT_EQ(
        json::render(at(config, {"process", "capabilities", "bounding"})), "[\"CAP_SYS_ADMIN\"]");
    for (const char* name : {"seccomp", "maskedPaths", "readonlyPaths"})
        EXPECT_EQ(at(config, {"linux"}).if_object()->find(name), nullptr) << name;
}

TEST(RuntimeConfig, MountsFoldersBeforeWhatIsInThem) {
    ContainerSpec spec;
    spec.tmpfs = {{.target = "/a/b"}};
    spec.mounts = {{.source = "/x", .target = "/a/b/c/d"}, {.source = "/x", .target = "/a"}};
    const json::Value config = runtime_config(spec);
    std::vector<std::string> own;
    for (const json::Value& mount : *at(config, {"mounts"}).if_array())
        own.push_back(*at(mount, {"destination"}).if_string());
    own.erase(own.begin(), own.end() - 3);
    EXPECT_THAT(own, testing::ElementsAre("/a", "/a/b", "/a/b/c/d"));
}

TEST(KeptLimits, LeavesOutWhatTheMachineCannotKeepAndSaysSo) {
    MachineFacts machine;
    machine.cgroup_controllers = {"cpu"};
    machine.hard_limits = {{"nofile", 1024, 1024}};
    ResourceLimits limits{.memory_bytes = 1, .processes = 2, .cpus = 0.5};
    limits.ulimits = {{"nofile", 4096, std::nullopt}, {"core", 0, 0}};
    std::vector<std::string> unkept;
    const ResourceLimits kept = kept_limits(limits, machine, unkept);
    EXPECT_EQ(kept.memory_bytes, std::nullopt);
    EXPECT_EQ(kept.processes, std::nullopt);
    EXPECT_EQ(kept.cpus, 0.5);
    EXPECT_EQ(kept.ulimits[0].soft, 1024U);
    EXPECT_EQ(kept.ulimits[0].hard, 1024U);
    EXPECT_THAT(
        unkept,
        testing::ElementsAre(
            testing::StartsWith("memory: the cgroup controller 'memory'"),
            testing::StartsWith("processes: the cgroup controller 'pids'"),
            "ulimit nofile: unlimited is above 1024, which this process may not raise"));
}

TEST(NameFiles, GiveAContainerItsOwnNames) {
    ContainerSpec spec;
    spec.hostname = "box";
    spec.extra_hosts = {{"db", "10.0.0.7"}};
    EXPECT_EQ(
        hosts_text(spec, "unused"),
        "127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.7\tdb\n");
    spec.network = NetworkMode::Host;
    EXPECT_EQ(hosts_text(spec, "1.2.3.4 here"), "1.2.3.4 here\n10.0.0.7\tdb\n");
}

TEST(DeniedSystemCalls, AreWhatLetContainersOutBefore) {
    for (const char* name : {"keyctl", "bpf", "open_by_handle_at", "kexec_load", "userfaultfd"})
        EXPECT_THAT(denied_system_calls(), testing::Contains(name));
}

}  // namespace
}  // namespace nacre::exec
