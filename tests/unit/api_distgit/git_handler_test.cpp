#include "api/distgit/git_handler.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "distgit/file_access_list.hpp"
#include "distgit/git_repositories.hpp"
#include "os/file.hpp"
#include "support/http_fixture.hpp"
#include "support/raw_connection.hpp"
#include "support/temp_dir.hpp"

#include "support.hpp"
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/wait.h>

#include <functional>

namespace nacre::api::distgit {
namespace {

namespace fs = std::filesystem;

using nacre::distgit::Acl;
using nacre::distgit::RepositoryName;
using testing::HasSubstr;

/// False when it did not become true in twenty seconds.
bool becomes_true(const std::function<bool()>& condition) {
    constexpr int kLooksMax = 2000;
    constexpr int kPauseMilliseconds = 10;
    for (int i = 0; i < kLooksMax; ++i) {
        if (condition()) return true;
        ::poll(nullptr, 0, kPauseMilliseconds);
    }
    return false;
}

/// Whether this process has a child, ended or not.
bool has_child() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::string packet(const std::string& text) {
    return fmt::format("{:04x}{}", text.size() + 4, text);
}

/// The beginning of a pack: one object of 10 MB, of which the first 320 KB are there.
std::string unfinished_pack() {
    std::string pack{"PACK\0\0\0\2\0\0\0\1\xb0\x80\x80\x28\x78\1", 18};
    constexpr int kBlocks = 5;
    for (int i = 0; i < kBlocks; ++i)
        pack += std::string{"\0\xff\xff\0\0", 5} + std::string(0xffff, 'x');
    return pack;
}

/// Compresses badly.
std::string make_noise(std::size_t size) {
    SeededRandom random{7};
    std::string noise;
    noise.reserve(size);
    while (noise.size() < size)
        noise += random_word(random, 1024);
    return noise;
}

/// A real server on a free port, and the real git as its client.
class GitHandlerTest : public testing::Test {
protected:
    GitHandlerTest() {
        test::add_users(authenticator_);
        repositories_.create(httpd_, {"alice", "A web server"}, {});
    }

