#include "engine/foreign_platforms.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace nacre::engine {
namespace {

class ForeignPlatforms : public testing::Test {
protected:
    bool runs(const std::string& architecture, const std::string& machine = "amd64") {
        return can_run({.architecture = architecture}, machine, folder_.path());
    }

    void add(const std::string& name, const std::string& text) {
        std::ofstream{folder_.path() / name} << text;
    }

private:
    test::TempDir folder_;
};

TEST_F(ForeignPlatforms, RunOnTheMachineItselfAndOnThoseThatRunThemToo) {
    EXPECT_TRUE(runs("amd64"));
    EXPECT_TRUE(runs("386"));
    EXPECT_FALSE(runs("amd64", "arm64"));
    EXPECT_FALSE(runs("arm64"));
}

TEST_F(ForeignPlatforms, RunWithAnEmulatorThatWorksInsideContainers) {
    add("qemu-aarch64",
        "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\noffset 0\n");
    EXPECT_TRUE(runs("arm64"));
    EXPECT_FALSE(runs("riscv64"));
}

TEST_F(ForeignPlatforms, DoNotRunWithAnEmulatorThatIsOffOrNotOpenedAhead) {
    add("qemu-aarch64", "disabled\ninterpreter /usr/bin/qemu\nflags: F\n");
    add("qemu-s390x", "enabled\ninterpreter /usr/bin/qemu\nflags: OC\n");
    EXPECT_FALSE(runs("arm64"));
    EXPECT_FALSE(runs("s390x"));
}

}  // namespace
}  // namespace nacre::engine
