#include "server/commands.hpp"

#include "archive/compression.hpp"
#include "auth/password.hpp"
#include "backend/local_backend.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/exit_status.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "builder/worker.hpp"
#include "engine/import.hpp"
#include "exec/runtime_probe.hpp"
#include "hub/hub.hpp"
#include "manual/command_line.hpp"
#include "oci/reference.hpp"
#include "os/file.hpp"
#include "os/process.hpp"
#include "os/signals.hpp"
#include "server/config.hpp"
#include "server/databases.hpp"
#include "server/layout.hpp"
#include "server/manual_pages.hpp"
#include "server/service.hpp"
#include "store/directory_blob_store.hpp"
#include "store/directory_image_names.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

namespace nacre::server {
namespace {

constexpr std::size_t kConfigBytesMax = 1U << 20U;
constexpr std::size_t kSecretBytesMax = 4096;
constexpr std::int64_t kAuditRecordsShown = 100;
constexpr std::int64_t kAuditRecordsMax = 1'000'000;

/// No control character: a name that somebody made up shall not write to the terminal or begin a line.
std::string visible(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
    return text;
}

/// What a command works with.
struct Environment {
    Layout layout;
    Config config;
    Log log;
    std::stop_token stop;
    const os::SignalBell& reload;
};

using Action = std::function<int(const Environment&)>;

void print(const std::string& text) {
    os::write_all(STDOUT_FILENO, as_bytes(text));
}

Config load_config(const Layout& layout) {
    const std::string file = layout.config_file().string();
    ConfigResult result = parse_config(os::find_file(file, kConfigBytesMax).value_or(""), file);
    if (has_errors(result.diagnostics))
        throw Error{
            ErrorCode::InvalidArgument,
            "the configuration has errors\n" + render(result.diagnostics)};
    return result.config;
}

archive::CompressionSettings compression_of(const BuilderSettings& settings) {
    archive::CompressionSettings compression;
    compression.level = static_cast<int>(settings.compression_level);
    if (settings.compression == "zstd") compression.kind = archive::CompressionKind::Zstd;
    if (settings.compression == "none") compression.kind = archive::CompressionKind::None;
    return compression;
}

int serve(const Environment& environment) {
    run_service(
        {environment.config,
         environment.layout,
         std::filesystem::read_symlink("/proc/self/exe"),
         environment.reload},
        environment.log,
        environment.stop);
    return 0;
}

int serve_hub(const Environment& environment) {
    run_hub(
        {environment.config, environment.layout, {}, environment.reload},
        environment.log,
        environment.stop);
    return 0;
}

/// What stands before "://" and what follows the authority do not count: clients name the registry by its authority.
std::string authority_of(const std::string& url) {
    const std::size_t start = url.find("://");
    const std::size_t authority = start == std::string::npos ? 0 : start + 3;
    return std::string{trim(url.substr(authority, url.find('/', authority) - authority))};
}

int work(const Environment& environment) {
    os::FdSink out{STDOUT_FILENO};
    os::FileSource in{os::UniqueFd{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)}};
    const backend::WorkerSpec spec = backend::read_worker_spec(in);
    const Layout layout{spec.data_root};
    const Config config = load_config(layout);
    builder::WorkerConfig worker;
    worker.places = {
        .blobs = layout.blobs(),
        .images = layout.images(),
        .snapshots = layout.snapshots(),
        .git = layout.git(),
        .journals = layout.journals(),
        .containers = layout.containers_of(spec.task_id),
        .locks = layout.locks(),
        .indexes = layout.cache() / "layers",
        .temporary = layout.temporary(),
        .cache_mounts = layout.cache() / "mounts",
        .step_cache = {}};
    if (config.builder.cache) worker.places.step_cache = layout.cache() / "steps";
    worker.registry = authority_of(os::read_file(layout.address_file(), kConfigBytesMax));
    worker.git_path_prefix = "/git/";
    worker.compression = compression_of(config.builder);
    worker.version = NACRE_VERSION;
    builder::run_worker(spec, worker, environment.log, environment.stop);
    return 0;
}

int check(const Environment& environment) {
    environment.layout.ensure();
    os::SystemProcessRunner runner;
    const exec::Runtime runtime =
        exec::probe_runtimes(exec::default_runtimes(), environment.layout.containers(), runner);
    print("data folder: " + environment.layout.root.string() + "\n");
    print("configuration: no errors\n");
    const auto database = open_database(environment.config, environment.layout);
    print("database: " + std::string{database->dialect()} + "\n");
    print("OCI runtime: " + runtime.description + "\n");
    return 0;
}

/// The hub's data without a service, which may run beside it.
struct OpenHub {
    explicit OpenHub(const Environment& environment)
        : database{open_database(environment.config, environment.layout)},
          hub{{*database, clock, random, environment.log, hub::Policies{}},
              {.top = environment.layout.koji_top(), .sessions = {}, .scheduler = {}}} {}