    os::ProcessResult git(
        const fs::path& folder,
        const std::vector<std::string>& arguments,
        const std::vector<std::string>& variables = {}) {
        os::Command command;
        command.argv = {"git", "-c", "user.name=A", "-c", "user.email=a@example.org"};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.environment = os::minimal_environment();
        command.environment.insert(
            command.environment.end(),
            {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0"});
        command.environment.insert(command.environment.end(), variables.begin(), variables.end());
        command.directory = folder;
        return runner_.run(command, {.limit = std::chrono::minutes{1}}, {});
    }

    std::string url(const std::string& user) const {
        const std::string authority = user.empty() ? "" : user + ":" + user + "-password@";
        return "http://" + authority + "127.0.0.1:" + std::to_string(http_.server.port())
               + "/git/container/httpd.git";
    }

    fs::path clone(const std::string& user) {
        const fs::path folder = root_.path() / "clone";
        const auto cloned = git(root_.path(), {"clone", "-q", url(user), folder.string()});
        EXPECT_TRUE(cloned.status.success()) << cloned.err;
        return folder;
    }

    void commit(const fs::path& folder, const std::string& file, const std::string& content) {
        os::write_file_atomically(folder / file, content, os::Durability::Buffered);
        EXPECT_TRUE(git(folder, {"add", file}).status.success());
        EXPECT_TRUE(git(folder, {"commit", "-q", "-m", "Add " + file}).status.success());
    }

    std::string head(const fs::path& folder) {
        return git(folder, {"rev-parse", "HEAD"}).out.substr(0, 40);
    }

    std::string pushed() { return repositories_.resolve(httpd_, "main", {}); }

    const RepositoryName httpd_ = RepositoryName::parse("container/httpd");
    nacre::test::TempDir root_;
    os::SystemProcessRunner runner_;
    ManualClock clock_{from_unix_seconds(1'790'000'000)};
    nacre::distgit::GitRepositories repositories_{
        {.root = root_.path() / "git", .push_bytes_max = 6U << 20U}, runner_, clock_};
    nacre::distgit::FileAccessList access_{root_.path() / "git"};
    auth::StaticAuthenticator authenticator_;
    test::FixedAdministrators administrators_;
    Callers callers_{authenticator_, administrators_};
    GitHandler handler_{{root_.path() / "git", repositories_, access_, callers_, runner_}};
    nacre::test::HttpFixture http_{handler_};
};

TEST_F(GitHandlerTest, LetsEverybodyClone) {
    const fs::path folder = clone("");
    EXPECT_EQ(head(folder), pushed());
    EXPECT_TRUE(fs::exists(folder / ".gitignore"));
}

TEST_F(GitHandlerTest, SpeaksTheOlderProtocolAndTakesShallowClones) {
    EXPECT_TRUE(
        git(root_.path(), {"-c", "protocol.version=0", "clone", "-q", "--depth=1", url(""), "old"})
            .status.success());
}

TEST_F(GitHandlerTest, TakesAPushOfTheOwner) {
    const fs::path folder = clone("alice");
    commit(folder, "Dockerfile", "FROM scratch\n");
    const auto done = git(folder, {"push", "-q", "origin", "main"});
    EXPECT_TRUE(done.status.success()) << done.err;
    EXPECT_EQ(pushed(), head(folder));
}

TEST_F(GitHandlerTest, StreamsAPushThatIsLargerThanAnyBuffer) {
    const fs::path folder = clone("alice");
    const std::string noise = make_noise(8U << 20U);  // 5 MB packed
    commit(folder, "noise", noise);
    const auto done = git(folder, {"-c", "http.postBuffer=65536", "push", "-q", "origin", "main"});
    EXPECT_TRUE(done.status.success()) << done.err;
    EXPECT_EQ(pushed(), head(folder));
    EXPECT_TRUE(git(root_.path(), {"clone", "-q", url(""), "again"}).status.success());
    EXPECT_EQ(os::read_file(root_.path() / "again/noise", noise.size()), noise);
}

TEST_F(GitHandlerTest, TakesAPushOfWhoWasGivenTheRightAndOfAnAdministrator) {
    const fs::path folder = clone("eve");
    commit(folder, "one", "1");
    EXPECT_FALSE(git(folder, {"push", "-q", "origin", "main"}).status.success());
    access_.set(httpd_, "eve", Acl::Commit);
    EXPECT_TRUE(git(folder, {"push", "-q", "origin", "main"}).status.success());
    commit(folder, "two", "2");
    EXPECT_TRUE(git(folder, {"push", "-q", url("root"), "main"}).status.success());
    EXPECT_EQ(pushed(), head(folder));
}

TEST_F(GitHandlerTest, TellsAUserWithoutTheRightWhomToAsk) {
    const fs::path folder = clone("eve");
    const std::string before = pushed();
    commit(folder, "Dockerfile", "FROM scratch\n");
    const auto refused = git(folder, {"push", "origin", "main"});
    EXPECT_FALSE(refused.status.success());
    EXPECT_THAT(refused.err, HasSubstr("remote: user 'eve' may not push to 'container/httpd'"));
    EXPECT_THAT(refused.err, HasSubstr("ask 'alice' for the commit right"));
    EXPECT_EQ(pushed(), before);
}

TEST_F(GitHandlerTest, AsksForAPasswordBeforeAPush) {
    const fs::path folder = clone("");
    commit(folder, "Dockerfile", "FROM scratch\n");
    const auto refused = git(folder, {"push", "origin", "main"});
    EXPECT_FALSE(refused.status.success());
    EXPECT_THAT(refused.err, HasSubstr("could not read Username"));
    const auto answer = http_.get("/git/container/httpd.git/info/refs?service=git-receive-pack");
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(
        answer.headers.find("WWW-Authenticate"),
        "Basic realm=\"Nacre dist-git\", charset=\"UTF-8\"");
    const auto direct = http_.exchange(
        {.method = "POST", .url = "/git/container/httpd.git/git-receive-pack", .body = "0000"});
    EXPECT_EQ(direct.status, 401);
}

TEST_F(GitHandlerTest, RefusesToRewriteAndToDelete) {
    const fs::path folder = clone("alice");
    commit(folder, "one", "1");
    EXPECT_TRUE(git(folder, {"push", "-q", "origin", "main"}).status.success());
    const std::string before = pushed();
    EXPECT_TRUE(git(folder, {"commit", "-q", "--amend", "-m", "other"}).status.success());
    const auto forced = git(folder, {"push", "--force", "origin", "main"});
    EXPECT_FALSE(forced.status.success());
    EXPECT_THAT(forced.err, HasSubstr("non-fast-forward"));
    EXPECT_FALSE(git(folder, {"push", "origin", ":main"}).status.success());
    EXPECT_EQ(pushed(), before);
}

TEST_F(GitHandlerTest, RefusesAPushThatIsTooLarge) {
    const fs::path folder = clone("alice");
    commit(folder, "noise", make_noise(12U << 20U));
    const auto refused = git(folder, {"push", "origin", "main"});
    EXPECT_FALSE(refused.status.success());
    EXPECT_THAT(refused.err, HasSubstr("maximum allowed size"));
}

TEST_F(GitHandlerTest, ReadsPackedRequestBodies) {
    const fs::path folder = clone("alice");
    // A fetch with many "have" lines is sent with gzip.
    for (int i = 0; i < 45; ++i)
        EXPECT_TRUE(git(folder, {"commit", "-q", "--allow-empty", "-m", std::to_string(i)})
                        .status.success());
    const fs::path other = root_.path() / "other";
    EXPECT_TRUE(git(root_.path(), {"clone", "-q", url("alice"), other.string()}).status.success());
    commit(other, "file", "1");
    EXPECT_TRUE(git(other, {"push", "-q", "origin", "main"}).status.success());
    const auto fetched =
        git(folder, {"fetch", "-v"}, {"GIT_CURL_VERBOSE=1", "GIT_TRACE_CURL_NO_DATA=1"});
    EXPECT_TRUE(fetched.status.success()) << fetched.err;
    EXPECT_THAT(fetched.err, HasSubstr("ontent-Encoding: gzip"));
}

TEST_F(GitHandlerTest, ServesNothingButTheSmartProtocol) {
    for (const char* path :
         {"/git/container/httpd.git/HEAD",
          "/git/container/httpd.git/config",
          "/git/container/httpd.git/nacre-access.json",
          "/git/container/nope.git/info/refs",
          "/git/container/..%2f..%2fx.git/info/refs",
          "/git/container/httpd.git/objects/info/packs"})
        EXPECT_EQ(http_.get(path).status, 404) << path;
    EXPECT_EQ(http_.get("/git/container/httpd.git/info/refs").status, 404);
    EXPECT_EQ(http_.get("/git/container/httpd.git/info/refs?service=git-evil").status, 403);
    EXPECT_EQ(http_.get("/git/container/httpd.git/git-upload-pack").status, 405);
}

TEST_F(GitHandlerTest, AnswersABodyThatIsNoneOfGits) {
    const auto answer = http_.exchange(
        {.method = "POST", .url = "/git/container/httpd.git/git-upload-pack", .body = "nonsense"});
    EXPECT_GE(answer.status, 400);
}

TEST_F(GitHandlerTest, LeavesNoProcessAfterAnAnswerThatNobodyReads) {
    const fs::path folder = clone("alice");
    commit(folder, "noise", make_noise(700U << 10U));
    EXPECT_TRUE(git(folder, {"push", "-q", "origin", "main"}).status.success());
    test::TestRequest request{"POST", "/git/container/httpd.git/git-upload-pack"};
    const std::string want = "0032want " + pushed() + "\n" + "0000" + "0009done\n";
    request.body("application/x-git-upload-pack-request", want);
    http::Response response = handler_.handle(request.get());
    EXPECT_EQ(response.status, 200);
    std::byte buffer[100];
    EXPECT_GT(response.source->read(buffer), 0U);
    response.source.reset();
    // No child of this process is left: the destructor killed and reaped the group.
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(GitHandlerTest, LeavesNothingOfAPushWhoseClientWasKilled) {
    const auto drafts = [this] {
        std::vector<std::string> names;
        for (const auto& entry :
             fs::directory_iterator{repositories_.folder_of(httpd_) / "objects"})
            if (entry.path().filename().string().starts_with("tmp_"))
                names.push_back(entry.path().filename());
        return names;
    };
    const std::string before = pushed();
    nacre::test::RawConnection client{http_.server.port()};
    const std::string order = before + " " + std::string(40, 'a') + " refs/heads/main"
                              + std::string{"\0report-status", 14} + "\n";
    client.send(
        "POST /git/container/httpd.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: "
        "Basic "
        + to_base64(as_bytes("alice:alice-password"))
        + "\r\nContent-Type: application/x-git-receive-pack-request\r\n"
          "Content-Length: 1000000\r\n\r\n"
        + packet(order) + "0000" + unfinished_pack());
    ASSERT_TRUE(becomes_true([&] { return !drafts().empty(); }));
    EXPECT_TRUE(has_child());
    client.close();
    EXPECT_TRUE(becomes_true([] { return !has_child(); }));
    EXPECT_THAT(drafts(), testing::IsEmpty());
    EXPECT_EQ(pushed(), before);
}

TEST_F(GitHandlerTest, TakesTheServiceThatItChecked) {
    // git takes the last of several parameters of one name.
    const std::string both =
        "/git/container/httpd.git/info/refs?service=git-upload-pack&service=git-receive-pack";
    const auto answer = http_.get(both);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.find("Content-Type"), "application/x-git-upload-pack-advertisement");
}

TEST_F(GitHandlerTest, EndsWhenTheClientGoesAway) {
    test::TestRequest request{"POST", "/git/container/httpd.git/git-upload-pack"};
    std::stop_source stop;
    stop.request_stop();
    request.get().stop = stop.get_token();
    EXPECT_THROW(handler_.handle(request.get()), Cancelled);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace nacre::api::distgit
