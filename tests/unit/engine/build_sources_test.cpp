// What a build takes from elsewhere than its context, and how COPY and RUN are written.
#include "dockerfile/parser.hpp"
#include "support/build_machine.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace nacre::engine::test {
namespace {

using nacre::test::code_of;
using nacre::test::message_of;
using testing::HasSubstr;
using testing::Not;
using Strings = std::vector<std::string>;

constexpr const char* kDigest =
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

class BuildSources : public BuildTest {
protected:
    void SetUp() override {
        BuildTest::SetUp();
        if (IsSkipped()) return;
        machine().remotes.add_file("https://example.org/d/hello.txt", {"hello", kDigest, 1'234});
        auto repository = std::make_shared<source::MemoryTree>(1'000);
        repository->add_file("top", "1");
        repository->add_file("docs/a", "2", 0755);
        machine().remotes.add_repository(
            "https://example.org/x.git", {std::string(40, 'a'), repository});
    }

    Strings last_entries(const std::string& dockerfile) {
        const BuildResult image = machine().build(dockerfile);
        return machine().entries(image.layers.back());
    }
};

TEST_F(BuildSources, AddTheFileOfAnAddressForRootOnly) {
    EXPECT_EQ(
        last_entries("FROM scratch\nADD https://example.org/d/hello.txt /in/\n"),
        (Strings{"in/ 0755 0:0", "in/hello.txt 0600 0:0"}));
    EXPECT_EQ(
        last_entries(
            "FROM scratch\nADD --chmod=a+r --chown=5:6 https://example.org/d/hello.txt /b\n"),
        (Strings{"b 0644 5:6"}));
}

TEST_F(BuildSources, CheckTheChecksumOfAnAddress) {
    const std::string add = "ADD --checksum=";
    const std::string rest = " https://example.org/d/hello.txt /x\n";
    EXPECT_EQ(last_entries("FROM scratch\n" + add + kDigest + rest), (Strings{"x 0600 0:0"}));
    EXPECT_THAT(
        message_of([&] {
            machine().build("FROM scratch\n" + add + "sha256:" + std::string(64, '0') + rest);
        }),
        HasSubstr("Dockerfile:2"));
}

TEST_F(BuildSources, AddACommitOrAFolderOfIt) {
    EXPECT_EQ(
        last_entries("FROM scratch\nADD https://example.org/x.git /src\n"),
        (Strings{
            "src/ 0755 0:0", "src/docs/ 0755 0:0", "src/docs/a 0755 0:0", "src/top 0644 0:0"}));
    EXPECT_EQ(
        last_entries(
            "FROM scratch\nADD --checksum=aaaaaaa https://example.org/x.git#v1:docs /d/\n"),
        (Strings{"d/ 0755 0:0", "d/a 0755 0:0"}));
}

TEST_F(BuildSources, KeepNoPasswordOfAnAddress) {
    machine().remotes.add_file("https://u:secret@example.org/f", {"hello", kDigest, 0});
    const BuildResult image =
        machine().build("FROM scratch\nADD https://u:secret@example.org/f /f\n");
    EXPECT_THAT(oci::render(image.config), Not(HasSubstr("secret")));
    EXPECT_THAT(oci::render(image.config), HasSubstr("https://example.org/f"));
}

TEST_F(BuildSources, AddNoAddressWithoutLeave) {
    const dockerfile::ParseResult parsed =
        dockerfile::parse("FROM scratch\nADD https://example.org/d/hello.txt /x\n", "Dockerfile");
    BuildRequest request{.dockerfile = parsed.tree, .context = machine().context};
    request.plan.platform = {.architecture = "amd64"};
    BuildServices services = machine().services();
    services.remotes = nullptr;
    RecordedProgress progress;
    EXPECT_THAT(
        message_of([&] { engine::build(request, services, progress, {}); }),
        HasSubstr("this build takes no addresses"));
}

TEST_F(BuildSources, TakeFilesOfANamedContext) {
    source::MemoryTree other;
    other.add_file("lib/a", "a");
    machine().contexts = {{"other", {}}, {"tools", {"busybox:1"}}};
    machine().context_trees = {{"other", &other}};
    EXPECT_EQ(
        last_entries("FROM scratch\nCOPY --from=other lib /lib/\n"),
        (Strings{"lib/ 0755 0:0", "lib/a 0644 0:0"}));
    EXPECT_EQ(last_entries("FROM other\n"), (Strings{"lib/ 0755 0:0", "lib/a 0644 0:0"}));
    EXPECT_EQ(
        last_entries("FROM scratch\nCOPY --from=tools /etc/passwd /p\n"), (Strings{"p 0644 0:0"}));
}

TEST_F(BuildSources, LetANamedContextStandForAStageAndForAnImage) {
    source::MemoryTree other;
    other.add_file("made", "elsewhere");
    machine().contexts = {{"build", {}}, {"docker.io/library/base", {"busybox:1"}}};
    machine().context_trees = {{"build", &other}};
    EXPECT_EQ(
        last_entries(
            "FROM nowhere:1 AS build\nRUN false\nFROM base:latest\nCOPY --from=build made /m\n"),
        (Strings{"m 0644 0:0"}));
}

TEST_F(BuildSources, SayThatTheFilesOfANamedContextAreMissing) {
    machine().contexts = {{"other", {}}};
    EXPECT_THAT(
        message_of([&] { machine().build("FROM scratch\nCOPY --from=other a /\n"); }),
        HasSubstr("no files for the build context 'other'"));
}

TEST_F(BuildSources, RunADocumentWithItsInterpreter) {
    RecordedProgress progress;
    const BuildResult image = machine().build(
        "FROM busybox:1\nUSER web\nRUN <<CODE\n#!/bin/busybox sh\necho \"$0 $((6*7))\" > "
        "/tmp/answer\nCODE\n",
        progress);
    EXPECT_EQ(machine().content(image.layers.back(), "tmp/answer"), "/dev/pipes/CODE 42\n");
    EXPECT_THAT(machine().entries(image.layers.back()), Not(testing::Contains(HasSubstr("pipes"))));
    EXPECT_EQ(machine().leftovers(), Strings{});
}

TEST_F(BuildSources, RefuseToRunAForeignPlatformWithoutAnEmulator) {
    const dockerfile::ParseResult parsed =
        dockerfile::parse("FROM scratch\nRUN [\"/x\"]\n", "Dockerfile");
    BuildRequest request{.dockerfile = parsed.tree, .context = machine().context};
    request.plan.platform = {.architecture = "s390x"};
    RecordedProgress progress;
    EXPECT_THAT(
        message_of([&] { engine::build(request, machine().services(), progress, {}); }),
        testing::AllOf(HasSubstr("Dockerfile:2"), HasSubstr("programs for linux/s390x")));
}

}  // namespace
}  // namespace nacre::engine::test
