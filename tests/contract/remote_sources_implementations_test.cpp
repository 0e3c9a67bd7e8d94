#include "base/clock.hpp"
#include "base/text.hpp"
#include "contract/remote_sources_contract.hpp"
#include "http/date.hpp"
#include "os/process.hpp"
#include "source/memory_remote_sources.hpp"
#include "source/network_sources.hpp"
#include "support/http_fixture.hpp"
#include "support/temp_dir.hpp"

#include <filesystem>
#include <fstream>

namespace nacre::source {
namespace {

class MemoryRemoteFixture final : public RemoteFixture {
public:
    MemoryRemoteFixture() {
        auto tree = std::make_shared<MemoryTree>(kRemoteCommitTime);
        tree->add_file("top", "1");
        tree->add_file("docs/a", "2", 0755);
        sources_.add_repository(remote(), {commit(), tree});
        sources_.add_file(
            file_url(),
            {"hello",
             "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
             kRemoteFileTime});
    }

    RemoteSources& sources() override { return sources_; }

    std::string file_url() override { return "https://example.org/hello.txt"; }

    std::string remote() override { return "https://example.org/x.git"; }

    std::string commit() override { return std::string(40, 'a'); }

private:
    MemoryRemoteSources sources_;
};

class NetworkFixture final : public RemoteFixture {
public:
    NetworkFixture() {
        repository_ = folder_.path() / "x.git";
        std::filesystem::create_directories(repository_ / "docs");
        std::ofstream{repository_ / "top"} << "1";
        std::ofstream{repository_ / "docs/a"} << "2";
        std::filesystem::permissions(repository_ / "docs/a", std::filesystem::perms::owner_all);
        git({"init", "-q", "."});
        git({"add", "."});
        git({"commit", "-q", "-m", "one"});
        commit_ = git({"rev-parse", "HEAD"});
        std::filesystem::create_directories(folder_.path() / "fetched");
    }

    RemoteSources& sources() override { return sources_; }

    std::string file_url() override { return http_.url("/hello.txt"); }

    std::string remote() override { return "file://" + repository_.native(); }

    std::string commit() override { return commit_; }

private:
    std::string git(const std::vector<std::string>& arguments) {
        os::Command command;
        command.argv = {"git"};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.directory = repository_;
        command.environment = os::minimal_environment();
        for (const char* setting :
             {"GIT_CONFIG_NOSYSTEM=1",
              "GIT_CONFIG_GLOBAL=/dev/null",
              "GIT_AUTHOR_NAME=a",
              "GIT_AUTHOR_EMAIL=a@b",
              "GIT_COMMITTER_NAME=c",
              "GIT_COMMITTER_EMAIL=c@d",
              "GIT_COMMITTER_DATE=1600000000 +0000",
              "GIT_AUTHOR_DATE=1600000000 +0000"})
            command.environment.emplace_back(setting);
        return std::string{trim(os::run_checked(runner_, command, {}, {}))};
    }

    test::FunctionHandler handler_{[](const http::Request& request) {
        http::Response response;
        if (request.path == "/hello.txt") {
            response.headers.add("Last-Modified", http::render_date(kRemoteFileTime));
            response.text = "hello";
        } else {
            response.status = 404;
        }
        return response;
    }};
    test::HttpFixture http_{handler_};
    test::TempDir folder_;
    std::filesystem::path repository_;
    std::string commit_;
    os::SystemProcessRunner runner_;
    SystemClock clock_;
    NetworkSources sources_{
        clock_,
        http_.client,
        runner_,
        folder_.path() / "fetched",
        {.transports = GitTransports::NetworkAndFile}};
};

INSTANTIATE_TEST_SUITE_P(
    All,
    RemoteSourcesContract,
    testing::Values(
        RemoteCase{"memory", [] { return std::make_unique<MemoryRemoteFixture>(); }},
        RemoteCase{"network", [] { return std::make_unique<NetworkFixture>(); }}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace nacre::source
