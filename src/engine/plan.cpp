#include "engine/plan.hpp"

#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "dockerfile/expansion.hpp"
#include "dockerfile/parser.hpp"
#include "engine/history.hpp"
#include "engine/path_words.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace nacre::engine {
namespace {

namespace df = dockerfile;

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Joined to the working folder; '.', '..' and '//' resolved as names, a trailing '/' kept.
std::string absolute_path(const std::string& working_dir, const std::string& path) {
    const std::string joined = path.starts_with('/') ? path : working_dir + "/" + path;
    std::string result = "/" + resolve_by_name(joined);
    const bool folder = path.ends_with('/') || path == "." || path.ends_with("/.");
    return folder && result != "/" ? result + "/" : result;
}

/// "1000", "1000:2000".
bool is_numeric_owner(std::string_view owner) {
    return std::ranges::all_of(split(owner, ':'), [](const std::string& id) {
        const auto number = parse_integer(id);
        return number && *number >= 0;
    });
}

bool is_same_platform(const oci::Platform& a, const oci::Platform& b) {
    return a.os == b.os && a.architecture == b.architecture
           && (a.variant.empty() || b.variant.empty() || a.variant == b.variant);
}

/// Of FROM --platform, else of the build.
oci::Platform platform_of(
    const df::Dockerfile& file,
    const df::ImageUse& use,
    const oci::Platform& of_build,
    Diagnostics& found) {
    if (use.platform.empty()) return of_build;
    try {
        const oci::Platform platform = oci::Platform::parse(use.platform);
        return is_same_platform(platform, of_build) ? of_build : platform;
    } catch (const Error& error) {
        found.push_back(df::diagnose(file, use.at, error));
        found.back().message.insert(0, "FROM --platform: ");
        return of_build;
    }
}

/// What a stage leaves to those that are FROM it, besides its configuration.
struct StageScope {
    df::Variables variables;
    std::vector<std::pair<std::string, std::string>> build_args;  ///< that RUN sees
};

/// Plans one stage, instruction by instruction.
class StagePlanner {
public:
    struct Shared {
        const df::Dockerfile& file;
        const PlanOptions& options;
        const df::Variables& globals;
        Diagnostics& diagnostics;
    };

    StagePlanner(const Shared& shared, std::size_t index, StagePlan& plan, StageScope inherited)
        : shared_{shared},
          index_{index},
          plan_{plan},
          scope_{std::move(inherited.variables)},
          build_args_{std::move(inherited.build_args)} {
        // As in BuildKit: ENV of the stage below hides its ARG, though inside that stage the later one won.
        const df::Variables known = df::variables_of(plan.config.env);
        for (const auto& [name, value] : known.items())
            scope_.set(name, value);
    }

    void plan(const df::Stage& stage) {
        run_triggers();
        for (const df::Instruction& instruction : stage.instructions)
            visit(instruction);
    }

    StageScope take_scope() { return {std::move(scope_), std::move(build_args_)}; }

private:
    /// ONBUILD of the base: as if the instructions stood behind FROM (Dockerfile reference, "ONBUILD").
    void run_triggers() {
        const std::vector<std::string> triggers = std::exchange(plan_.config.on_build, {});
        for (const std::string& text : triggers) {
            try {
                df::Instruction trigger = df::parse_trigger(text);
                trigger.at = plan_.at;
                visit(trigger);
            } catch (const Error& error) {
                complain(plan_.at, "ONBUILD of the base image: " + error.describe());
            }
        }
    }

    void visit(const df::Instruction& instruction) {
        at_ = instruction.at;
        original_ = instruction.original;
        std::visit([this](const auto& command) { apply(command); }, instruction.command);
    }

    // -- instructions that change files

    void apply(const df::Run& run) {
        check_entitlements(run);
        RunAction action;
        for (const df::MountFlag& flag : run.mounts)
            add_mount(flag, action);
        action.argv = command_words(run.command);
        if (is_script(run.command)) {
            const df::Heredoc& document = run.command.heredocs.front();
            std::string name = base_name(document.name);
            if (name.empty() || name == "." || name == "..") name = "script";
            action.argv = shell();
            action.argv.push_back(std::string{kScriptFolder} + name);
            action.script = InlineFile{std::move(name), document.content};
        }
        action.env = environment();
        action.working_dir = working_dir();
        action.user = plan_.config.user;
        action.network = run.network;
        action.security = run.security;
        add(action, history_of_run(build_args_, action.argv));
    }

