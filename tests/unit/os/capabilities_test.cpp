#include "os/capabilities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::os {
namespace {

constexpr const char* kHybrid =
    "24 30 0:22 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs ro,mode=755\n"
    "25 24 0:23 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n"
    "26 24 0:24 / /sys/fs/cgroup/memory rw shared:11 - cgroup cgroup rw,memory\n"
    "27 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "28 24 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n";
constexpr const char* kUnified =
    "25 24 0:23 / /sys/fs/cgroup rw,nosuid shared:10 master:3 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(Mountinfo, SkipsOptionalFieldsAndUnescapes) {
    const auto mounts = parse_mountinfo(
        "36 35 98:0 /mnt1 /mnt\\040two\\134x rw,noatime master:1 shared:2 - ext3 /dev/root "
        "rw,errors=continue\n"
        "1 2 0:1 / / rw - tmpfs none rw\n");
    ASSERT_EQ(mounts.size(), 2U);
    EXPECT_EQ(mounts[0].mount_point, "/mnt two\\x");
    EXPECT_EQ(mounts[0].type, "ext3");
    EXPECT_THAT(mounts[0].super_options, testing::ElementsAre("rw", "errors=continue"));
    EXPECT_EQ(mounts[1].mount_point, "/");
}

TEST(Mountinfo, LeavesOutWhatIsNotInTheFormat) {
    EXPECT_TRUE(parse_mountinfo("").empty());
    EXPECT_TRUE(parse_mountinfo("\n\n1 2 3\n36 35 98:0 / /mnt rw - ext3\n").empty());
    EXPECT_TRUE(parse_mountinfo("a b c d e f g h i j k l\n").empty());
    EXPECT_EQ(parse_mountinfo("1 2 0:1 / /a\\04 rw - tmpfs none rw").front().mount_point, "/a\\04");
}

TEST(EffectiveCapabilities, AreHexadecimal) {
    EXPECT_EQ(
        parse_effective_capabilities("Name:\tx\nCapPrm:\t1\nCapEff:\t000001fffeffffff\n"),
        0x1fffeffffffU);
    EXPECT_EQ(parse_effective_capabilities("CapPrm:\t1\n"), std::nullopt);
    EXPECT_EQ(parse_effective_capabilities("CapEff:\txyz\n"), std::nullopt);
    EXPECT_EQ(parse_effective_capabilities("CapEff:\n"), std::nullopt);
}

TEST(CgroupMode, IsToldByTheMounts) {
    EXPECT_EQ(cgroup_mode(parse_mountinfo(kHybrid)), CgroupMode::Hybrid);
    EXPECT_EQ(cgroup_mode(parse_mountinfo(kUnified)), CgroupMode::Unified);
    EXPECT_EQ(cgroup_mode({}), CgroupMode::None);
    EXPECT_EQ(
        cgroup_mode({{.mount_point = "/c", .type = "cgroup", .super_options = {"rw", "pids"}}}),
        CgroupMode::Legacy);
    EXPECT_THAT(
        legacy_controllers(parse_mountinfo(kHybrid)), testing::ElementsAre("cpu", "memory"));
}

TEST(Capabilities, AreDescribedForPeople) {
    EXPECT_EQ(
        describe(
            {.sys_admin = true,
             .cgroup_mode = CgroupMode::Hybrid,
             .cgroup_controllers = {"memory", "pids"}}),
        "has CAP_SYS_ADMIN, no CAP_SYS_RESOURCE; cgroups: hybrid (memory, pids)");
    EXPECT_EQ(describe({}), "no CAP_SYS_ADMIN, no CAP_SYS_RESOURCE; cgroups: none");
    EXPECT_EQ(
        describe({.cgroup_mode = CgroupMode::Unified}),
        "no CAP_SYS_ADMIN, no CAP_SYS_RESOURCE; cgroups: version 2 (no controller usable)");
    EXPECT_NE(describe(read_capabilities()), "");
}

}  // namespace
}  // namespace nacre::os
