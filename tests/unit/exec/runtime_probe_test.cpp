#include "exec/runtime_probe.hpp"

#include "base/error.hpp"
#include "exec/cgroup_folders.hpp"
#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace nacre::exec {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using testing::HasSubstr;

/// Runtimes are shell scripts here.
class RuntimeProbe : public testing::Test {
protected:
    /// `run` is what the script does as "run".
    fs::path runtime(const std::string& name, const std::string& version, const std::string& run) {
        const fs::path program = folder_.path() / name;
        const std::string script = "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '" + name
                                   + " version " + version
                                   + "'; exit 0; fi\n"
                                     "echo called >> "
                                   + (folder_.path() / "calls").string()
                                   + "\n"
                                     "case \"$*\" in *delete*) exit 0;; esac\n"
                                     "log=$4\n"
                                   + run + "\n";
        os::write_file_atomically(program, script, os::Durability::Buffered, 0755);
        return program;
    }

    Runtime probe(const std::vector<fs::path>& candidates) {
        return probe_runtimes(candidates, folder_.path() / "state", runner_);
    }

    std::string calls() const {
        return os::find_file(folder_.path() / "calls", 1U << 20U).value_or("");
    }

    test::TempDir folder_;
    os::SystemProcessRunner runner_;
};

const std::string kWorks = "exit 0";
const std::string kRefuses =
    R"(echo '{"level":"error","msg":"this machine is too old"}' > "$log"; exit 1)";
const std::string kRefusesHybrid =
    R"(grep -q ' - cgroup2 ' /proc/self/mountinfo || exit 0
echo '{"level":"error","msg":"cgroups in hybrid mode not supported"}' > "$log"; exit 1)";

TEST_F(RuntimeProbe, TakesTheFirstThatWorks) {
    const fs::path first = runtime("crun", "1.8.1", kWorks);
    const Runtime found = probe({first, runtime("runc", "1.1.5", kWorks)});
    EXPECT_EQ(found.program, first);
    EXPECT_EQ(found.description, "crun 1.8.1");
}

TEST_F(RuntimeProbe, SaysWhyTheOthersWereNotTaken) {
    const Runtime found =
        probe({runtime("crun", "1.8.1", kRefuses), runtime("runc", "1.1.5", kWorks)});
    EXPECT_EQ(found.program.filename(), "runc");
    EXPECT_EQ(found.description, "runc 1.1.5 (crun 1.8.1 refused: crun: this machine is too old)");
}

TEST_F(RuntimeProbe, GivesAllReasonsWhenNoneWorks) {
    const std::string message = message_of(
        [&] { probe({runtime("crun", "1.8.1", kRefuses), runtime("runc", "1.1.5", "exit 3")}); });
    EXPECT_THAT(message, HasSubstr("crun 1.8.1 refused: crun: this machine is too old"));
    EXPECT_THAT(message, HasSubstr("runc 1.1.5 refused: exited with 3"));
    EXPECT_THAT(message_of([&] { probe({}); }), HasSubstr("neither crun nor runc is installed"));
}

TEST_F(RuntimeProbe, HidesTheCgroupsThatARuntimeRefuses) {
    if (CgroupFolders::find_hybrid().empty())
        GTEST_SKIP() << "this machine has not cgroups of both versions";
    const fs::path crun = runtime("crun", "1.8.1", kRefusesHybrid);
    for (int turn = 0; turn < 2; ++turn) {  // asked, and remembered
        const Runtime found = probe({crun, runtime("runc", "1.1.5", kWorks)});
        EXPECT_EQ(found.program, crun);
        EXPECT_EQ(found.hidden_mounts, CgroupFolders::find_hybrid());
        EXPECT_EQ(
            found.description,
            "crun 1.8.1 without sight of the cgroups of version 2 (crun 1.8.1 refused: crun: "
            "cgroups in hybrid mode not supported)");
    }
    EXPECT_FALSE(CgroupFolders::find_hybrid().empty());
}

TEST_F(RuntimeProbe, KeepsTheAnswer) {
    const fs::path program = runtime("runc", "1.1.5", kWorks);
    const Runtime first = probe({program});
    const std::string before = calls();
    const Runtime second = probe({program});
    EXPECT_EQ(second.description, first.description);
    EXPECT_EQ(calls(), before);
}

TEST_F(RuntimeProbe, AsksAgainWhenARuntimeChanged) {
    probe({runtime("runc", "1.1.5", kWorks)});
    EXPECT_EQ(probe({runtime("runc", "1.2.0-longer", kWorks)}).description, "runc 1.2.0-longer");
}

TEST_F(RuntimeProbe, AsksAgainWhenTheAnswerIsDamaged) {
    const fs::path program = runtime("runc", "1.1.5", kWorks);
    probe({program});
    os::write_file_atomically(
        folder_.path() / "state/probe.json", "{\"key\":", os::Durability::Buffered);
    EXPECT_EQ(probe({program}).description, "runc 1.1.5");
}

TEST_F(RuntimeProbe, LeavesNothingInItsFolder) {
    probe({runtime("runc", "1.1.5", kWorks)});
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder_.path() / "state"})
        names.push_back(entry.path().filename().string());
    EXPECT_THAT(names, testing::ElementsAre("probe.json"));
}

TEST_F(RuntimeProbe, SkipsAProgramThatIsNotThere) {
    const Runtime found = probe({folder_.path() / "missing", runtime("runc", "1.1.5", kWorks)});
    EXPECT_EQ(found.program.filename(), "runc");
    EXPECT_THAT(found.description, HasSubstr("missing"));
}

}  // namespace
}  // namespace nacre::exec