    SystemClock clock;
    SystemRandom random;
    std::unique_ptr<sql::Database> database;
    hub::Hub hub;
};

struct UserOptions {
    std::string name;
    std::filesystem::path password_file = "-";
    bool admin = false;
};

int add_user(const Environment& environment, const UserOptions& options) {
    environment.layout.ensure();
    const std::string text = options.password_file == "-"
                                 ? os::read_all(STDIN_FILENO, kSecretBytesMax)
                                 : os::read_file(options.password_file, kSecretBytesMax);
    const std::string hash = auth::hash_password(Secret{std::string{trim(text)}});
    OpenHub open{environment};
    hub::Hub& hub = open.hub;
    hub::Call call = hub.begin_as_service(sql::Access::Write);
    if (const auto known = hub.users.find(call, options.name)) {
        hub.users.set_password_hash(call, known->id, hash);
        print("changed the password of " + options.name + "\n");
    } else {
        hub.users.create(
            call, {.name = options.name, .krb_principal = std::nullopt, .password_hash = hash});
        print("added user " + options.name + "\n");
    }
    if (options.admin) {
        hub.users.grant(call, options.name, std::string{"admin"});
        print(options.name + " is an administrator\n");
    }
    call.commit();
    return 0;
}

/// Oldest first, one record a line, fields by tabs.
int show_audit(const Environment& environment, std::int64_t last) {
    OpenHub open{environment};
    hub::Hub& hub = open.hub;
    hub::Call call = hub.begin_as_service(sql::Access::Read);
    const auto records = hub::read_audit(call, {.limit = last});
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
        std::string line = render_rfc3339(WallTime{std::chrono::microseconds{record->time_us}});
        for (const std::string& field :
             {record->user, record->address, record->action, record->subject, record->detail})
            line += "\t" + (field.empty() ? "-" : visible(field));
        print(line + "\n");
    }
    return 0;
}

struct ImportArguments {
    std::string name;
    std::filesystem::path archive;
    std::vector<std::string> cmd;
};

int import_base(const Environment& environment, const ImportArguments& arguments) {
    const oci::Reference reference = oci::Reference::parse(arguments.name);
    if (!reference.registry.empty() || reference.digest)
        throw Error{
            ErrorCode::InvalidArgument,
            "a base image is named NAME:TAG, found " + nacre::quoted(arguments.name)};
    const Layout& layout = environment.layout;
    layout.ensure();
    store::DirectoryBlobStore blobs{layout.blobs(), store::BlobDurability::AtSync};
    store::DirectoryImageNames names{layout.images()};
    os::FileSource tar{os::open_file(arguments.archive, O_RDONLY)};
    const engine::ImportedImage image =
        with_context("importing '" + arguments.archive.string() + "'", [&] {
            return engine::import_root(
                tar,
                blobs,
                {.platform = oci::Platform::host(),
                 .compression = compression_of(environment.config.builder),
                 .temporary = layout.temporary(),
                 .cmd = arguments.cmd});
        });
    names.add_manifest(reference.repository, {image.manifest.digest, image.manifest.media_type});
    names.set_tag(reference.repository, reference.effective_tag(), image.manifest.digest);
    print(
        "imported " + reference.repository + ":" + reference.effective_tag() + ": "
        + std::to_string(image.entries) + " entries, " + std::to_string(image.bytes >> 20U)
        + " MB, " + image.manifest.digest.str() + "\n");
    return 0;
}

int list_bases(const Environment& environment) {
    store::DirectoryImageNames names{environment.layout.images()};
    for (const std::string& repository : names.repositories())
        for (const std::string& image_tag : names.tags(repository))
            print(repository + ":" + image_tag + "\n");
    return 0;
}

void add_user_commands(CLI::App& app, Action& action) {
    CLI::App* user = app.add_subcommand("user", "Users of the service")->require_subcommand(1);
    CLI::App* add = user->add_subcommand("add", "Add a user, or change a user's password");
    auto options = std::make_shared<UserOptions>();
    add->add_option("NAME", options->name, "name of the user")->type_name("")->required();
    add->add_option(
           "--password-file",
           options->password_file,
           "file with the password; default: -, standard input")
        ->type_name("FILE");
    add->add_flag(
        "--admin", options->admin, "make the user an administrator, who may do everything");
    add->callback([&action, options] {
        action = [options](const Environment& environment) {
            return add_user(environment, *options);
        };
    });
}