    /// The document alone is the script, and its first line says what runs it.
    static bool is_script(const df::CommandLine& command) {
        return command.script_only && !command.heredocs.empty()
               && command.heredocs.front().content.starts_with("#!");
    }

    void check_entitlements(const df::Run& run) {
        const Entitlements& allowed = shared_.options.entitlements;
        if (run.security == df::SecurityMode::Insecure && !allowed.security_insecure)
            complain(
                at_,
                "RUN --security=insecure needs the entitlement 'security.insecure', which this "
                "build does not have");
        if (run.network == df::NetworkMode::Host && !allowed.network_host)
            complain(
                at_,
                "RUN --network=host needs the entitlement 'network.host', which this build does "
                "not have");
    }

    void add_mount(const df::MountFlag& flag, RunAction& action) {
        RunMount mount;
        try {
            mount.mount = df::make_mount(
                flag, [&](const std::string& raw) { return text(df::Word{raw, flag.at}); });
            std::visit([&](auto& typed) { complete(typed, mount); }, mount.mount);
        } catch (const Error& error) {
            complain(flag.at, error.what(), error.hint());
            return;
        }
        action.mounts.push_back(std::move(mount));
    }

    void complete(df::BindMount& bind, RunMount& mount) {
        bind.target = mount_target(bind.target);
        if (bind.from.empty() && has_glob(bind.source))
            throw Error{
                ErrorCode::InvalidArgument,
                "mount option 'source' is " + quoted(bind.source) + ", needed one path"};
        mount.origin = bind.from.empty() ? CopyOrigin{FromContext{}} : origin_named(bind.from);
    }

    void complete(df::CacheMount& cache, RunMount& mount) {
        cache.target = mount_target(cache.target);
        const auto space = shared_.options.inputs.build_args.find("BUILDKIT_CACHE_MOUNT_NS");
        if (space) cache.id = *space + "/" + cache.id;
        if (!cache.from.empty()) mount.origin = origin_named(cache.from);
    }

    void complete(df::TmpfsMount& tmpfs, RunMount& /*mount*/) {
        tmpfs.target = mount_target(tmpfs.target);
    }

    void complete(df::SecretMount& secret, RunMount& /*mount*/) {
        require_secrets("secret");
        if (!secret.target.empty()) secret.target = mount_target(secret.target);
    }

    void complete(df::SshMount& ssh, RunMount& /*mount*/) {
        require_secrets("ssh");
        if (!ssh.target.empty()) ssh.target = mount_target(ssh.target);
    }

    void require_secrets(const std::string& type) const {
        if (shared_.options.entitlements.secrets) return;
        throw Error{
            ErrorCode::InvalidArgument,
            "RUN --mount=type=" + type + " is not allowed: builds of this service get no secrets"};
    }

    std::string mount_target(const std::string& target) const {
        std::string path = absolute_path(working_dir(), target);
        if (path.size() > 1 && path.ends_with('/')) path.pop_back();
        if (path == "/")
            throw Error{
                ErrorCode::InvalidArgument,
                "mount option 'target' is " + quoted(target) + ", needed a path below the root"};
        return path;
    }

    void apply(const df::Copy& copy) {
        CopyAction action;
        action.origin = origin_of(copy);
        action.unpack_archives = copy.is_add && copy.unpack.value_or(true);
        action.link = copy.link;
        action.parents = copy.parents ? ParentFolders::Take : ParentFolders::Leave;
        // One name each, whatever blanks its value has.
        for (const df::Word& source : copy.sources)
            action.sources.push_back(text(source));
        for (const df::Heredoc& file : copy.files)
            action.files.push_back({file.name, file.expand ? document(file) : file.content});
        const std::string destination = text(copy.destination);
        action.destination = absolute_path(working_dir(), destination);
        if (copy.chown) action.owner = text(*copy.chown);
        if (copy.chmod) action.mode = mode_of(*copy.chmod);
        for (const df::Word& pattern : copy.excludes)
            action.excludes.push_back(text(pattern));
        check_copy(copy, action);
        add_copies(copy, action);
    }

