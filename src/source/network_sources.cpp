#include "source/network_sources.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "http/date.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"
#include "source/folder_tree.hpp"
#include "source/git_tree.hpp"
#include "source/sub_tree.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nacre::source {
namespace {

constexpr std::uint32_t kFetchedFileMode = 0600;
constexpr std::size_t kGitOutputMax = 1U << 20U;
constexpr std::size_t kGitMessageMax = 500;

/// Refuses what is too large or comes too slowly.
class LimitedSink final : public ByteSink {
public:
    LimitedSink(ByteSink& next, const NetworkLimits& limits, const Clock& clock)
        : next_{next},
          limits_{limits},
          clock_{clock},
          deadline_{clock.steady_now() + limits.time} {}

    void write(Bytes bytes) override {
        size_ += bytes.size();
        if (size_ > limits_.file_bytes)
            throw Error{
                ErrorCode::ResourceExhausted,
                "the file has more than " + std::to_string(limits_.file_bytes) + " bytes"};
        if (clock_.steady_now() > deadline_)
            throw Error{
                ErrorCode::DeadlineExceeded,
                "the file did not come within " + std::to_string(limits_.time.count()) + " ms"};
        next_.write(bytes);
    }

    std::uint64_t size() const noexcept { return size_; }

private:
    ByteSink& next_;
    const NetworkLimits limits_;
    const Clock& clock_;
    const SteadyTime deadline_;
    std::uint64_t size_ = 0;
};

/// The one file of an address.
class FetchedFile final : public Tree {
public:
    FetchedFile(os::TempDir folder, std::filesystem::path content, Node node)
        : folder_{std::move(folder)},
          content_{std::move(content)},
          node_{std::move(node)} {}

    std::optional<Node> find(std::string_view path) const override {
        if (path.empty()) return Node{.type = NodeType::Directory, .mode = 0755};
        return path == node_.path ? std::optional{node_} : std::nullopt;
    }

    std::vector<Node> walk(std::string_view path) const override {
        return path.empty() ? std::vector{node_} : std::vector<Node>{};
    }

    std::unique_ptr<ByteSource> open(const Node& file) const override {
        if (file.path != node_.path)
            throw Error{ErrorCode::NotFound, "there is no file " + quoted(file.path)};
        return std::make_unique<os::FileSource>(os::open_file(content_, O_RDONLY));
    }

    std::optional<std::int64_t> commit_time() const override { return std::nullopt; }

private:
    os::TempDir folder_;
    std::filesystem::path content_;
    Node node_;
};

/// What was fetched with git, and the folder that it is in.
class FetchedCommit final : public Tree {
public:
    FetchedCommit(os::TempDir folder, std::unique_ptr<Tree> whole, std::string part)
        : folder_{std::move(folder)},
          whole_{std::move(whole)},
          part_{*whole_, std::move(part)} {}

    std::optional<Node> find(std::string_view path) const override { return part_.find(path); }

    std::vector<Node> walk(std::string_view path) const override { return part_.walk(path); }

    std::unique_ptr<ByteSource> open(const Node& file) const override { return part_.open(file); }

    std::optional<std::int64_t> commit_time() const override { return whole_->commit_time(); }

private:
    os::TempDir folder_;
    std::unique_ptr<Tree> whole_;
    SubTree part_;
};

[[noreturn]] void refuse_checksum(const std::string& found, const std::string& needed) {
    throw Error{ErrorCode::DataCorrupt, "the checksum is " + found + ", needed " + needed}
        .with_hint("compare --checksum with what the publisher says");
}

Error refused_by_server(int status, const std::string& url) {
    const ErrorCode code = status == 404 || status == 410   ? ErrorCode::NotFound
                           : status == 401 || status == 403 ? ErrorCode::PermissionDenied
                                                            : ErrorCode::Unavailable;
    return Error{code, "the server answers " + url + " with status " + std::to_string(status)};
}

/// git with nothing but what is said here.
class Git {
public:
    Git(os::ProcessRunner& runner, std::filesystem::path folder, const NetworkLimits& limits)
        : runner_{runner},
          folder_{std::move(folder)},
          limits_{limits} {}

    /// The field goes to this host alone. It is in the environment, where others do not see it.
    void authorize(const std::string& remote, const Secret& authorization) {
        authorization_ = {
            "GIT_CONFIG_COUNT=1",
            "GIT_CONFIG_KEY_0=http." + origin_of(remote) + ".extraheader",
            "GIT_CONFIG_VALUE_0=Authorization: " + authorization.reveal()};
    }

    os::ProcessResult run(
        const std::vector<std::string>& arguments, const std::stop_token& stop) const {
        os::Command command;
        command.argv = {"git"};
        for (const char* setting :
             {"protocol.allow=never",
              "protocol.https.allow=always",
              "protocol.http.allow=always",
              "protocol.ssh.allow=always",
              "protocol.git.allow=always",
              "credential.helper=",
              "core.hooksPath=/dev/null",
              "core.fsmonitor=false",
              "transfer.fsckObjects=true",
              "advice.detachedHead=false",
              "init.defaultBranch=main"}) {
            command.argv.emplace_back("-c");
            command.argv.emplace_back(setting);
        }
        if (limits_.transports == GitTransports::NetworkAndFile)
            command.argv.insert(command.argv.end(), {"-c", "protocol.file.allow=always"});
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.directory = folder_;
        command.environment = os::minimal_environment();
        for (const char* setting :
             {"GIT_CONFIG_NOSYSTEM=1",
              "GIT_CONFIG_GLOBAL=/dev/null",
              "GIT_ATTR_NOSYSTEM=1",
              "GIT_TERMINAL_PROMPT=0",
              "GIT_SSH_COMMAND=ssh -oBatchMode=yes"})
            command.environment.emplace_back(setting);
        command.environment.insert(
            command.environment.end(), authorization_.begin(), authorization_.end());
        command.orphans = os::Orphans::Killed;
        return runner_.run(command, {.output_limit = kGitOutputMax, .limit = limits_.time}, stop);
    }

