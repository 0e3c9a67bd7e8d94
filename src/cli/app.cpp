#include "cli/app.hpp"

#include "base/error.hpp"
#include "base/exit_status.hpp"
#include "base/thread_group.hpp"
#include "cli/build/command_line.hpp"
#include "cli/container/commands.hpp"
#include "cli/hub/commands.hpp"
#include "cli/repository/commands.hpp"
#include "cli/session.hpp"
#include "cli/task/commands.hpp"
#include "manual/command_line.hpp"
#include "os/environment.hpp"
#include "os/file.hpp"
#include "os/signals.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <stop_token>

namespace nacre::cli {
namespace {

constexpr std::size_t kCredentialBytesMax = 64U << 10U;
constexpr std::string_view kTrustAdvice =
    "give the certificate of the authority that signed the server's by --ca-file FILE, and name "
    "the "
    "server as its certificate does; of a service with its own certificate it is the file "
    "tls/authority.pem in its data folder";

/// What a command does once the line is parsed.
using Action = std::function<int(const Session&)>;

struct Line {
    ProfileSource profile;
    Action action;
    build::LocalAction local;  ///< instead of `action`: of a command that needs no service
};

std::filesystem::path default_config_file() {
    if (const auto file = os::find_environment("NACRE_CONFIG"); file && !file->empty())
        return *file;
    if (const auto folder = os::find_environment("XDG_CONFIG_HOME"); folder && !folder->empty())
        return std::filesystem::path{*folder} / "nacre/nacre.conf";
    const auto home = os::find_environment("HOME");
    return std::filesystem::path{home.value_or("/")} / ".config/nacre/nacre.conf";
}

/// What a command's name is followed by; no type is named, the name says enough.
template <class T>
CLI::Option* add_argument(
    CLI::App& command, const std::string& name, T& value, const std::string& meaning) {
    return command.add_option(name, value, meaning)->type_name("");
}

void add_login(CLI::App& app, Line& line) {
    auto options = std::make_shared<hub::LoginOptions>();
    options->password_file = "-";
    CLI::App* command = app.add_subcommand("login", "Log in to a service and keep the credentials");
    command->footer(
        "They are kept in the configuration file, readable for you only. Name the service and the "
        "user\n"
        "with --server and --user.");
    command
        ->add_option(
            "--password-file",
            options->password_file,
            "file with the password; default: -, standard input")
        ->type_name("FILE");
    command->callback([&line, options] {
        line.action = [options](const Session& session) { return hub::login(session, *options); };
    });
}

void add_call(CLI::App& app, Line& line) {
    auto options = std::make_shared<hub::CallOptions>();
    CLI::App* command = app.add_subcommand("call", "Call a method of the hub, as 'koji call' does");
    command->footer("'nacre call _listapi' lists the methods and their arguments.");
    add_argument(*command, "METHOD", options->method, "name of the method")->required();
    add_argument(
        *command,
        "ARGUMENT",
        options->arguments,
        "JSON, or text as it is; NAME=VALUE gives an argument by its name");
    command->add_flag("--json", options->json, "print the answer as one line of JSON");
    command->callback([&line, options] {
        line.action = [options](const Session& session) { return hub::call(session, *options); };
    });
}

void add_clone(CLI::App& app, Line& line) {
    auto options = std::make_shared<repository::CloneOptions>();
    CLI::App* command = app.add_subcommand("clone", "Clone a repository of dist-git");
    command->footer(
        "When git pushes from the clone, it gets your password from 'nacre credential'.");
    add_argument(
        *command, "REPOSITORY", options->repository, "NAMESPACE/NAME, such as container/httpd")
        ->required();
    add_argument(*command, "FOLDER", options->folder, "folder to make; default: NAME");
    command
        ->add_option(
            "-b,--branch", options->branch, "branch to check out; default: the repository's")
        ->type_name("BRANCH");
    command->add_flag("-a,--anonymous", options->anonymous, "for reading only, without a user");
    command->callback([&line, options] {
        line.action = [options](const Session& session) {
            return repository::clone(session, *options);
        };
    });
}

void add_request_repo(CLI::App& app, Line& line) {
    auto options = std::make_shared<repository::RequestOptions>();
    CLI::App* command =
        app.add_subcommand("request-repo", "Make a repository in dist-git; for administrators");
    add_argument(
        *command, "REPOSITORY", options->repository, "NAMESPACE/NAME, such as container/httpd")
        ->required();
    command->add_option("-d,--description", options->description, "one line about the repository")
        ->type_name("TEXT");
    command->add_option("--owner", options->owner, "user who may push; default: only you")
        ->type_name("USER");
    command->add_option("--package", options->package, "its package in the hub; default: NAME")
        ->type_name("PACKAGE");
    command
        ->add_option(
            "--tag", options->tags, "tag that shall list the package; may be given several times")
        ->type_name("TAG")
        ->allow_extra_args(false)
        ->take_all();
    command->callback([&line, options] {
        line.action = [options](const Session& session) {
            return repository::request_repo(session, *options);
        };
    });
}

void add_credential(CLI::App& app, Line& line) {
    auto operation = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("credential", "Give git your password; clones call it");
    command->footer(
        "Speaks git's credential protocol on standard input and output, see gitcredentials(7).");
    add_argument(
        *command,
        "OPERATION",
        *operation,
        "get; git's other operations, store and erase, do nothing")
        ->required();
    command->callback([&line, operation] {
        line.action = [operation](const Session& session) {
            return repository::credential(
                session, *operation, os::read_all(STDIN_FILENO, kCredentialBytesMax));
        };
    });
}

void add_build_kind(CLI::App& command, container::BuildOptions& options) {
    command.add_option("--target", options.target, "build target; default: the branch decides")
        ->type_name("TARGET");
    command.add_flag(
        "--scratch", options.scratch, "only try it: no build is recorded, no floating names move");
    command.add_flag(
        "--isolated",
        options.isolated,
        "a fix beside the main line: no floating names move; needs --build-release");
    command
        .add_option(
            "--build-release",
            options.build_release,
            "release of the build; default: the label 'release', else the next number")
        ->type_name("RELEASE");
    command
        .add_option(
            "--koji-parent-build",
            options.koji_parent_build,
            "build whose image to take for the last FROM, which names its repository")
        ->type_name("NVR");
    command
        .add_option(
            "--arches", options.arches, "only these architectures; with --scratch or --isolated")
        ->type_name("ARCH");
    command
        .add_option(
            "--repo-url",
            options.repo_urls,
            "yum repository file for the build; for hubs that have yum, Nacre refuses it")
        ->type_name("URL")
        ->take_all();
    command
        .add_option(
            "--git-branch", options.git_branch, "branch to record; default: the one checked out")
        ->type_name("BRANCH");
}

void add_container_build(CLI::App& app, Line& line) {
    auto options = std::make_shared<container::BuildOptions>();
    CLI::App* command = app.add_subcommand("container-build", "Build the image of this checkout");
    command->footer(
        "What is built is what was pushed. The branch 'main' is built for the target\n"
        "rawhide-container-candidate, 'f40' for f40-container-candidate. Follows the log, and ends "
        "with 1\n"
        "when the build fails. Interrupting it does not stop the build.");
    add_build_kind(*command, *options);
    command->add_flag("--background", options->background, "with a lower priority");
    command->add_flag("--nowait", options->nowait, "end once the task is queued");
    command->add_flag("-q,--quiet", options->quiet, "print states, not the log");
    command->callback([&line, options] {
        line.action = [options](const Session& session) {
            return container::build(session, *options);
        };
    });
}

void add_watch(CLI::App& app, Line& line) {
    auto options = std::make_shared<task::WatchOptions>();
    CLI::App* command = app.add_subcommand("watch", "Follow a task and its log to the end");
    command->footer("Ends with 1 when the task fails. Interrupting it does not stop the task.");
    add_argument(*command, "TASK", options->task, "id of the task")->required();
    command->add_flag("-q,--quiet", options->quiet, "print states, not the log");
    command->callback([&line, options] {
        line.action = [options](const Session& session) { return task::watch(session, *options); };
    });
}

void add_cancel(CLI::App& app, Line& line) {
    auto id = std::make_shared<std::int64_t>();
    CLI::App* command = app.add_subcommand("cancel", "Cancel a task and what it started");
    add_argument(*command, "TASK", *id, "id of the task")->required();
    command->callback([&line, id] {
        line.action = [id](const Session& session) { return task::cancel(session, *id); };
    });
}

void describe(CLI::App& app, Line& line) {
    app.name("nacre");
    manual::use_house_words(app);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option(
           "--config",
           line.profile.file,
           "configuration; default: $NACRE_CONFIG, else ~/.config/nacre/nacre.conf")
        ->type_name("FILE");
    app.add_option(
           "--profile", line.profile.section, "section of the configuration; default: nacre")
        ->type_name("SECTION");
    app.add_option(
           "--server",
           line.profile.server,
           "address of the service, such as https://nacre.example.org:8443")
        ->type_name("URL");
    app.add_option("--user", line.profile.user, "user to log in as")->type_name("NAME");
    app.add_option(
           "--ca-file",
           line.profile.ca_file,
           "PEM file of the authority that signed the server's certificate; default: the system's")
        ->type_name("FILE");
    app.set_version_flag("--version", "nacre " NACRE_VERSION, "print the version");
    build::add_commands(app, line.local);
    add_container_build(app, line);
    add_watch(app, line);
    add_cancel(app, line);
    add_clone(app, line);
    add_request_repo(app, line);
    add_login(app, line);
    add_call(app, line);
    add_credential(app, line);
}

manual::Page describe_manual(const CLI::App& app) {
    return manual::describe_program(
        app,
        {.section = 1,
         .version = NACRE_VERSION,
         .description =
             {"nacre speaks to a Nacre service, or to another hub with Koji's protocol that builds "
              "containers.",
              "The commands build, images, du, prune and verify need no service: they build on "
              "this "
              "machine.",
              "Its own options stand before or after the command."},
         .environment =
             {{{"NACRE_CONFIG", ""}, "the configuration file, unless --config names one"},
              {{"XDG_CONFIG_HOME", ""}, "folder of nacre/nacre.conf; default: ~/.config"},
              {{"NACRE_ROOT", ""},
               "folder whose folder 'build' holds local images and the build cache; default: "
               "/var/lib/nacre for root, else ~/.local/share/nacre"},
              {{"XDG_DATA_HOME", ""}, "instead of ~/.local/share"},
              {{"SOURCE_DATE_EPOCH", ""},
               "time of images that are built, unless --source-date-epoch says another"}},
         .files =
             {{{"~/.config/nacre/nacre.conf", ""},
               "sections, by default [nacre], with 'server', 'user', 'password' and 'serverca', "
               "and "
               "where they do not follow "
               "from 'server': 'weburl', 'topurl', 'gitbaseurl' and 'apiurl'"}},
         .see_also = {"nacred(8)", "git(1)"}});
}

/// Without a client and its libraries, which take longer to start than a build whose steps are all known.
int execute_local(const build::LocalAction& action, std::stop_token stop) {
    os::FileSource in{os::UniqueFd{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)}};
    os::FdSink out{STDOUT_FILENO};
    os::FdSink err{STDERR_FILENO};
    return action(
        {.environment = os::find_environment,
         .folder = std::filesystem::current_path(),
         .in = in,
         .out = out,
         .err = err,
         .terminal = ::isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : -1,
         .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
         .stop = std::move(stop)});
}

int execute(const Line& line, std::stop_token stop) {
    if (line.local) return execute_local(line.local, std::move(stop));
    os::SystemProcessRunner processes;
    http::CurlClient http{
        "koji/1",
        {.authorities_file = find_server_ca(line.profile),
         .certificate_file = {},
         .advice = std::string{kTrustAdvice}}};
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
    CLI::App app{"Container images, built like packages: with a Nacre service, or on this machine"};
    Line line;
    line.profile.file = default_config_file();
    describe(app, line);
    const auto asked = manual::add_manual_command(app, {"nacre"});
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitWrongUsage;
    }
    try {
        if (asked->is_asked) {
            os::FdSink{STDOUT_FILENO}.write(
                as_bytes(manual::render(describe_manual(app), asked->format)));
            return 0;
        }
        const os::StopOnSignals signals{SIGINT, SIGTERM};
        return execute(line, signals.stop());
    } catch (const Error& error) {
        os::FdSink{STDERR_FILENO}.write(as_bytes("error: " + error.explain() + "\n"));
        return exit_status(error.code());
    } catch (const Cancelled&) {
        return line.local ? kExitInterrupted : kExitFailed;
    }
}

}  // namespace nacre::cli