    /// Files of the context and each address are steps of their own: they come from different trees.
    void add_copies(const df::Copy& copy, const CopyAction& whole) {
        const std::string created_by = history_of_copy(copy, whole);
        CopyAction local = whole;
        local.sources.clear();
        local.files.clear();
        const auto flush = [&] {
            if (local.sources.empty() && local.files.empty()) return;
            add(local, created_by);
            local.sources.clear();
        };
        for (const std::string& source : whole.sources) {
            auto address = address_of(copy, source);
            if (!address) {
                local.sources.push_back(source);
                continue;
            }
            flush();
            CopyAction remote = whole;
            remote.files.clear();
            remote.parents = ParentFolders::Leave;
            const auto* url = std::get_if<source::UrlAddress>(&*address);
            remote.sources = {url != nullptr ? url->file_name : "."};
            // Addresses are unpacked when --unpack says so, archives of the context unless it says no.
            remote.unpack_archives = url != nullptr && copy.unpack.value_or(false);
            remote.origin = FromAddress{*std::move(address)};
            add(std::move(remote), created_by);
        }
        local.files = whole.files;
        flush();
    }

    std::optional<source::RemoteAddress> address_of(const df::Copy& copy, const std::string& text) {
        if (copy.from) return std::nullopt;
        try {
            auto address = source::parse_remote_address(text);
            if (!address) return address;
            if (!copy.is_add)
                complain(
                    at_,
                    "COPY takes no address, found " + quoted(source::without_credentials(text)),
                    "use ADD");
            if (auto* git = std::get_if<source::GitAddress>(&*address)) {
                apply_git_flags(copy, *git);
            } else if (copy.checksum) {
                std::get<source::UrlAddress>(*address).checksum = url_checksum(*copy.checksum);
            }
            return address;
        } catch (const Error& error) {
            complain(at_, error.what(), error.hint());
            return std::nullopt;
        }
    }

    void apply_git_flags(const df::Copy& copy, source::GitAddress& git) {
        if (copy.keep_git_dir)
            git.git_folder =
                *copy.keep_git_dir ? source::GitFolder::Keep : source::GitFolder::Leave;
        if (!copy.checksum) return;
        const std::string checksum = to_lower(text(*copy.checksum));
        const bool is_hex = !checksum.empty()
                            && checksum.find_first_not_of("0123456789abcdef") == std::string::npos;
        if (!is_hex || (!git.checksum.empty() && git.checksum != checksum))
            complain(
                copy.checksum->at,
                "--checksum is " + quoted(checksum) + ", needed is the beginning of one commit id");
        git.checksum = checksum;
    }

    std::string url_checksum(const df::Word& word) {
        const std::string checksum = text(word);
        try {
            return oci::Digest::parse(checksum).str();
        } catch (const Error& error) {
            complain(word.at, std::string{"--checksum: "} + error.what(), error.hint());
            return {};
        }
    }

    void check_copy(const df::Copy& copy, const CopyAction& action) {
        if (copy.link && copy.chown && !is_numeric_owner(action.owner))
            complain(
                copy.chown->at,
                "--chown=" + copy.chown->raw
                    + " with --link needs numbers: a linked layer does not see the image's accounts");
        if (copy.checksum
            && (action.sources.size() != 1 || !action.files.empty()
                || !is_address(action.sources.front())))
            complain(
                copy.checksum->at, "--checksum needs one source, an address of a file or of git");
        const std::size_t count = action.sources.size() + action.files.size();
        if (count > 1 && !action.destination.ends_with('/') && action.destination != "/")
            complain(
                copy.destination.at,
                "several sources need a folder as destination: " + quoted(copy.destination.raw)
                    + " must end in '/'");
    }

    std::optional<ModeChange> mode_of(const df::Word& chmod) {
        try {
            return ModeChange::parse(text(chmod));
        } catch (const Error& error) {
            complain(chmod.at, std::string{"--chmod: "} + error.what());
            return std::nullopt;
        }
    }

    static bool is_address(const std::string& text) {
        try {
            return source::parse_remote_address(text).has_value();
        } catch (const Error&) {
            return true;  // a wrong one, which is told of elsewhere
        }
    }

    CopyOrigin origin_of(const df::Copy& copy) {
        return copy.from ? origin_named(copy.from->raw) : FromContext{};
    }

    CopyOrigin origin_named(const std::string& name) const {
        const auto stage =
            df::find_stage(shared_.file.stages, name, index_, df::StageLookup::NameOrNumber);
        if (stage) return FromStage{*stage};
        const df::NamedContexts& contexts = shared_.options.inputs.contexts;
        const auto context = df::find_context_name(contexts, name);
        if (!context) return FromImage{name};
        const std::string& image = contexts.find(*context)->second.image;
        if (image.empty()) return FromNamedContext{*context};
        return FromImage{image};
    }