void add_audit_command(CLI::App& app, Action& action) {
    CLI::App* audit = app.add_subcommand("audit", "Print who was refused and who did what");
    audit->footer(
        "The oldest first: time, user, address, act, what it was done to, and more; divided by "
        "tabs, "
        "'-' for nothing.");
    auto last = std::make_shared<std::int64_t>(kAuditRecordsShown);
    audit->add_option("--last", *last, "only so many of the newest; default: 100")
        ->check(CLI::Range(std::int64_t{1}, kAuditRecordsMax))
        ->type_name("NUMBER");
    audit->callback([&action, last] {
        action = [last](const Environment& environment) { return show_audit(environment, *last); };
    });
}

void add_base_commands(CLI::App& app, Action& action) {
    CLI::App* base = app.add_subcommand("base", "Base images")->require_subcommand(1);
    CLI::App* import = base->add_subcommand("import", "Make a base image of a root file system");
    auto arguments = std::make_shared<ImportArguments>();
    import->add_option("IMAGE", arguments->name, "NAME:TAG, as FROM will name it")
        ->type_name("")
        ->required();
    import
        ->add_option(
            "ARCHIVE", arguments->archive, "tar of the root file system, plain or compressed")
        ->type_name("")
        ->required();
    import->add_option("--cmd", arguments->cmd, "command of the image, word by word")
        ->type_name("WORD");
    import->callback([&action, arguments] {
        action = [arguments](const Environment& environment) {
            return import_base(environment, *arguments);
        };
    });
    base->add_subcommand("list", "List the images of the registry")->callback([&action] {
        action = list_bases;
    });
}

void describe(CLI::App& app, Action& action) {
    app.name("nacred");
    manual::use_house_words(app);
    app.require_subcommand(1);
    app.set_version_flag("--version", "nacred " NACRE_VERSION, "print the version");
    app.add_subcommand("serve", "Run the service: hub, builder, dist-git, registry, mirror, pages")
        ->footer(
            "Runs until SIGTERM or SIGINT, and writes its log to standard error. SIGHUP makes it "
            "read its "
            "certificates again.")
        ->callback([&action] { action = serve; });
    app.add_subcommand("hub", "Run a hub alone: API, files of tasks and builds, scheduler, pages")
        ->footer(
            "Any number of hubs work over one PostgreSQL (database.url) and one folder koji/ of "
            "the "
            "data folder, which they share; one of them schedules. Signals as for serve.")
        ->callback([&action] { action = serve_hub; });
    app.add_subcommand("check", "Check the configuration and what this machine can do")
        ->callback([&action] { action = check; });
    app.add_subcommand("config", "Print the settings in force, as a complete nacred.toml")
        ->callback([&action] {
            action = [](const Environment& environment) {
                print(render_config(environment.config));
                return 0;
            };
        });
    app.add_subcommand("worker", "Run one task; started by the service")
        ->group("")
        ->callback([&action] { action = work; });
    add_user_commands(app, action);
    add_audit_command(app, action);
    add_base_commands(app, action);
}

LogLevel level_of(const std::string& name) {
    if (name == "debug") return LogLevel::Debug;
    if (name == "warning") return LogLevel::Warning;
    if (name == "error") return LogLevel::Error;
    return LogLevel::Info;
}

int execute(const Action& action, const os::SignalBell& reload, std::stop_token stop) {
    const Layout layout = default_layout();
    const Config config = load_config(layout);
    SystemClock clock;
    TextLogSink sink{clock, STDERR_FILENO, level_of(config.log_level)};
    return action({layout, config, Log{sink}, std::move(stop), reload});
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app{"The Nacre service: container images, built like packages"};
    Action action;
    describe(app, action);
    const auto asked = manual::add_manual_command(app, {"nacred", "nacred.toml"});
    app.footer(
        "All data is below $NACRE_ROOT, else /var/lib/nacre (root) or ~/.local/share/nacre.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitWrongUsage;
    }
    try {
        if (asked->is_asked) {
            const manual::Page page =
                asked->page == "nacred" ? describe_program(app) : describe_config();
            print(manual::render(page, asked->format));
            return 0;
        }
        const os::SignalBell reload{SIGHUP};
        const os::StopOnSignals signals{SIGINT, SIGTERM};
        return execute(action, reload, signals.stop());
    } catch (const Error& error) {
        os::write_all(STDERR_FILENO, as_bytes("error: " + error.explain() + "\n"));
        return exit_status(error.code());
    } catch (const Cancelled&) {
        return kExitFailed;
    }
}

}  // namespace nacre::server
