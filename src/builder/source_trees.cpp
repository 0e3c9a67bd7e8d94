#include "builder/source_trees.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"
#include "source/git_tree.hpp"

#include <utility>

namespace nacre::builder {
namespace {

constexpr std::chrono::minutes kCloneLimit{30};

koji::Fault build_error(const std::string& text) {
    return koji::Fault{koji::FaultCode::BuildError, text};
}

}  // namespace

GitSourceTrees::GitSourceTrees(
    std::optional<Own> own, os::ProcessRunner& runner, std::filesystem::path temporary)
    : own_{std::move(own)},
      runner_{runner},
      temporary_{std::move(temporary)} {}

bool GitSourceTrees::is_own(const ScmUrl& url) const {
    return own_ && url.host == own_->host && url.repository.starts_with(own_->path_prefix);
}

std::filesystem::path GitSourceTrees::own_path(const ScmUrl& url) const {
    // The URL's path has no ".." and no empty part: ScmUrl is well formed.
    std::filesystem::path path = own_->git_root / url.repository.substr(own_->path_prefix.size());
    if (!std::filesystem::is_directory(path))
        throw build_error("repository '" + url.repository + "' is not in this service's dist-git");
    return path;
}

std::unique_ptr<source::Tree> GitSourceTrees::open(const ScmUrl& url, std::stop_token stop) {
    if (!url.subfolder.empty())
        throw build_error(
            "the source names folder '" + url.subfolder + "': only whole repositories are built");
    const std::filesystem::path repository = is_own(url) ? own_path(url) : clone(url, stop);
    try {
        return std::make_unique<source::GitCommitTree>(
            runner_, repository, url.revision, source::GitTreeLimits{}, std::move(stop));
    } catch (const Cancelled&) {
        throw;
    } catch (const Error& error) {
        throw build_error(
            "cannot read commit " + url.revision + " of '" + url.repository
            + "': " + error.describe());
    }
}

std::filesystem::path GitSourceTrees::clone(const ScmUrl& url, std::stop_token stop) {
    clone_.emplace(temporary_, "clone");
    const std::filesystem::path target = clone_->path() / "source.git";
    os::Command command;
    command.argv = {
        "git",
        "-c",
        "protocol.allow=never",
        "-c",
        "protocol.http.allow=always",
        "-c",
        "protocol.https.allow=always",
        "-c",
        "protocol.ssh.allow=always",
        "-c",
        "protocol.git.allow=always",
        "clone",
        "--quiet",
        "--bare",
        "--",
        url.clone_url(),
        target.string()};
    command.environment = os::minimal_environment();
    command.environment.emplace_back("GIT_TERMINAL_PROMPT=0");
    const os::ProcessResult result = runner_.run(command, {.limit = kCloneLimit}, std::move(stop));
    if (!result.status.success())
        throw build_error(
            "cannot clone '" + url.clone_url() + "': " + sanitize_utf8(trim(result.err)));
    return target;
}

}  // namespace nacre::builder
