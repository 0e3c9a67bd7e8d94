#include "archive/digester.hpp"
#include "hub/json_text.hpp"
#include "sql/faulty_database.hpp"
#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace nacre::hub {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kMetadata = R"({
  "metadata_version": 0,
  "build": {"name": "httpd", "version": "1", "release": "1", "start_time": 1700000000,
    "end_time": 1700000005.5, "source": "git://x#1", "owner": "alice",
    "extra": {"image": {"tags": ["latest"]}, "typeinfo": {"image": {}, "remote-sources": {}}}},
  "buildroots": [{"id": 1, "host": {"os": "debian", "arch": "x86_64"},
    "content_generator": {"name": "atomic-reactor", "version": "1"},
    "container": {"type": "oci", "arch": "x86_64"}, "tools": [{"name": "nacre", "version": "1"}]}],
  "output": [
    {"type": "docker-image", "filename": "img.tar.gz", "arch": "x86_64", "buildroot_id": 1,
     "filesize": 5, "checksum_type": "md5", "checksum": "IMAGE",
     "extra": {"image": {"arch": "x86_64"}},
     "components": [{"type": "deb", "name": "nginx", "version": "1.22", "release": "9",
        "arch": "amd64"}, {"type": "rpm", "name": "bash", "version": 5, "release": "1",
        "epoch": null, "arch": "x86_64", "sigmd5": "ab", "signature": null}]},
    {"type": "json", "filename": "sources.json", "buildroot_id": 1, "filesize": 2,
     "checksum_type": "sha256", "checksum": "SOURCES",
     "extra": {"typeinfo": {"remote-sources": {}}}},
    {"type": "log", "filename": "build.log", "arch": "x86_64", "buildroot_id": 1, "filesize": 3,
     "checksum_type": "md5", "checksum": "LOG"}]})";

class CgImportTest : public HubTest {
protected:
    CgImportTest() {
        metadata_ = kMetadata;
        replace("IMAGE", archive::hash_hex(archive::HashAlgorithm::Md5, as_bytes("image")));
        replace("SOURCES", archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes("{}")));
        replace("LOG", archive::hash_hex(archive::HashAlgorithm::Md5, as_bytes("log")));
        write_as("admin", [&](Call& call) {
            hub_->generators.grant(
                call, std::string{"alice"}, std::string{"atomic-reactor"}, IfMissing::Create);
        });
        upload_all();
    }

    void replace(std::string_view from, std::string_view to) {
        const std::string before = metadata_;
        metadata_ = replace_all(metadata_, from, to);
        ASSERT_NE(metadata_, before) << from;
    }

    void upload(const std::string& name, const std::string& content) {
        write_as("alice", [&](Call& call) {
            StringSource body{content};
            hub_->files.upload(call, {"cli-import/1", name}, {.overwrite = true}, body);
        });
    }

    void upload_all() {
        upload("img.tar.gz", "image");
        upload("sources.json", "{}");
        upload("build.log", "log");
    }

    ImportRequest request(std::optional<std::string> token = {}) const {
        return {*decode_json(metadata_).if_struct(), "cli-import/1", std::move(token)};
    }

    std::string import_refusal(const std::string& user = "alice") {
        return refusal(user, [&](Call& call) { hub_->import.run(call, request()); });
    }

    std::string refusal_with(std::string_view from, std::string_view to) {
        const std::string before = metadata_;
        replace(from, to);
        const std::string fault = import_refusal();
        metadata_ = before;
        EXPECT_TRUE(leaves_nothing()) << fault;
        return fault;
    }

    bool leaves_nothing() {
        const auto build =
            read([&](Call& call) { return hub_->builds.find(call, std::string{"httpd-1-1"}); });
        const bool no_rows = !build || build->state != BuildState::Complete;
        return no_rows && fs::is_empty(folder_.path() / "packages")
               && fs::exists(folder_.path() / "work/cli-import/1/img.tar.gz")
               && (!fs::exists(folder_.path() / "work/imports")
                   || fs::is_empty(folder_.path() / "work/imports"));
    }

    void import() {
        write_as("alice", [&](Call& call) { hub_->import.run(call, request()); });
    }

    std::string metadata_;
};

std::string content(const fs::path& file) {
    std::ifstream stream{file};
    return {std::istreambuf_iterator<char>{stream}, {}};
}

