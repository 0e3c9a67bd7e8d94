// Attacks 5, 6 and 12: what an image makes the runtime and the engine follow.
#include "attacks/attack.hpp"

#include <fmt/format.h>

namespace nacre::engine::test {
namespace {

namespace fs = std::filesystem;
using Attack05 = AttackTest;
using Attack06 = AttackTest;
using Attack12 = AttackTest;

TEST_F(Attack05, WorkingFolderIsADescriptorOfTheRuntime) {
    // CVE-2024-21626.
    const std::string out = "../../../../../../.." + canary().string();
    for (int fd = 3; fd <= 20; ++fd)
        expect_harmless(
            fmt::format("FROM busybox:1\nWORKDIR /proc/self/fd/{}\nRUN cat {} || true\n", fd, out));
    add_base("evil", {link("cwd", "/proc/self/fd/7"), link("home", "/proc/1/cwd")});
    for (const char* folder : {"/cwd", "/home"})
        expect_harmless(
            fmt::format("FROM evil:1\nUSER web\nWORKDIR {}\nRUN cat {} || true\n", folder, out));
    EXPECT_EQ(
        build("FROM busybox:1\nRUN ls /proc/self/fd\n"), "0\n1\n2\n3\n");  // 3 is what ls reads
}

TEST_F(Attack06, PlacesOfMountsAreLinksInTheBase) {
    // CVE-2025-31133, CVE-2025-52565, CVE-2025-52881, CVE-2026-41579, CVE-2026-47766.
    int number = 0;
    for (const char* place : {"dev", "proc", "sys"}) {
        for (const std::string& target : ways_out()) {
            const std::string name = "evil" + std::to_string(++number);
            add_base(name, {link(place, target)});
            EXPECT_THAT(
                refusal("FROM " + name + ":1\nRUN touch /made\n"),
                HasSubstr("'/" + std::string{place} + "'"));
        }
    }
    for (const std::string place :
         {"dev/null",
          "dev/console",
          "dev/pts",
          "dev/shm",
          "dev/mqueue",
          "proc/self",
          "sys/fs/cgroup",
          "etc/hosts",
          "etc/resolv.conf",
          "run/secrets"}) {
        const std::string name = "evil" + std::to_string(++number);
        add_base(
            name,
            {folder(place.substr(0, place.find('/'))),
             link(place, ways_out()[static_cast<std::size_t>(number) % 2])});
        expect_harmless(
            "FROM " + name
            + ":1\nRUN --mount=type=tmpfs,target=/run/secrets/x echo dead > /dev/null; cat /"
            + place + "/canary || true\n");
    }
}

TEST_F(Attack06, DeviceFilesOfTheBaseAreNeverSeenBelowDev) {
    add_base(
        "evil",
        {folder("dev"),
         {{.path = "dev/disk", .type = EntryType::BlockDevice, .mode = 0666, .device_major = 8},
          ""},
         file("dev/own")});
    const std::string said = build("FROM evil:1\nRUN ls /dev; mount | grep ' /dev '\n");
    EXPECT_THAT(said, Not(HasSubstr("disk")));
    EXPECT_THAT(said, Not(HasSubstr("own")));
    EXPECT_THAT(said, HasSubstr("tmpfs on /dev"));
}

TEST_F(Attack06, TargetsOfMountsAreLinks) {
    machine().context.add_file("file", "x");
    add_base(
        "evil",
        {link("m", outside()), folder("d"), link("d/m", "../../../../.." + outside().string())});
    for (const char* target : {"/m", "/d/m"})
        for (const char* mount : {"type=tmpfs", "type=cache", "type=bind", "type=bind,source=file"})
            EXPECT_THAT(
                refusal(fmt::format(
                    "FROM evil:1\nRUN --mount={},target={} touch {}/new\n", mount, target, target)),
                HasSubstr(fmt::format("'{}'", target)))
                << mount;
    // What is behind a link on the way is inside the image.
    expect_harmless("FROM evil:1\nRUN --mount=type=tmpfs,target=/m/canary touch /m/new\n");
}

TEST_F(Attack12, AccountsAreReadThroughLinksAndWithoutEnd) {
    // CVE-2024-9676.
    constexpr std::size_t kTooLarge = (4U << 20U) + 1;
    int number = 0;
    const auto expect_bounded = [&](const ReadEntry& passwd) {
        const std::string name = "evil" + std::to_string(++number);
        add_base(name, {folder("etc"), passwd});
        for (const char* step : {"USER web\nRUN true\n", "COPY --chown=web <<E /x\nE\n"}) {
            try {
                build("FROM " + name + ":1\n" + step);
                ADD_FAILURE() << "the account was found";
            } catch (const Error& error) {
                EXPECT_THAT(
                    error.describe(), testing::AnyOf(HasSubstr("web"), HasSubstr("etc/passwd")));
            }
        }
    };
    for (const char* target :
         {"/proc/self/environ",
          "/dev/zero",
          "/proc/self/fd/0",
          "/proc/kmsg",
          "passwd",
          "../../../../../etc/shadow"})
        expect_bounded(link("etc/passwd", target));
    expect_bounded({{.path = "etc/passwd", .type = EntryType::Fifo}, ""});
    expect_bounded(
        {{.path = "etc/passwd",
          .type = EntryType::CharDevice,
          .device_major = 1,
          .device_minor = 5},
         ""});
    expect_bounded(file("etc/passwd", std::string(kTooLarge, 'x')));
    expect_bounded(folder("etc/passwd"));
}

}  // namespace
}  // namespace nacre::engine::test
