#include "cli/build/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace nacre::cli::build {
namespace {

template <class T>
void add_value(
    CLI::App& command,
    const std::string& names,
    T& value,
    const std::string& type,
    const std::string& meaning) {
    command.add_option(names, value, meaning)->type_name(type);
}

void add_values(
    CLI::App& command,
    const std::string& names,
    std::vector<std::string>& values,
    const std::string& type,
    const std::string& meaning) {
    command.add_option(names, values, meaning + "; may be given several times")
        ->type_name(type)
        ->allow_extra_args(false)
        ->take_all();
}

void add_caches(CLI::App& command, BuildOptions& options) {
    add_values(
        command,
        "--cache-from",
        options.cache_from,
        "type=TYPE,...",
        "steps that another machine ran: type=registry,ref=REF (or REF alone; an image that tells "
        "of "
        "its steps too), type=local,src=FOLDER");
    add_values(
        command,
        "--cache-to",
        options.cache_to,
        "type=TYPE,...",
        "where the steps of this build go: type=registry,ref=REF, type=local,dest=FOLDER, "
        "type=inline (into the image); mode=max: those of other stages too; ignore-error=true");
}

void add_what_is_built(CLI::App& command, BuildOptions& options) {
    command
        .add_option(
            "CONTEXT",
            options.context,
            "folder with the files to build from, an address of git or of a tar or a Dockerfile, "
            "or "
            "'-': a tar, or a Dockerfile alone, on the standard input; default: .")
        ->type_name("");
    add_value(
        command,
        "-f,--file",
        options.file,
        "FILE",
        "Dockerfile, '-': the standard input; default: Dockerfile of the context, else "
        "Containerfile");
    add_value(command, "--target", options.target, "STAGE", "stage to build; default: the last");
    add_values(
        command,
        "--build-arg",
        options.build_args,
        "NAME[=VALUE]",
        "value of an ARG; without '=' that of the environment");
    add_values(
        command,
        "--build-context",
        options.build_contexts,
        "NAME=WHERE",
        "what FROM, COPY --from and RUN --mount call NAME: a folder, an address of git or of a "
        "file, "
        "docker-image://IMAGE or oci-layout://FOLDER[:TAG|@DIGEST]");
    add_value(
        command, "--platform", options.platform, "OS/ARCH", "platform; default: this machine's");
}

void add_image(CLI::App& command, BuildOptions& options) {
    add_values(command, "-t,--tag", options.tags, "NAME[:TAG]", "name for the image");
    add_values(command, "--label", options.labels, "NAME=VALUE", "label of the image");
    add_values(
        command,
        "--annotation",
        options.annotations,
        "[TYPE:]NAME=VALUE",
        "annotation; TYPE: manifest (the default), manifest-descriptor, index, index-descriptor");
    command.add_flag("--squash", options.squash, "make one layer of all that are above the base");
    add_value(
        command,
        "--compression",
        options.compression,
        "KIND[:LEVEL]",
        "of layers: gzip (level 6), gzip:fast, zstd (level 3), none; default: gzip");
    add_value(
        command,
        "--source-date-epoch",
        options.source_date_epoch,
        "SECONDS",
        "time of the image and greatest time of its files; default: $SOURCE_DATE_EPOCH, else 0");
}

void add_steps(CLI::App& command, BuildOptions& options) {
    command.add_flag("--no-cache", options.no_cache, "run all steps, whatever is known of them");
    command
        .add_flag(
            "--pull{always}",
            options.pull,
            "look in the registry for a base image: always (the meaning of --pull alone), missing, "
            "never; default: missing")
        ->type_name("WHEN");
    add_value(
        command,
        "--network",
        options.network,
        "MODE",
        "network of RUN: default, host (both the machine's) or none");
    add_values(
        command,
        "--allow",
        options.allow,
        "NAME",
        "what steps may have beyond their sandbox: network.host (RUN --network=host; --network "
        "host "
        "allows it too), security.insecure (RUN --security=insecure)");
    add_values(
        command,
        "--secret",
        options.secrets,
        "id=NAME[,src=FILE]",
        "secret for RUN --mount=type=secret, from a file or from a variable (env=VARIABLE)");
    add_values(
        command,
        "--ssh",
        options.ssh,
        "ID[=SOCKET|KEY]",
        "agent for RUN --mount=type=ssh, or files of private keys for one; default: the user's own "
        "agent");
    add_values(
        command, "--add-host", options.add_hosts, "HOST:ADDRESS", "line for /etc/hosts of RUN");
    add_value(command, "-m,--memory", options.memory, "SIZE", "memory that a RUN may use, as 512m");
    add_value(command, "--cpus", options.cpus, "NUMBER", "processors that a RUN may use, as 1.5");
    add_values(
        command, "--ulimit", options.ulimits, "NAME=SOFT[:HARD]", "limit for RUN, as nofile=1024");
    add_value(command, "--shm-size", options.shm_size, "SIZE", "size of /dev/shm for RUN");
    add_value(
        command, "--jobs", options.jobs, "NUMBER", "stages that are built at once; default: 4");
}

void add_outputs(CLI::App& command, BuildOptions& options) {
    add_values(
        command,
        "-o,--output",
        options.outputs,
        "type=TYPE[,dest=PATH]",
        "where the image goes besides the store: oci, docker, local, tar, registry; PATH alone is "
        "a "
        "folder, '-' a tar");
    command.add_flag("--push", options.push, "push the image under its names");
    add_value(command, "--iidfile", options.iidfile, "FILE", "file for the id of the image");
    add_value(
        command,
        "--metadata-file",
        options.metadata_file,
        "FILE",
        "file for digests and names, as JSON");
    add_value(
        command,
        "--progress",
        options.progress,
        "KIND",
        "auto (a live view on a terminal, else plain), plain, json or quiet; default: auto");
    command.add_flag("-q,--quiet", options.quiet, "print the id of the image only");
    command.add_flag(
        "--check", options.check, "look for mistakes in the Dockerfile and build nothing");
}

void add_build(CLI::App& app, LocalAction& action) {
    auto options = std::make_shared<BuildOptions>();
    CLI::App* command =
        app.add_subcommand("build", "Build an image from a Dockerfile, without a service");
    command->footer(
        "Images, layers and the build cache are kept below $NACRE_ROOT/build, else "
        "/var/lib/nacre/build\n"
        "(root) or ~/.local/share/nacre/build. Prints the id of the image. Ends with 1 when the "
        "build\n"
        "fails, 2 for wrong usage, 130 when it is interrupted.");
    add_what_is_built(*command, *options);
    add_image(*command, *options);
    add_steps(*command, *options);
    add_outputs(*command, *options);
    add_caches(*command, *options);
    command->callback([&action, options] {
        action = [options](const Surroundings& around) { return build(*options, around); };
    });
}

void add_images(CLI::App& app, LocalAction& action) {
    CLI::App* command = app.add_subcommand("images", "List the images that 'nacre build' named");
    command->callback([&action] { action = images; });
}

void add_du(CLI::App& app, LocalAction& action) {
    auto words = std::make_shared<DuWords>();
    CLI::App* command = app.add_subcommand("du", "Show what the state of 'nacre build' takes");
    command->footer(
        "images: blobs of named images; steps: the build cache; unpacked: layers as folders, made "
        "again\n"
        "when they are needed; mounts: what RUN --mount=type=cache keeps; records: names and "
        "other small files;\n"
        "other: blobs that nobody needs. Each byte counts once.");
    command->add_flag("--json", words->as_json, "print one JSON object");
    command->add_flag(
        "--cache-mounts",
        words->cache_mounts,
        "list what each RUN --mount=type=cache keeps: bytes, last use and id");
    command->callback([&action, words] {
        action = [words](const Surroundings& around) { return du(*words, around); };
    });
}

void add_verify(CLI::App& app, LocalAction& action) {
    CLI::App* command =
        app.add_subcommand("verify", "Compare what 'nacre build' stored with its digests");
    command->footer("Ends with 1 when a blob is damaged, or an image lacks one.");
    command->callback([&action] { action = verify; });
}

void add_prune(CLI::App& app, LocalAction& action) {
    auto words = std::make_shared<PruneWords>();
    CLI::App* command =
        app.add_subcommand("prune", "Remove the build cache, the longest unused first");
    command->footer("What a running build uses stays.");
    command->add_flag("-a,--all", words->all, "named images too");
    command->add_flag(
        "--cache-mounts",
        words->cache_mounts,
        "only what RUN --mount=type=cache keeps; SIZE and AGE are then of that");
    add_values(
        *command,
        "--filter",
        words->filters,
        "until=AGE",
        "only what was not used for AGE, as 24h");
    add_value(
        *command,
        "--keep-storage",
        words->keep_storage,
        "SIZE",
        "stop when what is left is no more than SIZE, as 10g");
    command->callback([&action, words] {
        action = [words](const Surroundings& around) { return prune(*words, around); };
    });
}

}  // namespace

void add_commands(CLI::App& app, LocalAction& action) {
    add_build(app, action);
    add_images(app, action);
    add_du(app, action);
    add_prune(app, action);
    add_verify(app, action);
}

}  // namespace nacre::cli::build
