#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace nacre::hub {
namespace {

class TaskFilesTest : public HubTest {
protected:
    std::string upload(
        const std::string& user,
        const UploadTarget& target,
        const std::string& content,
        const UploadOptions& options = {}) {
        StringSource body{content};
        std::string digest;
        const std::string fault = refusal(user, [&](Call& call) {
            digest = hub_->files.upload(call, target, options, body).hex_digest;
            call.commit();
        });
        return fault == "no fault" ? digest : fault;
    }

    TaskId open_task() {
        add_builder();
        const TaskId id = submit();
        write_as(
            "admin", [&](Call& call) { hub_->tasks.assign(call, id, std::string{"b1"}, false); });
        write_as("b1", [&](Call& call) { hub_->host_tasks.open(call, id); });
        return id;
    }
};

TEST_F(TaskFilesTest, TakeChunksInTheirPlace) {
    const UploadTarget file{"cli-build/1.x", "a.tar"};
    EXPECT_EQ(upload("alice", file, "Wikipedia"), "11e60398");
    EXPECT_EQ(upload("alice", file, "!", {.offset = 9, .verify = ""}), "");
    EXPECT_EQ(
        upload("alice", file, "x", {.offset = 3}),
        "1000 Incorrect upload length: cli-build/1.x/a.tar has 10 bytes, expected 4");
    EXPECT_EQ(upload("alice", file, "x"), "1000 upload path exists: cli-build/1.x/a.tar");
    EXPECT_EQ(
        upload("alice", file, "abc", {.overwrite = true, .verify = "md5"}),
        "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(upload("alice", file, "d", {.offset = -1, .verify = ""}), "");
    write_as("alice", [&](Call& call) {
        const auto status = hub_->files.check_upload(call, file, "md5", 3);
        ASSERT_TRUE(status);
        EXPECT_EQ(status->size, 4);
        EXPECT_EQ(status->hex_digest, "d4b7c284882ca9e208bb65e8abd5f4c8");
        EXPECT_FALSE(hub_->files.check_upload(call, {"cli-build/1.x", "none"}, "", {}));
    });
}

TEST_F(TaskFilesTest, BelongToWhoMadeTheFolder) {
    EXPECT_EQ(upload("", {"cli-build/1", "a"}, "x"), "1004 you must be logged-in to upload a file");
    upload("alice", {"cli-build/1", "a"}, "x");
    EXPECT_EQ(
        upload("bob", {"cli-build/1", "b"}, "x"),
        "1000 Invalid upload directory, not owner: 'cli-build/1'");
}

TEST_F(TaskFilesTest, StayInsideTheWorkFolder) {
    for (const std::string folder :
         {"..", "../x", "a/../../x", "/etc", "a//b", "", "a/.", "./a", "a/"})
        EXPECT_EQ(
            upload("alice", {folder, "f"}, "x"), "1000 Invalid upload directory: '" + folder + "'");
    for (const std::string name : {"../f", ".user", "", "a/b"})
        EXPECT_EQ(
            upload("alice", {"cli-build/1", name}, "x"),
            "1000 Invalid upload name: '" + name + "'");
    std::filesystem::create_directory(folder_.path() / "outside");
    std::filesystem::create_directory_symlink(
        folder_.path() / "outside", folder_.path() / "work" / "link");
    EXPECT_THAT(upload("alice", {"link", "f"}, "x"), testing::HasSubstr("not a plain path"));
    upload("alice", {"cli-build/1", "f"}, "x");
    std::filesystem::create_symlink("/etc/passwd", folder_.path() / "work/cli-build/1/evil");
    EXPECT_THAT(
        upload("alice", {"cli-build/1", "evil"}, "x", {.overwrite = true}),
        testing::HasSubstr("not a plain path"));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "outside"));
}

TEST_F(TaskFilesTest, OfATaskAreWrittenByItsHostOnly) {
    const TaskId id = open_task();
    const UploadTarget log{task_folder(id), "x86_64.log"};
    EXPECT_EQ(
        upload("alice", log, "x"), "1002 User " + caller("alice").user->str() + " is not a host");
    EXPECT_EQ(
        upload("b1", {"tasks/9/" + id.str(), "x"}, "x").substr(0, 34),
        "1000 Invalid task upload directory");
    upload("b1", log, "one two three");
    const auto files = hub_->files.list(id);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "x86_64.log");
    EXPECT_EQ(files[0].size, 13);
    EXPECT_TRUE(hub_->files.list(TaskId{77}).empty());
    EXPECT_EQ(hub_->files.read(id, "x86_64.log", 4, 3), "two");
    EXPECT_EQ(hub_->files.read(id, "x86_64.log", -5, -1), "three");
    EXPECT_EQ(hub_->files.read(id, "x86_64.log", -99, 3), "one");
    EXPECT_EQ(hub_->files.read(id, "x86_64.log", 99, -1), "");
    EXPECT_THROW(hub_->files.read(id, "none", 0, -1), koji::Fault);
    EXPECT_THROW(hub_->files.read(id, "../../../x", 0, -1), koji::Fault);
}

TEST_F(TaskFilesTest, TakeTheOldFormOfUploads) {
    const UploadTarget file{"cli-build/2", "f"};
    const auto put = [&](const LegacyUpload& chunk) {
        bool taken = false;
        write_as(
            "alice", [&](Call& call) { taken = hub_->files.upload_legacy(call, file, chunk); });
        return taken;
    };
    const std::string digest = "900150983cd24fb0d6963f7d28e17f72";
    EXPECT_TRUE(put({.size = 3, .algorithm = "md5", .digest = digest, .data = "abc"}));
    EXPECT_FALSE(put({.size = 3, .algorithm = "md5", .digest = digest, .data = "abx"}));
    EXPECT_FALSE(put({.size = 4, .algorithm = "md5", .digest = digest, .data = "abc"}));
    EXPECT_TRUE(put({.size = 3, .algorithm = "md5", .digest = digest, .offset = -1}));
    EXPECT_FALSE(put({.size = 9, .algorithm = "md5", .digest = digest, .offset = -1}));
}

}  // namespace
}  // namespace nacre::hub
