#include "distgit/git_repositories.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "distgit/access.hpp"
#include "distgit/file_access_list.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>

namespace nacre::distgit {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kQueryLimit{60};
constexpr std::chrono::hours kGarbageLimit{2};
constexpr std::size_t kQueryBytesMax = 64U << 20U;
constexpr std::size_t kDescriptionBytesMax = 4096;
constexpr std::size_t kHashDigits = 40;
constexpr std::string_view kSuffix = ".git";
constexpr std::string_view kFirstMessage = "Initial setup of the repository\n";

/// What a push meets: no rewriting, no deleting, every object checked, nothing run. git's own "auto gc" would leave a
/// process behind that nobody waits for.
std::string repository_config(std::uint64_t push_bytes_max) {
    return "[core]\n"
           "\trepositoryformatversion = 0\n"
           "\tfilemode = true\n"
           "\tbare = true\n"
           "\thooksPath = /dev/null\n"
           "\tlogAllRefUpdates = true\n"
           "\tfsync = committed,reference\n"
           "[receive]\n"
           "\tdenyNonFastForwards = true\n"
           "\tdenyDeletes = true\n"
           "\tfsckObjects = true\n"
           "\tautogc = false\n"
           "\tmaxInputSize = "
           + std::to_string(push_bytes_max)
           + "\n"
             "[transfer]\n"
             "\tfsckObjects = true\n"
             "[http]\n"
             "\treceivepack = true\n"
             "[gc]\n"
             "\tauto = 0\n";
}

std::string first_commit(const GitConfig& config, std::int64_t when) {
    std::string text = "commit refs/heads/" + std::string{kDefaultBranch} + "\n";
    text += "committer " + config.author_name + " <" + config.author_email + "> "
            + std::to_string(when) + " +0000\n";
    text += "data " + std::to_string(kFirstMessage.size()) + "\n" + std::string{kFirstMessage};
    text += "M 100644 inline .gitignore\ndata 0\n\n";
    return text;
}

bool is_full_hash(std::string_view text) noexcept {
    return text.size() == kHashDigits && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Error exists_already(const RepositoryName& name) {
    return Error{ErrorCode::Conflict, "repository '" + name.str() + "' exists already"};
}

}  // namespace

std::vector<std::string> git_environment() {
    std::vector<std::string> environment = os::minimal_environment();
    environment.insert(
        environment.end(),
        {"GIT_CONFIG_NOSYSTEM=1",
         "GIT_CONFIG_GLOBAL=/dev/null",
         "GIT_TERMINAL_PROMPT=0",
         "GIT_CONFIG_COUNT=2",
         "GIT_CONFIG_KEY_0=safe.directory",
         "GIT_CONFIG_VALUE_0=*",
         "GIT_CONFIG_KEY_1=core.hooksPath",
         "GIT_CONFIG_VALUE_1=/dev/null"});
    return environment;
}

GitRepositories::GitRepositories(GitConfig config, os::ProcessRunner& runner, const Clock& clock)
    : config_{std::move(config)},
      runner_{runner},
      clock_{clock} {
    std::ranges::sort(config_.namespaces);
    for (const std::string& space : config_.namespaces) {
        if (!is_name_part(space))
            throw Error{
                ErrorCode::InvalidArgument,
                nacre::quoted(space) + " cannot be a namespace of dist-git"};
        os::ensure_directory(config_.root / space);
        os::sweep_temporaries(config_.root / space);
    }
}

fs::path GitRepositories::folder_of(const RepositoryName& name) const {
    return config_.root / name.space() / (name.name() + std::string{kSuffix});
}

fs::path GitRepositories::require_folder(const RepositoryName& name) const {
    fs::path folder = folder_of(name);
    if (!find(name)) throw Error{ErrorCode::NotFound, "no such repository: '" + name.str() + "'"};
    return folder;
}

std::string GitRepositories::git(
    const fs::path& folder,
    std::vector<std::string> arguments,
    std::string input,
    std::stop_token stop) const {
    os::Command command;
    command.argv = {"git", "--git-dir=."};
    std::ranges::move(arguments, std::back_inserter(command.argv));
    command.environment = git_environment();
    command.directory = folder;
    return os::run_checked(
        runner_,
        command,
        {.input = std::move(input), .output_limit = kQueryBytesMax, .limit = kQueryLimit},
        std::move(stop));
}

void GitRepositories::set_up(
    const fs::path& folder, const NewRepository& order, std::stop_token stop) {
    git(folder,
        {"init",
         "--quiet",
         "--bare",
         "--template=",
         "--initial-branch=" + std::string{kDefaultBranch}},
        {},
        stop);
    os::write_file_atomically(folder / "config", repository_config(config_.push_bytes_max));
    os::write_file_atomically(folder / "description", order.description + "\n");
    os::write_file_atomically(
        folder / kAccessFile, render(Access{.owner = order.owner, .admins = {}, .committers = {}}));
    const std::int64_t now = to_unix_seconds(clock_.wall_now());
    git(folder, {"fast-import", "--quiet"}, first_commit(config_, now), stop);
    const timespec times[2] = {{.tv_sec = now, .tv_nsec = 0}, {.tv_sec = now, .tv_nsec = 0}};
    if (::utimensat(AT_FDCWD, (folder / "description").c_str(), &times[0], 0) != 0
        || ::chmod(folder.c_str(), 0755) != 0)
        throw SystemError{errno, "cannot set up repository " + nacre::quoted(folder.string())};
}

Repository GitRepositories::create(
    const RepositoryName& name, const NewRepository& order, std::stop_token stop) {
    require_order(config_.namespaces, name, order);
    const fs::path folder = folder_of(name);
    if (fs::exists(folder)) throw exists_already(name);
    return with_context("creating repository '" + name.str() + "'", [&] {
        os::TempDir draft{folder.parent_path(), "repository"};
        set_up(draft.path(), order, std::move(stop));
        // A repository is never empty, so the rename cannot replace one that came first.
        if (std::rename(draft.path().c_str(), folder.c_str()) != 0) {
            if (errno == ENOTEMPTY || errno == EEXIST) throw exists_already(name);
            throw SystemError{errno, "cannot rename to " + nacre::quoted(folder.string())};
        }
        static_cast<void>(draft.keep());
        os::sync_directory(folder.parent_path());
        return *find(name);
    });
}

std::optional<Repository> GitRepositories::find(const RepositoryName& name) const {
    const fs::path file = folder_of(name) / "description";
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) return std::nullopt;
    const auto text = os::find_file(file, kDescriptionBytesMax);
    if (!text) return std::nullopt;
    return Repository{name, std::string{trim(*text)}, status.st_mtim.tv_sec};
}

