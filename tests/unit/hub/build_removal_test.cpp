#include "hub/build_removal.hpp"

#include "os/file.hpp"
#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>

namespace nacre::hub {
namespace {

namespace fs = std::filesystem;

class BuildRemovalTest : public HubTest {
protected:
    BuildRemovalTest() {
        write_as("admin", [&](Call& call) {
            hub_->builds.create(call, {.nvr = {"httpd", "1", "1"}, .state = BuildState::Complete});
            hub_->tags.create(call, NewTag{.name = "f40"});
            hub_->packages.add(
                call, std::string{"f40"}, std::string{"httpd"}, {.owner = std::string{"alice"}});
        });
        os::ensure_directory(folder());
        os::write_file_atomically(folder() / "metadata.json", "{}");
    }

    fs::path folder() const { return hub_->files.top() / build_folder({"httpd", "1", "1"}); }

    BuildState state() {
        return read([&](Call& call) { return hub_->builds.get(call, key_).state; });
    }

    std::optional<bool> remove(Strict strict = Strict::Yes) {
        std::optional<bool> removed;
        write_as("admin", [&](Call& call) { removed = hub_->removal.remove(call, key_, strict); });
        return removed;
    }

    const BuildKey key_ = std::string{"httpd-1-1"};
};

TEST_F(BuildRemovalTest, MarksTheBuildAndTakesItsFiles) {
    EXPECT_EQ(remove(), std::optional{true});
    EXPECT_EQ(state(), BuildState::Deleted);
    EXPECT_FALSE(fs::exists(folder()));
    EXPECT_FALSE(fs::exists(folder().parent_path().parent_path()));
    EXPECT_EQ(remove(), std::nullopt);
}

TEST_F(BuildRemovalTest, NeverGivesTheNameToAnotherBuild) {
    remove();
    EXPECT_EQ(
        refusal(
            "admin", [&](Call& call) { hub_->builds.create(call, {.nvr = {"httpd", "1", "1"}}); }),
        "1000 Build already exists (id=1, state=DELETED): httpd-1-1");
}

TEST_F(BuildRemovalTest, IsForAdministrators) {
    EXPECT_EQ(
        refusal("alice", [&](Call& call) { hub_->removal.remove(call, key_, Strict::Yes); }),
        "1004 admin permission required");
}

TEST_F(BuildRemovalTest, KeepsATaggedBuild) {
    write_as("admin", [&](Call& call) { hub_->tagging.tag(call, std::string{"f40"}, key_); });

    EXPECT_EQ(
        refusal("admin", [&](Call& call) { hub_->removal.remove(call, key_, Strict::Yes); }),
        "1000 Cannot delete build, tagged: f40");
    EXPECT_EQ(remove(Strict::No), std::optional{false});
    EXPECT_EQ(state(), BuildState::Complete);
    EXPECT_TRUE(fs::exists(folder()));
}

TEST_F(BuildRemovalTest, KeepsABuildThatIsInsideAnother) {
    write_as("admin", [&](Call& call) {
        hub_->builds.create(call, {.nvr = {"app", "1", "1"}, .state = BuildState::Complete});
        for (const std::int64_t build : {1, 2})
            call.sql().insert(
                "INSERT INTO archiveinfo (type_id, build_id, filename, size, checksum,"
                " checksum_type, metadata_only) VALUES (1, ?, 'i.tar', 1, 'x', 2, 0)",
                {build});
        call.sql().execute("INSERT INTO archive_components VALUES (2, 1)");
    });

    EXPECT_EQ(
        refusal("admin", [&](Call& call) { hub_->removal.remove(call, key_, Strict::Yes); }),
        "1000 Cannot delete build, used as component of: 2");
}

TEST_F(BuildRemovalTest, KeepsTheFilesWhenTheCallFails) {
    Call call = hub_->begin_as_service(sql::Access::Write);
    EXPECT_THROW(
        call.attempt([&] {
            hub_->removal.remove(call, key_, Strict::Yes);
            throw Error{ErrorCode::Internal, "later"};
        }),
        Error);
    call.commit();
    EXPECT_EQ(state(), BuildState::Complete);
    EXPECT_TRUE(fs::exists(folder()));
}

TEST_F(BuildRemovalTest, SweepsWhatAKilledProcessLeft) {
    remove();
    os::ensure_directory(folder());
    hub_->clean_up();
    EXPECT_FALSE(fs::exists(folder()));
}

}  // namespace
}  // namespace nacre::hub