    void apply(const df::Workdir& workdir) {
        std::string path = absolute_path(working_dir(), text(workdir.path));
        if (path.size() > 1 && path.ends_with('/')) path.pop_back();
        plan_.config.working_dir = path;
        add(WorkdirAction{path, plan_.config.user}, "WORKDIR " + path);
    }

    // -- instructions that change the configuration

    void apply(const df::Env& env) {
        std::vector<std::string> shown;
        for (const auto& [name, value] : pairs(env.pairs)) {
            scope_.set(name, value);
            oci::set_env(plan_.config, name, value);
            shown.push_back(name + "=" + value);
        }
        configured("ENV " + join(shown, " "));
    }

    void apply(const df::Label& label) {
        std::vector<std::string> shown;
        for (const auto& [name, value] : pairs(label.pairs)) {
            oci::set_label(plan_.config, name, value);
            shown.push_back(name + "=" + value);
        }
        configured("LABEL " + join(shown, " "));
    }

    void apply(const df::Arg& arg) {
        std::vector<std::string> shown;
        for (const df::ArgItem& item : arg.items) {
            const std::string name = text(item.name);
            std::optional<std::string> value = shared_.options.inputs.build_args.find(name);
            if (!value && item.value) value = text(*item.value);
            if (!value) value = shared_.globals.find(name);
            shown.push_back(value ? name + "=" + *value : name);
            if (!value) continue;
            scope_.set(name, *value);
            std::erase_if(build_args_, [&](const auto& known) { return known.first == name; });
            build_args_.emplace_back(name, *value);
        }
        configured("ARG " + join(shown, " "));
    }

    void apply(const df::User& user) {
        plan_.config.user = text(user.user);
        configured("USER " + plan_.config.user);
    }

    void apply(const df::Expose& expose) {
        std::vector<std::string> shown;
        for (const df::Word& word : expose.ports) {
            for (const std::string& port : words(word)) {
                for (const std::string& one : ports_of(port, word.at)) {
                    add_to_set(plan_.config.exposed_ports, one);
                    shown.push_back(one + ":{}");
                }
            }
        }
        configured("EXPOSE map[" + join(shown, " ") + "]");
    }

    /// "8080", "8080/udp", "8000-8010/tcp".
    std::vector<std::string> ports_of(const std::string& text, df::Location at) {
        constexpr std::int64_t kPortMax = 65535;
        const std::size_t slash = text.find('/');
        const std::string protocol =
            slash == std::string::npos ? "tcp" : to_lower(text.substr(slash + 1));
        const std::string range = text.substr(0, slash);
        const std::size_t dash = range.find('-');
        const auto first = parse_integer(range.substr(0, dash));
        const auto last = dash == std::string::npos ? first : parse_integer(range.substr(dash + 1));
        const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
        if (!known || !first || !last || *first < 1 || *last > kPortMax || *first > *last) {
            complain(
                at,
                "invalid port " + quoted(text)
                    + ", needed is PORT[-PORT][/tcp|udp|sctp] from 1 to 65535");
            return {};
        }
        std::vector<std::string> ports;
        for (std::int64_t port = *first; port <= *last; ++port)
            ports.push_back(std::to_string(port) + "/" + protocol);
        return ports;
    }

    void apply(const df::Volume& volume) {
        std::vector<std::string> shown;
        for (const df::Word& path : volume.paths) {
            shown.push_back(text(path));
            add_to_set(plan_.config.volumes, shown.back());
        }
        configured("VOLUME [" + join(shown, " ") + "]");
    }

    void apply(const df::Cmd& cmd) {
        plan_.config.cmd = command_words(cmd.command);
        command_set_ = true;
        configured("CMD " + list_of(*plan_.config.cmd));
    }

    void apply(const df::Entrypoint& entrypoint) {
        plan_.config.entrypoint = command_words(entrypoint.command);
        // A CMD that came from the base belonged to the base's ENTRYPOINT.
        if (!command_set_) plan_.config.cmd.reset();
        configured("ENTRYPOINT " + list_of(*plan_.config.entrypoint));
    }

    void apply(const df::Shell& shell) {
        plan_.config.shell = shell.words;
        configured("SHELL [" + join(shell.words, " ") + "]");
    }