std::vector<RepositoryName> GitRepositories::list() const {
    std::vector<RepositoryName> names;
    for (const std::string& space : config_.namespaces) {
        for (const auto& entry : fs::directory_iterator{config_.root / space}) {
            const std::string file = entry.path().filename();
            if (!file.ends_with(kSuffix)) continue;
            const auto name = RepositoryName::try_parse(
                space + "/" + file.substr(0, file.size() - kSuffix.size()));
            if (name) names.push_back(*name);
        }
    }
    std::ranges::sort(names);
    return names;
}

std::vector<Branch> GitRepositories::branches(
    const RepositoryName& name, std::stop_token stop) const {
    const std::string text =
        git(require_folder(name),
            {"for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/heads/"},
            {},
            std::move(stop));
    std::vector<Branch> result;
    for (const std::string& line : split(text, '\n'))
        if (line.size() > kHashDigits)
            result.push_back({line.substr(kHashDigits + 1), line.substr(0, kHashDigits)});
    std::ranges::sort(result, {}, &Branch::name);
    return result;
}

std::string GitRepositories::resolve(
    const RepositoryName& name, const std::string& ref, std::stop_token stop) const {
    require_ref(ref);
    os::Command command;
    command.environment = git_environment();
    command.directory = require_folder(name);
    // A branch wins over a tag of the same name: people build branches.
    std::vector<std::string> candidates{ref};
    if (!is_full_hash(ref)) candidates.insert(candidates.begin(), "refs/heads/" + ref);
    for (const std::string& candidate : candidates) {
        command.argv = {
            "git", "--git-dir=.", "rev-parse", "--verify", "--quiet", candidate + "^{commit}"};
        const os::ProcessResult result =
            runner_.run(command, {.output_limit = kQueryBytesMax, .limit = kQueryLimit}, stop);
        const std::string hash{trim(result.out)};
        if (result.status.success() && is_full_hash(hash)) return hash;
    }
    throw Error{
        ErrorCode::NotFound,
        "repository '" + name.str() + "' has no branch, tag or commit " + nacre::quoted(ref)};
}

void GitRepositories::collect_garbage(const RepositoryName& name, std::stop_token stop) {
    os::Command command;
    command.argv = {"git", "--git-dir=.", "gc", "--quiet"};
    command.environment = git_environment();
    command.directory = require_folder(name);
    os::run_checked(runner_, command, {.limit = kGarbageLimit}, std::move(stop));
}

}  // namespace nacre::distgit