    std::string run_checked(
        const std::vector<std::string>& arguments,
        const GitAddress& address,
        const std::stop_token& stop) const {
        const os::ProcessResult result = run(arguments, stop);
        if (!result.status.success()) throw failure(result, address);
        return std::string{trim(result.out)};
    }

    static Error failure(const os::ProcessResult& result, const GitAddress& address) {
        std::string text = replace_all(trim(result.err), address.remote, "the repository");
        if (text.size() > kGitMessageMax) text = text.substr(text.size() - kGitMessageMax);
        const bool is_missing = text.find("couldn't find remote ref") != std::string::npos
                                || text.find("not our ref") != std::string::npos;
        return Error{
            is_missing ? ErrorCode::NotFound : ErrorCode::Unavailable,
            "git " + result.status.describe() + ": " + sanitize_utf8(text)};
    }

private:
    os::ProcessRunner& runner_;
    const std::filesystem::path folder_;
    const NetworkLimits limits_;
    std::vector<std::string> authorization_;
};

/// Fetches what the address names and gives its commit id.
std::string fetch_into(const Git& git, const GitAddress& address, const std::stop_token& stop) {
    const std::string wanted = address.ref.empty() ? "HEAD" : address.ref;
    const auto fetch = [&](const std::vector<std::string>& refs) {
        std::vector<std::string> arguments{
            "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"};
        if (refs.size() == 1) arguments.emplace_back("--depth=1");
        arguments.insert(arguments.end(), {"--", address.remote});
        arguments.insert(arguments.end(), refs.begin(), refs.end());
        return git.run(arguments, stop);
    };
    os::ProcessResult result = fetch({wanted});
    std::string name = "FETCH_HEAD";
    if (!result.status.success() && is_commit_id(wanted)) {
        // Some servers give commits by the names of refs only.
        result = fetch({"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"});
        name = wanted;
    }
    if (!result.status.success()) throw Git::failure(result, address);
    return git.run_checked({"rev-parse", "--verify", name + "^{commit}"}, address, stop);
}

}  // namespace

std::unique_ptr<Tree> NetworkSources::fetch(const RemoteAddress& address, std::stop_token stop) {
    return with_context("fetching " + quoted(render(address)), [&]() -> std::unique_ptr<Tree> {
        if (const auto* url = std::get_if<UrlAddress>(&address)) return fetch_file(*url, stop);
        return fetch_commit(std::get<GitAddress>(address), stop);
    });
}

std::unique_ptr<Tree> NetworkSources::fetch_file(
    const UrlAddress& address, const std::stop_token& stop) {
    os::TempDir folder{folder_, "file"};
    const std::filesystem::path content = folder.path() / "content";
    const os::UniqueFd file = os::open_file(content, O_WRONLY | O_CREAT | O_EXCL, kFetchedFileMode);
    os::FdSink out{file.get()};
    const bool is_sha512 = address.checksum.starts_with("sha512:");
    archive::DigestingSink digest{
        is_sha512 ? archive::HashAlgorithm::Sha512 : archive::HashAlgorithm::Sha256, out};
    LimitedSink sink{digest, limits_, clock_};
    http::ClientRequest request;
    request.url = address.url;
    request.response_sink = &sink;
    if (const auto authorization = find_file_authorization(address.url, secrets_))
        request.headers.set("Authorization", authorization->reveal());
    const http::ClientResponse response = client_.exchange(request, stop);
    if (response.status < 200 || response.status > 299)
        throw refused_by_server(response.status, without_credentials(address.url));
    const std::string found = (is_sha512 ? "sha512:" : "sha256:") + digest.finish_hex();
    if (!address.checksum.empty() && found != address.checksum)
        refuse_checksum(found, address.checksum);
    Node node{.path = address.file_name, .mode = kFetchedFileMode, .size = sink.size()};
    node.content_key = found;
    if (const auto modified = response.headers.find("Last-Modified"))
        node.mtime = http::parse_date(*modified).value_or(0);
    return std::make_unique<FetchedFile>(std::move(folder), content, std::move(node));
}

std::unique_ptr<Tree> NetworkSources::fetch_commit(
    const GitAddress& address, const std::stop_token& stop) {
    os::TempDir folder{folder_, "git"};
    const std::filesystem::path root = folder.path() / "repository";
    os::ensure_directory(root);
    const bool keeps = address.git_folder == GitFolder::Keep;
    Git git{runner_, root, limits_};
    if (const auto authorization = find_git_authorization(address.remote, secrets_))
        git.authorize(address.remote, *authorization);
    std::vector<std::string> init{"init", "--quiet", "--template="};
    if (!keeps) init.emplace_back("--bare");
    git.run_checked(init, address, stop);
    const std::string commit = fetch_into(git, address, stop);
    if (!commit.starts_with(address.checksum)) refuse_checksum(commit, address.checksum);
    if (!keeps) {
        auto tree = std::make_unique<GitCommitTree>(runner_, root, commit, GitTreeLimits{}, stop);
        return std::make_unique<FetchedCommit>(std::move(folder), std::move(tree), address.folder);
    }
    git.run_checked({"checkout", "--quiet", "--detach", commit}, address, stop);
    auto tree = std::make_unique<FolderTree>(root);
    return std::make_unique<FetchedCommit>(std::move(folder), std::move(tree), address.folder);
}

}  // namespace nacre::source