TEST_F(CgImportTest, MakesACompleteBuildWithItsFiles) {
    import();
    read([&](Call& call) {
        const Build build = hub_->builds.get(call, std::string{"httpd-1-1"});
        EXPECT_EQ(build.state, BuildState::Complete);
        EXPECT_EQ(build.owner_name, "alice");
        EXPECT_EQ(build.generator_name, "atomic-reactor");
        EXPECT_EQ(build.completion_us, 1'700'000'005'500'000);
        EXPECT_NE(decode_extra(build.extra).if_struct()->find("image"), nullptr);
        const auto images = hub_->archives.list(call, {.build = build.id, .type = "image"});
        EXPECT_EQ(images.size(), 1U);
        EXPECT_EQ(images[0].type.name, "tar");
        EXPECT_EQ(images[0].arch, "x86_64");
        EXPECT_EQ(hub_->archives.components(call, images[0].id).size(), 2U);
        EXPECT_EQ(hub_->archives.components(call, images[0].id, "rpm")[0].version, "5");
        EXPECT_EQ(hub_->archives.holding(call, "nginx").size(), 1U);
        EXPECT_EQ(hub_->archives.list(call, {.build = build.id}).size(), 2U);
        const auto buildroot = hub_->archives.find_buildroot(call, *images[0].buildroot);
        EXPECT_EQ(buildroot->tools.size(), 1U);
        return 0;
    });
    const fs::path folder = folder_.path() / "packages/httpd/1/1";
    EXPECT_EQ(content(folder / "images/img.tar.gz"), "image");
    EXPECT_EQ(content(folder / "files/remote-sources/sources.json"), "{}");
    EXPECT_EQ(content(folder / "data/logs/x86_64/build.log"), "log");
    EXPECT_TRUE(fs::exists(folder / "data/logs/cg_import.log"));
    EXPECT_THAT(content(folder / "metadata.json"), HasSubstr("atomic-reactor"));
    EXPECT_FALSE(fs::exists(folder_.path() / "work/cli-import/1/img.tar.gz"));
    EXPECT_TRUE(database_->check_integrity().empty());
    upload_all();
    EXPECT_THAT(import_refusal(), HasSubstr("1000 Build already exists (id=1, state=COMPLETE)"));
}

TEST_F(CgImportTest, RefusesWhatContradictsTheRules) {
    EXPECT_EQ(import_refusal("bob"), "1004 Content generator access required (atomic-reactor)");
    EXPECT_EQ(
        refusal_with("\"metadata_version\": 0", "\"metadata_version\": 1"),
        "1000 Unknown metadata version: 1");
    EXPECT_THAT(refusal_with("\"filesize\": 5", "\"filesize\": 6"), HasSubstr("File size 5 for"));
    EXPECT_THAT(
        refusal_with(
            archive::hash_hex(archive::HashAlgorithm::Md5, as_bytes("log")),
            archive::hash_hex(archive::HashAlgorithm::Md5, as_bytes("gol"))),
        HasSubstr("md5 checksum mismatch for build.log"));
    EXPECT_THAT(refusal_with("img.tar.gz", "none.tar.gz"), HasSubstr("1000 No such file:"));
    EXPECT_THAT(refusal_with("img.tar.gz", "../img.tar.gz"), HasSubstr("bad name"));
    EXPECT_THAT(
        refusal_with("\"remote-sources\": {}", "\"unknown\": {}"),
        HasSubstr("No such btype: unknown"));
    EXPECT_EQ(
        refusal_with("\"arch\": \"x86_64\", \"buildroot_id\": 1", "\"buildroot_id\": 2"),
        "1000 Missing buildroot metadata for id 2");
    EXPECT_EQ(
        refusal_with("{\"id\": 1,", "{\"id\": 3,"), "1000 Missing buildroot metadata for id 1");
    EXPECT_THAT(
        refusal_with("\"version\": \"1\", \"release\"", "\"release\""),
        HasSubstr("build.version: is missing"));
    EXPECT_THAT(
        refusal_with("\"type\": \"log\"", "\"type\": \"rpm\""),
        HasSubstr("rpm outputs are not supported"));
    EXPECT_THAT(
        refusal_with("\"owner\": \"alice\"", "\"owner\": \"eve\""),
        HasSubstr("No such user: 'eve'"));
    EXPECT_THAT(
        refusal_with("\"owner\": \"alice\"", "\"task_id\": 5"), HasSubstr("No such task: 5"));
    EXPECT_THAT(
        refusal_with(
            "{\"type\": \"deb\", \"name\": \"nginx\",",
            "{\"type\": \"kojifile\", \"filename\": \"p.tar\", \"filesize\": 1, \"checksum\": "
            "\"a\", "
            "\"name\": \"nginx\","),
        HasSubstr("No match for component: p.tar"));
}

TEST_F(CgImportTest, UsesAReservationWithItsToken) {
    Reservation reservation;
    write_as("alice", [&](Call& call) {
        reservation = hub_->generators.reserve(
            call, std::string{"atomic-reactor"}, {.nvr = Nvr::parse("httpd-1-1")});
    });
    EXPECT_THAT(import_refusal(), HasSubstr("Build already exists"));
    replace("\"owner\": \"alice\"", "\"build_id\": " + reservation.build.str());
    EXPECT_EQ(import_refusal(), "1000 Token doesn't match build ID " + reservation.build.str());
    write_as("alice", [&](Call& call) {
        EXPECT_EQ(hub_->import.run(call, request(reservation.token)).id, reservation.build);
    });
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) {
                hub_->generators.refund(
                    call, std::string{"atomic-reactor"}, reservation.build, reservation.token);
            }),
        "1000 Build ID " + reservation.build.str() + " is not in BUILDING state.");
}

