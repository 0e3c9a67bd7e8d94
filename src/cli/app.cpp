#include "cli/app.hpp"

#include "base/error.hpp"
#include "base/exit_status.hpp"
#include "base/thread_group.hpp"
#include "cli/container/commands.hpp"
#include "cli/hub/commands.hpp"
#include "cli/repository/commands.hpp"
#include "cli/session.hpp"
#include "cli/task/commands.hpp"
#include "os/environment.hpp"
#include "os/file.hpp"
#include "os/signals.hpp"

#include <CLI/CLI.hpp>

#include <signal.h>
#include <unistd.h>

#include <functional>
#include <stop_token>

namespace nacre::cli {
namespace {

constexpr std::size_t kCredentialBytesMax = 64U << 10U;

/// What a command does once the line is parsed.
using Action = std::function<int(const Session&)>;

struct Line {
    ProfileSource profile;
    Action action;
};

std::filesystem::path default_config_file() {
    if (const auto file = os::find_environment("NACRE_CONFIG"); file && !file->empty())
        return *file;
    if (const auto folder = os::find_environment("XDG_CONFIG_HOME"); folder && !folder->empty())
        return std::filesystem::path{*folder} / "nacre/nacre.conf";
    const auto home = os::find_environment("HOME");
    return std::filesystem::path{home.value_or("/")} / ".config/nacre/nacre.conf";
}

void add_login(CLI::App& app, Line& line) {
    auto options = std::make_shared<hub::LoginOptions>();
    options->password_file = "-";
    CLI::App* command = app.add_subcommand("login", "Try credentials for a service and keep them");
    command->add_option(
        "--password-file", options->password_file, "file with the password, '-': standard input");
    command->callback([&line, options] {
        line.action = [options](const Session& session) { return hub::login(session, *options); };
    });
}

void add_call(CLI::App& app, Line& line) {
    auto options = std::make_shared<hub::CallOptions>();
    CLI::App* command = app.add_subcommand("call", "Call a method of the hub, as 'koji call' does");
    command->add_option("method", options->method, "name of the method")->required();
    command->add_option(
        "arguments", options->arguments, "JSON or text; NAME=VALUE for a keyword argument");
    command->add_flag("--json", options->json, "print one line of JSON");
    command->callback([&line, options] {
        line.action = [options](const Session& session) { return hub::call(session, *options); };
    });
}

void add_clone(CLI::App& app, Line& line) {
    auto options = std::make_shared<repository::CloneOptions>();
    CLI::App* command = app.add_subcommand("clone", "Clone a repository of dist-git");
    command
        ->add_option("repository", options->repository, "NAMESPACE/NAME, such as container/httpd")
        ->required();
    command->add_option("folder", options->folder, "where to; default: NAME");
    command->add_option("-b,--branch", options->branch, "the branch to check out");
    command->add_flag("-a,--anonymous", options->anonymous, "for reading only");
    command->callback([&line, options] {
        line.action = [options](const Session& session) {
            return repository::clone(session, *options);
        };
    });
}

void add_request_repo(CLI::App& app, Line& line) {
    auto options = std::make_shared<repository::RequestOptions>();
    CLI::App* command = app.add_subcommand("request-repo", "Make a repository (administrators)");
    command
        ->add_option("repository", options->repository, "NAMESPACE/NAME, such as container/httpd")
        ->required();
    command->add_option("-d,--description", options->description, "one line about it");
    command->add_option("--owner", options->owner, "user who may commit");
    command->add_option("--package", options->package, "its package in the hub; default: NAME");
    command->add_option("--tag", options->tags, "tag whose package list gets the package")
        ->take_all();
    command->callback([&line, options] {
        line.action = [options](const Session& session) {
            return repository::request_repo(session, *options);
        };
    });
}

void add_credential(CLI::App& app, Line& line) {
    auto operation = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("credential", "Answer git's question for a password (used by clones)");
    command->add_option("operation", *operation, "get, store or erase")->required();
    command->callback([&line, operation] {
        line.action = [operation](const Session& session) {
            return repository::credential(
                session, *operation, os::read_all(STDIN_FILENO, kCredentialBytesMax));
        };
    });
}

void add_container_build(CLI::App& app, Line& line) {
    auto options = std::make_shared<container::BuildOptions>();
    CLI::App* command = app.add_subcommand("container-build", "Build the image of this checkout");
    command->add_option("--target", options->target, "build target; default: by the branch");
    command->add_flag("--nowait", options->nowait, "do not wait for the end");
    command->add_flag("--background", options->background, "with lower priority");
    command->add_flag("--scratch", options->scratch, "try it: no build is recorded, no names move");
    command->add_flag(
        "--isolated", options->isolated, "a build beside the line: no floating names move");
    command->add_option(
        "--build-release",
        options->build_release,
        "the release; default: the label or the next one");
    command->add_option(
        "--koji-parent-build", options->koji_parent_build, "build whose image replaces FROM");
    command->add_option("--arches", options->arches, "only these (with --scratch or --isolated)");
    command->add_option("--repo-url", options->repo_urls, "yum repository file to build with")
        ->take_all();
    command->add_option(
        "--git-branch", options->git_branch, "branch to name in the task; default: the checkout's");
    command->add_flag("-q,--quiet", options->quiet, "states only, without the log");
    command->callback([&line, options] {
        line.action = [options](const Session& session) {
            return container::build(session, *options);
        };
    });
}

void add_watch(CLI::App& app, Line& line) {
    auto options = std::make_shared<task::WatchOptions>();
    CLI::App* command = app.add_subcommand("watch", "Follow a task and its log to the end");
    command->add_option("task", options->task, "id of the task")->required();
    command->add_flag("-q,--quiet", options->quiet, "states only, without the log");
    command->callback([&line, options] {
        line.action = [options](const Session& session) { return task::watch(session, *options); };
    });
}

void add_cancel(CLI::App& app, Line& line) {
    auto id = std::make_shared<std::int64_t>();
    CLI::App* command =
        app.add_subcommand("cancel", "Cancel a task and everything that it started");
    command->add_option("task", *id, "id of the task")->required();
    command->callback([&line, id] {
        line.action = [id](const Session& session) { return task::cancel(session, *id); };
    });
}

void describe(CLI::App& app, Line& line) {
    app.name("nacre");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option(
        "--config",
        line.profile.file,
        "configuration file; default: $NACRE_CONFIG, ~/.config/nacre/nacre.conf");
    app.add_option("--profile", line.profile.section, "section of the configuration file");
    app.add_option("--server", line.profile.server, "address of the hub, http://HOST:PORT/kojihub");
    app.add_option("--user", line.profile.user, "user to log in as");
    app.set_version_flag("--version", "nacre " NACRE_VERSION);
    add_container_build(app, line);
    add_watch(app, line);
    add_cancel(app, line);
    add_clone(app, line);
    add_request_repo(app, line);
    add_login(app, line);
    add_call(app, line);
    add_credential(app, line);
}

int execute(const Line& line, std::stop_token stop) {
    os::SystemProcessRunner processes;
    http::CurlClient http{"koji/1"};
    SystemClock clock;
    SystemRandom random;
    os::FdSink out{STDOUT_FILENO};
    os::FdSink err{STDERR_FILENO};
    const Session session{
        .profile_source = line.profile,
        .folder = std::filesystem::current_path(),
        .program = std::filesystem::read_symlink("/proc/self/exe"),
        .processes = processes,
        .http = http,
        .clock = clock,
        .random = random,
        .out = out,
        .err = err,
        .stop = std::move(stop)};
    return line.action(session);
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app{"Layered container images, built like packages"};
    Line line;
    line.profile.file = default_config_file();
    describe(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitWrongUsage;
    }
    try {
        const os::StopOnSignals signals{SIGINT, SIGTERM};
        return execute(line, signals.stop());
    } catch (const Error& error) {
        os::FdSink{STDERR_FILENO}.write(as_bytes("error: " + error.explain() + "\n"));
        return exit_status(error.code());
    } catch (const Cancelled&) {
        return kExitFailed;
    }
}

}  // namespace nacre::cli
