#pragma once

#include "base/error.hpp"
#include "os/file.hpp"
#include "support/build_machine.hpp"
#include "support/busybox.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "unit/archive/tar_support.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nacre::engine::test {

using archive::EntryType;
using archive::test::ReadEntry;
using archive::test::write_tar;
using nacre::test::message_of;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Entries = std::vector<ReadEntry>;
using Strings = std::vector<std::string>;

/// Builds beside a folder with a canary, which every attack wants to read or to change.
class AttackTest : public BuildTest {
protected:
    static constexpr const char* kCanary = "alive";

    void SetUp() override {
        os::write_file_atomically(canary(), kCanary, os::Durability::Buffered);
        before_ = std::filesystem::last_write_time(outside());
        BuildTest::SetUp();
    }

    void TearDown() override {
        EXPECT_EQ(os::read_file(canary(), 100), kCanary);
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator{outside()}, {}), 1);
        EXPECT_EQ(std::filesystem::last_write_time(outside()), before_);
        EXPECT_FALSE(std::filesystem::exists("/NACRE_BREAKOUT"));
        if (IsSkipped()) return;
        EXPECT_THAT(machine().leftovers(), IsEmpty());
    }

    const std::filesystem::path& outside() const { return outside_.path(); }

    std::filesystem::path canary() const { return outside() / "canary"; }

    /// The folder outside, absolute and as seen from deep inside of any root.
    Strings ways_out() const {
        return {outside().string(), "../../../../../../../../../.." + outside().string()};
    }

    std::string build(const std::string& dockerfile) {
        RecordedProgress progress;
        result_.emplace(machine().build(dockerfile, progress));
        EXPECT_THAT(progress.text, Not(HasSubstr(kCanary)));
        return progress.text;
    }

    /// What a person reads of the refusal.
    std::string refusal(const std::string& dockerfile) {
        return message_of([&] { build(dockerfile); });
    }

    /// The build is refused, or shows and changes nothing outside.
    void expect_harmless(const std::string& dockerfile) {
        try {
            build(dockerfile);
        } catch (const Error& error) {
            EXPECT_THAT(error.describe(), Not(HasSubstr(kCanary)));
        }
    }

    const BuildResult& result() const { return *result_; }

    /// The base image "NAME:1": busybox and a layer of these entries on top.
    void add_base(const std::string& name, const std::string& layer) {
        machine().add_image(name, {.layers = {nacre::test::busybox_tar(), layer}});
    }

    void add_base(const std::string& name, const Entries& entries) {
        add_base(name, write_tar(entries));
    }

    static ReadEntry link(const std::string& path, const std::string& target) {
        return {{.path = path, .type = EntryType::Symlink, .link_target = target}, ""};
    }

    static ReadEntry hard_link(const std::string& path, const std::string& target) {
        return {{.path = path, .type = EntryType::Hardlink, .link_target = target}, ""};
    }

    static ReadEntry file(const std::string& path, const std::string& content = "dead") {
        return {{.path = path}, content};
    }

    static ReadEntry folder(const std::string& path) {
        return {{.path = path, .type = EntryType::Directory, .mode = 0755}, ""};
    }

private:
    nacre::test::TempDir outside_;
    std::filesystem::file_time_type before_;
    std::optional<BuildResult> result_;
};

}  // namespace nacre::engine::test