TEST_F(CgImportTest, GivesARefundedNameToTheNextBuild) {
    Reservation reservation;
    write_as("alice", [&](Call& call) {
        reservation = hub_->generators.reserve(
            call, std::string{"atomic-reactor"}, {.nvr = Nvr::parse("httpd-1-1")});
    });
    const auto refund = [&](const std::string& token) {
        return [this, token, &reservation](Call& call) {
            hub_->generators.refund(call, std::string{"atomic-reactor"}, reservation.build, token);
        };
    };
    EXPECT_EQ(
        refusal("alice", refund("x")),
        "1000 Token doesn't match build ID " + reservation.build.str());
    write_as("alice", refund(reservation.token));
    import();
    read([&](Call& call) {
        EXPECT_EQ(hub_->builds.get(call, std::string{"httpd-1-1"}).id, reservation.build);
        return 0;
    });
}

TEST_F(CgImportTest, LeavesNothingWhenTheCallIsNotCommitted) {
    {
        Call call = hub_->begin(sql::Access::Write);
        call.set_caller(caller("alice"));
        hub_->import.run(call, request());
        EXPECT_TRUE(fs::exists(folder_.path() / "packages/httpd/1/1/metadata.json"));
    }
    EXPECT_TRUE(leaves_nothing());
    import();
}

TEST_F(CgImportTest, LeavesNothingWhateverDatabaseCallFails) {
    std::int64_t number = 1;
    for (;; ++number) {
        sql::FaultyDatabase faulty{*database_};
        try {
            const Caller alice = caller("alice");
            faulty.fail_call(number);
            Call call{faulty, sql::Access::Write, clock_, hub_->bells};
            call.set_caller(alice);
            hub_->import.run(call, request());
            call.commit();
            break;
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::Unavailable) << error.describe();
        }
        // A commit that failed may have been applied: the sweep knows.
        write([&](Call& call) { hub_->import.sweep(call); });
        ASSERT_TRUE(leaves_nothing()) << number;
        ASSERT_LT(number, 500);
    }
    EXPECT_GT(number, 20);
    EXPECT_FALSE(leaves_nothing());
}

TEST_F(CgImportTest, FinishesAnImportThatAnotherOneLeftInDoubt) {
    {
        sql::FaultyDatabase faulty{*database_};
        const Caller alice = caller("alice");
        Call call{faulty, sql::Access::Write, clock_, hub_->bells};
        call.set_caller(alice);
        hub_->import.run(call, request());
        faulty.fail_call(1);
        EXPECT_THROW(call.commit(), Error);
    }
    EXPECT_TRUE(fs::exists(folder_.path() / "packages/httpd/1/1/metadata.json"));
    import();
    write([&](Call& call) { EXPECT_EQ(hub_->import.sweep(call), 0); });
    EXPECT_TRUE(fs::exists(folder_.path() / "packages/httpd/1/1/metadata.json"));
}

TEST_F(CgImportTest, TakesBackWhatAKilledProcessLeft) {
    fs::create_directories(folder_.path() / "packages/httpd/1/1");
    fs::create_directories(folder_.path() / "work/imports");
    std::ofstream{folder_.path() / "work/imports/httpd-1-1"} << "packages/httpd/1/1";
    write([&](Call& call) { EXPECT_EQ(hub_->import.sweep(call), 1); });
    EXPECT_TRUE(leaves_nothing());
    import();
}

TEST_F(CgImportTest, RefundsTheReservationsOfDeadTasks) {
    add_builder();
    const TaskId id = submit();
    write_as("alice", [&](Call& call) {
        hub_->generators.reserve(
            call, std::string{"atomic-reactor"}, {.nvr = Nvr::parse("httpd-1-1"), .task = id});
    });
    write([&](Call& call) { EXPECT_EQ(hub_->generators.refund_orphans(call), 0); });
    write_as("alice", [&](Call& call) { hub_->tasks.cancel(call, id); });
    write([&](Call& call) { EXPECT_EQ(hub_->generators.refund_orphans(call), 1); });
    read([&](Call& call) {
        EXPECT_EQ(hub_->builds.get(call, std::string{"httpd-1-1"}).state, BuildState::Canceled);
        return 0;
    });
}

}  // namespace
}  // namespace nacre::hub