    void apply(const df::Healthcheck& check) {
        oci::Healthcheck result;
        if (check.disabled) {
            result.test = {"NONE"};
        } else {
            result.test = {check.command.exec_form ? "CMD" : "CMD-SHELL"};
            result.test.insert(
                result.test.end(), check.command.words.begin(), check.command.words.end());
            result.interval = check.interval.value_or(std::chrono::nanoseconds{});
            result.timeout = check.timeout.value_or(std::chrono::nanoseconds{});
            result.start_period = check.start_period.value_or(std::chrono::nanoseconds{});
            result.start_interval = check.start_interval.value_or(std::chrono::nanoseconds{});
            result.retries = check.retries.value_or(0);
        }
        plan_.config.healthcheck = result;
        configured("HEALTHCHECK " + list_of(result.test));
    }

    void apply(const df::StopSignal& stop) {
        plan_.config.stop_signal = text(stop.signal);
        configured("STOPSIGNAL " + plan_.config.stop_signal);
    }

    void apply(const df::OnBuild& trigger) {
        plan_.config.on_build.push_back(trigger.text);
        configured("ONBUILD " + trigger.text);
    }

    void apply(const df::Maintainer& maintainer) {
        plan_.config.author = maintainer.name;
        configured("MAINTAINER " + maintainer.name);
    }

    // -- values

    /// Absolute, though some bases have it relative.
    std::string working_dir() const {
        return plan_.config.working_dir.empty() ? "/"
                                                : absolute_path("/", plan_.config.working_dir);
    }

    std::vector<std::string> shell() const {
        if (!plan_.config.shell.empty()) return plan_.config.shell;
        return {"/bin/sh", "-c"};
    }

    std::vector<std::string> command_words(const df::CommandLine& command) const {
        if (command.exec_form) return command.words;
        std::vector<std::string> argv = shell();
        std::string script = command.words.empty() ? "" : command.words.front();
        if (command.script_only && !command.heredocs.empty()) {
            script = command.heredocs.front().content;
        } else {
            for (const df::Heredoc& document : command.heredocs)
                script += "\n" + document.content + document.name;
        }
        argv.push_back(script);
        return argv;
    }

    /// ENV and ARG, of which the later one counts; PATH is always there.
    std::vector<std::string> environment() const {
        std::vector<std::string> env;
        for (const std::string& variable : plan_.config.env) {
            const std::string name = variable.substr(0, variable.find('='));
            const auto value = scope_.find(name);
            env.push_back(value ? name + "=" + *value : variable);
        }
        oci::ImageConfig known;
        known.env = env;
        for (const auto& [name, value] : build_args_)
            if (!oci::find_env(known, name)) env.push_back(name + "=" + value);
        if (!oci::find_env(known, "PATH"))
            env.insert(env.begin(), "PATH=" + std::string{kDefaultPath});
        return env;
    }

    std::vector<std::pair<std::string, std::string>> pairs(const std::vector<df::KeyValue>& items) {
        std::vector<std::pair<std::string, std::string>> values;
        for (const df::KeyValue& item : items)
            values.emplace_back(text(item.key), text(item.value));
        return values;
    }

    df::Expansion expand(const df::Word& word, df::Quotes quotes) {
        try {
            return df::expand(
                word.raw,
                [this](std::string_view name) { return scope_.find(name); },
                {.escape = shared_.file.directives.escape, .quotes = quotes});
        } catch (const Error& error) {
            complain(word.at, error.what(), error.hint());
            return {};
        }
    }

    std::string text(const df::Word& word) { return expand(word, df::Quotes::Remove).text; }

    std::vector<std::string> words(const df::Word& word) {
        return expand(word, df::Quotes::Remove).words;
    }

    std::string document(const df::Heredoc& file) {
        return expand({file.content, file.at}, df::Quotes::Plain).text;
    }

    static void add_to_set(std::vector<std::string>& values, const std::string& value) {
        if (std::ranges::find(values, value) == values.end()) values.push_back(value);
    }

    // -- results

    void add(Action action, std::string created_by) {
        plan_.steps.push_back({std::move(action), at_, original_, std::move(created_by)});
    }

    void configured(std::string created_by) { add(ConfigAction{}, std::move(created_by)); }

    void complain(df::Location at, std::string message, std::string hint = {}) {
        shared_.diagnostics.push_back(
            {.file = shared_.file.file,
             .line = at.line,
             .column = at.column,
             .message = std::move(message),
             .excerpt = std::string{shared_.file.line(at.line)},
             .hint = std::move(hint)});
    }

