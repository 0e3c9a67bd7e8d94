#include "packages/installed.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kStatus = R"(Package: libc6
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9)
Version: 2.36-9+deb12u13
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library
 Contains the standard libraries
 .
 Package: not a field

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: git
Status: install ok installed
Architecture: amd64
Version: 1:2.39.5-0+deb12u3

Package: native
Status: hold ok installed
Architecture: all
Version: 12.4
)";

TEST(DpkgStatus, ListsInstalledPackagesWithTheirParts) {
    const Inventory inventory = parse_dpkg_status(kStatus, "var/lib/dpkg/status");
    EXPECT_THAT(inventory.findings, IsEmpty());
    EXPECT_THAT(
        inventory.packages,
        ElementsAre(
            InstalledPackage{"deb", "git", "2.39.5", "0+deb12u3", "1", "amd64", "git"},
            InstalledPackage{"deb", "libc6", "2.36", "9+deb12u13", "", "amd64", "glibc"},
            InstalledPackage{"deb", "native", "12.4", "", "", "all", "native"}));
}

TEST(DpkgStatus, TakesStanzasWithoutStatus) {
    const Inventory inventory = parse_dpkg_status(
        "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n", "status.d/base");
    EXPECT_THAT(inventory.packages, SizeIs(1));
}

TEST(DpkgStatus, KeepsTheDashesOfAnUpstreamVersion) {
    const Inventory inventory = parse_dpkg_status("Package: a\nVersion: 0:1-2-3\n", "s");
    EXPECT_EQ(inventory.packages.at(0).epoch, "0");
    EXPECT_EQ(inventory.packages.at(0).version, "1-2");
    EXPECT_EQ(inventory.packages.at(0).release, "3");
}

TEST(DpkgStatus, ReportsABrokenStanzaAndReadsTheOthers) {
    const Inventory inventory = parse_dpkg_status(
        "Package: a\nVersion: 1\n\nPackage: b\nnonsense\nVersion: 1\n\nPackage: c\n\n"
        "Package: d e\nVersion: 1\n\nPackage: f\nVersion: 2\n",
        "var/lib/dpkg/status");
    ASSERT_THAT(inventory.packages, SizeIs(2));
    EXPECT_EQ(inventory.packages[0].name, "a");
    EXPECT_EQ(inventory.packages[1].name, "f");
    ASSERT_THAT(inventory.findings, SizeIs(3));
    EXPECT_EQ(inventory.findings[0].line, 5);
    EXPECT_THAT(inventory.findings[0].message, HasSubstr("found 'nonsense'"));
    EXPECT_EQ(inventory.findings[1].line, 8);
    EXPECT_THAT(inventory.findings[1].message, HasSubstr("package 'c' has version ''"));
    EXPECT_EQ(inventory.findings[2].line, 10);
    EXPECT_EQ(inventory.findings[0].file, "var/lib/dpkg/status");
    EXPECT_FALSE(has_errors(inventory.findings));
}

TEST(DpkgStatus, BoundsTheFindingsOfATextThatIsNone) {
    std::string text;
    for (int i = 0; i < 10000; ++i)
        text += "x\n";
    EXPECT_THAT(parse_dpkg_status(text, "s").findings, SizeIs(100));
    EXPECT_THAT(parse_dpkg_status("", "s").packages, IsEmpty());
    EXPECT_THAT(parse_dpkg_status(std::string_view{"\0\xff\n:\n", 5}, "s").packages, IsEmpty());
}

TEST(ApkInstalled, ListsPackages) {
    const Inventory inventory = parse_apk_installed(
        "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:1\nI:2\nT:the C library\no:musl\nF:lib\n"
        "R:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1x=\n\n"
        "P:busybox-binsh\nV:1.36.1-r15\nA:x86_64\no:busybox\n\n"
        "P:.build-deps\nV:20240101.000000\nA:noarch\n\n",
        "lib/apk/db/installed");
    EXPECT_THAT(inventory.findings, IsEmpty());
    EXPECT_THAT(
        inventory.packages,
        ElementsAre(
            InstalledPackage{
                "apk", ".build-deps", "20240101.000000", "", "", "noarch", ".build-deps"},
            InstalledPackage{"apk", "busybox-binsh", "1.36.1", "r15", "", "x86_64", "busybox"},
            InstalledPackage{"apk", "musl", "1.2.4", "r2", "", "x86_64", "musl"}));
}

TEST(ApkInstalled, ReportsAStanzaWithoutVersion) {
    const Inventory inventory = parse_apk_installed("P:a\n\nP:b\nV:1\n", "installed");
    EXPECT_THAT(inventory.packages, SizeIs(1));
    EXPECT_THAT(inventory.findings, SizeIs(1));
}

TEST(DatabaseKind, KnowsTheFilesOfEachDatabase) {
    EXPECT_EQ(find_database_kind("var/lib/dpkg/status"), DatabaseKind::Dpkg);
    EXPECT_EQ(find_database_kind("/var/lib/dpkg/status.d/base"), DatabaseKind::Dpkg);
    EXPECT_EQ(find_database_kind("./lib/apk/db/installed"), DatabaseKind::Apk);
    EXPECT_EQ(find_database_kind("usr/lib/apk/db/installed"), DatabaseKind::Apk);
    EXPECT_EQ(find_database_kind("usr/lib/sysimage/rpm/rpmdb.sqlite"), DatabaseKind::Rpm);
    EXPECT_EQ(find_database_kind("var/lib/rpm/Packages"), DatabaseKind::Rpm);
    EXPECT_EQ(find_database_kind("var/lib/dpkg/status.d/base.md5sums"), std::nullopt);
    EXPECT_EQ(find_database_kind("var/lib/dpkg/status.d/"), std::nullopt);
    EXPECT_EQ(find_database_kind("var/lib/dpkg/status.d/a/b"), std::nullopt);
    EXPECT_EQ(find_database_kind("var/lib/dpkg/status-old"), std::nullopt);
    EXPECT_EQ(find_database_kind("srv/var/lib/dpkg/status"), std::nullopt);
    EXPECT_EQ(find_database_kind("var/lib/rpm/.rpm.lock"), std::nullopt);
}

TEST(Inventory, JoinsFilesAndDropsWhatIsThereTwice) {
    const Inventory inventory = read_inventory(
        {{"var/lib/dpkg/status", "Package: b\nVersion: 1\n"},
         {"var/lib/dpkg/status.d/a", "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n"},
         {"etc/passwd", "root:x:0:0\n"}});
    ASSERT_THAT(inventory.packages, SizeIs(2));
    EXPECT_EQ(inventory.packages[0].name, "a");
}

TEST(Inventory, SaysThatRpmIsNotRead) {
    const Error error =
        test::error_of([] { return read_inventory({{"var/lib/rpm/rpmdb.sqlite", "SQLite"}}); });
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    EXPECT_THAT(
        error.describe(), HasSubstr("'var/lib/rpm/rpmdb.sqlite' belongs to an rpm database"));
    EXPECT_FALSE(error.hint().empty());
}

}  // namespace
}  // namespace nacre::packages