    Shared shared_;
    std::size_t index_;
    StagePlan& plan_;
    df::Variables scope_;
    std::vector<std::pair<std::string, std::string>> build_args_;  ///< that RUN sees
    bool command_set_ = false;
    df::Location at_;
    std::string original_;
};

void need(const Plan& plan, std::size_t index, std::set<std::size_t>& needed) {
    if (!needed.insert(index).second) return;
    const StagePlan& stage = plan.stages[index];
    if (const auto* base = std::get_if<FromStage>(&stage.base)) need(plan, base->index, needed);
    for (const Step& step : stage.steps)
        for (const CopyOrigin& origin : origins_of(step.action))
            if (const auto* earlier = std::get_if<FromStage>(&origin))
                need(plan, earlier->index, needed);
}

/// What an image has that is FROM nothing, as in BuildKit.
void start_empty(oci::ImageConfig& config, const oci::Platform& platform) {
    config.platform = platform;
    config.env = {"PATH=" + std::string{kDefaultPath}};
    config.working_dir = "/";
}

void set_base(
    StagePlan& stage,
    const df::ImageUse& use,
    const Plan& plan,
    const oci::Platform& platform,
    const PlanOptions& options,
    const BaseConfigs& bases) {
    if (!use.context.empty()) {
        stage.base = ScratchBase{};
        start_empty(stage.config, options.platform);
        CopyAction files{
            .origin = FromNamedContext{use.context}, .sources = {"."}, .destination = "/"};
        stage.steps.push_back(
            {std::move(files),
             use.at,
             "FROM " + use.context,
             "COPY --from=" + use.context + " . /"});
    } else if (use.source_stage) {
        stage.base = FromStage{*use.source_stage};
        stage.config = plan.stages[*use.source_stage].config;
    } else if (use.scratch) {
        stage.base = ScratchBase{};
        start_empty(stage.config, options.platform);
    } else {
        stage.base = ImageBase{use.text, platform};
        stage.config.platform = platform;
        const auto found = bases.find(image_key(use.text, platform, options.platform));
        if (found != bases.end()) stage.config = found->second;
        stage.config.diff_ids.clear();
        stage.config.history.clear();
        stage.config.created.clear();
    }
}

}  // namespace

std::string image_key(
    const std::string& reference, const oci::Platform& platform, const oci::Platform& of_build) {
    return platform == of_build ? reference : reference + " " + platform.str();
}

std::vector<CopyOrigin> origins_of(const Action& action) {
    if (const auto* copy = std::get_if<CopyAction>(&action)) return {copy->origin};
    std::vector<CopyOrigin> origins;
    if (const auto* run = std::get_if<RunAction>(&action))
        for (const RunMount& mount : run->mounts)
            if (mount.origin) origins.push_back(*mount.origin);
    return origins;
}

PlanResult make_plan(
    const df::Dockerfile& file, const PlanOptions& options, const BaseConfigs& bases) {
    PlanResult result;
    result.plan.file = file.file;
    const df::Variables globals =
        df::evaluate_global_args(file, options.inputs, result.diagnostics);
    df::ImageUses uses = df::find_image_uses(file, options.inputs);
    std::erase_if(
        uses.uses, [](const df::ImageUse& use) { return use.kind != df::ImageUseKind::From; });
    const std::size_t target = df::find_target(file, options.inputs.target);
    std::vector<Diagnostics> found(file.stages.size());
    std::vector<StageScope> scopes(file.stages.size());
    for (std::size_t i = 0; i < file.stages.size(); ++i) {
        StagePlan stage;
        stage.name = file.stages[i].name.empty() ? std::to_string(i) : file.stages[i].name;
        stage.at = file.stages[i].at;
        const df::ImageUse& use = uses.uses[i];
        const oci::Platform platform = platform_of(file, use, options.platform, found[i]);
        set_base(stage, use, result.plan, platform, options, bases);
        if (i == target)
            for (const auto& [name, value] : options.env)
                oci::set_env(stage.config, name, value);
        if (!use.is_replaced) {
            const auto* below = std::get_if<FromStage>(&stage.base);
            StagePlanner planner{
                {file, options, globals, found[i]},
                i,
                stage,
                below != nullptr ? scopes[below->index] : StageScope{}};
            planner.plan(file.stages[i]);
            scopes[i] = planner.take_scope();
        }
        result.plan.stages.push_back(std::move(stage));
    }
    StagePlan& last = result.plan.stages[target];
    for (const auto& [name, value] : options.labels)
        oci::set_label(last.config, name, value);
    std::set<std::size_t> needed;
    need(result.plan, target, needed);
    result.plan.needed.assign(needed.begin(), needed.end());
    for (const std::size_t index : needed)
        std::ranges::move(found[index], std::back_inserter(result.diagnostics));
    return result;
}

}  // namespace nacre::engine
