#include "builder/container_build.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "builder/image_identity.hpp"
#include "builder/metadata.hpp"
#include "koji/arguments.hpp"
#include "koji/codec.hpp"
#include "koji/enums.hpp"
#include "koji/fault.hpp"
#include "koji/fields.hpp"
#include "oci/reference.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"
#include "source/container_yaml.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace nacre::builder {
namespace {

constexpr int kReservationTriesMax = 20;
constexpr std::size_t kUniquePartBytes = 5;
constexpr std::size_t kUploadBytes = 1U << 20U;
constexpr std::string_view kReserveStep = "reserve";
constexpr std::string_view kNameStep = "name";
constexpr std::string_view kImportStep = "import";
constexpr std::string_view kTagStep = "tag";

koji::Fault build_error(const std::string& text) {
    return koji::Fault{koji::FaultCode::BuildError, text};
}

koji::Array arguments(koji::Array positional, koji::Struct keywords) {
    return koji::join_arguments(
        {.positional = std::move(positional), .keywords = std::move(keywords)});
}

/// "20261124081702"
std::string render_stamp(WallTime time) {
    std::string stamp;
    for (const char c : render_rfc3339(time))
        if (c >= '0' && c <= '9') stamp += c;
    return stamp;
}

koji::Struct nvr_fields(const ImageIdentity& identity, const std::string& release) {
    koji::Struct fields;
    fields.set("name", identity.component);
    fields.set("version", identity.version);
    if (!release.empty()) fields.set("release", release);
    return fields;
}

std::string nvr_text(const ImageIdentity& identity, const std::string& release) {
    return identity.component + "-" + identity.version + "-" + release;
}

/// Whether a build with that name still stands in the way of a new one.
bool is_taken(const koji::Struct& build) {
    const auto state = koji::find_build_state(koji::get_integer(build, "state"));
    return state != koji::BuildState::Failed && state != koji::BuildState::Canceled;
}

}  // namespace

/// What the steps know of the build so far.
struct ContainerBuild::Context {
    BuildOptions options;
    ScmUrl url;
    std::int64_t event = 0;
    std::int64_t dest_tag = 0;
    std::string dest_tag_name;
    std::vector<std::string> arches;
    std::unique_ptr<source::Tree> tree;
    source::BuildSettings settings;
    Recipe recipe;
    ImageIdentity identity;
    std::string release;
    std::int64_t build_id = 0;
    std::string token;
    BuildFacts facts;
};

ContainerBuild::ContainerBuild(
    const BuildServices& services, BuildSettings settings, BuildTask task)
    : services_{services},
      settings_{std::move(settings)},
      task_{std::move(task)} {}

koji::Value ContainerBuild::run(std::stop_token stop) {
    const int runs = services_.journal.start_run();
    if (runs > 1)
        say("the task was interrupted: run " + std::to_string(runs) + " goes on where it stopped");
    try {
        return build(std::move(stop));
    } catch (const Cancelled&) {
        // A builder that shuts down gives the task back, and its next run needs the reservation.
        if (was_cancelled()) give_back(static_cast<std::int64_t>(koji::BuildState::Canceled));
        throw;
    } catch (const Error& error) {
        // The hub went away: nothing can be given back, and the task runs again.
        if (error.code() != ErrorCode::Unavailable)
            give_back(static_cast<std::int64_t>(koji::BuildState::Failed));
        throw;
    }
}

koji::Value ContainerBuild::build(std::stop_token stop) {
    Context context;
    context.facts.start_time = to_unix_fraction(services_.clock.wall_now());
    context.options = BuildOptions::parse(task_.request);
    read_target(context);
    read_source(context, stop);
    read_recipe(context);
    if (!context.options.scratch) check_package(context);
    choose_release(context);
    name_build(context);
    build_images(context, std::move(stop));
    write_names(context, {context.facts.tags.unique});
    write_names(context, context.facts.tags.primary);
    if (!context.options.scratch) {
        import_build(context);
        tag_build(context);
        write_names(context, context.facts.tags.floating);
    }
    return result(context);
}

void ContainerBuild::read_target(Context& context) {
    const koji::Value last = services_.hub.call("getLastEvent", {});
    context.event = koji::get_integer(koji::get_struct(last), "id");
    koji::Struct as_of;
    as_of.set("event", context.event);
    const koji::Value target =
        services_.hub.call("getBuildTarget", arguments({context.options.target}, as_of));
    if (target.is_nil()) throw build_error("Target `" + context.options.target + "` not found");
    const koji::Struct& fields = koji::get_struct(target);
    context.dest_tag = koji::get_integer(fields, "dest_tag");
    context.dest_tag_name = koji::get_string(fields, "dest_tag_name");
    const std::int64_t build_tag = koji::get_integer(fields, "build_tag");
    const koji::Value config = services_.hub.call("getBuildConfig", arguments({build_tag}, as_of));
    context.arches =
        split_words(koji::find_string(koji::get_struct(config), "arches").value_or(""));
    if (context.arches.empty())
        throw build_error(
            "No arches for tag " + koji::get_string(fields, "build_tag_name") + " ["
            + std::to_string(build_tag) + "]");
    if (!context.options.arches.empty())
        std::erase_if(context.arches, [&](const std::string& arch) {
            return std::ranges::find(context.options.arches, arch) == context.options.arches.end();
        });
}

void ContainerBuild::read_source(Context& context, std::stop_token stop) {
    context.url = ScmUrl::parse(context.options.source);
    say("source " + context.options.source);
    if (!services_.sources.is_own(context.url)) ask_source_policy(context);
    context.tree = services_.sources.open(context.url, std::move(stop));
    const source::BuildSettingsFile settings = source::read_build_settings(*context.tree);
    if (has_errors(settings.diagnostics)) throw build_error(render(settings.diagnostics));
    context.settings = settings.settings;
    if (context.settings.buildtime_limit)
        throw build_error("container.yaml: buildtime_limit is not supported yet");
    std::erase_if(context.arches, [&](const std::string& arch) {
        const auto has = [&](const std::vector<std::string>& list) {
            return std::ranges::find(list, arch) != list.end();
        };
        const source::BuildSettings& limits = context.settings;
        return has(limits.excluded_platforms)
               || (!limits.only_platforms.empty() && !has(limits.only_platforms));
    });
    if (context.arches.empty()) throw build_error("No matching arches were found");
    const std::string own = koji_arch_of(oci::Platform::host());
    for (const std::string& arch : context.arches)
        if (arch != own)
            throw build_error(
                "architecture '" + arch + "' is asked for, and this builder builds '" + own
                + "' only: limit the build tag's arches, or container.yaml's platforms, to it");
}

/// Sources from elsewhere need a rule (reference C.11).
void ContainerBuild::ask_source_policy(const Context& context) {
    const ScmUrl& url = context.url;
    koji::Struct facts;
    facts.set("scm_url", context.options.source);
    facts.set("scm_scheme", url.scheme + "://");
    facts.set("scm_user", url.user);
    facts.set("scm_host", url.host);
    facts.set("scm_repository", url.repository);
    facts.set("scm_module", url.subfolder);
    facts.set("scm_revision", url.revision);
    facts.set("scm_type", "GIT");
    facts.set("scratch", context.options.scratch);
    facts.set("target", context.options.target);
    const koji::Value decision = services_.hub.call("host.evalPolicy", {"build_from_scm", facts});
    const std::vector<std::string> words =
        split_words(decision.if_string() == nullptr ? "" : *decision.if_string());
    if (words.empty() || words.front() != "allow")
        throw build_error(
            "SCM: " + url.host + ":" + url.repository + " is not allowed"
            + (words.size() > 1 ? ", reason: " + join({words.begin() + 1, words.end()}, " ")
                                : ": policy build_from_scm has no rule that allows it"));
}

void ContainerBuild::read_recipe(Context& context) {
    std::optional<oci::Digest> parent;
    if (!context.options.koji_parent_build.empty())
        parent = find_parent(context.options.koji_parent_build);
    context.recipe =
        services_.images.read(*context.tree, platform_of(context.arches.front()), parent);
    std::vector<std::string> problems;
    if (has_errors(context.recipe.diagnostics))
        problems.push_back(render(context.recipe.diagnostics));
    context.identity = read_identity(
        context.recipe.labels,
        {.requested_release = context.options.release, .isolated = context.options.isolated},
        problems);
    // A Dockerfile that cannot be read has no labels: saying that they are missing would mislead.
    if (has_errors(context.recipe.diagnostics) && context.recipe.labels.empty()) problems.resize(1);
    if (!problems.empty()) throw build_error(join(problems, "\n"));
    if (!context.recipe.diagnostics.empty())
        say(std::string{trim(render(context.recipe.diagnostics))});
    for (const ParentImage& image : context.recipe.parents)
        say("FROM " + image.reference + (image.digest ? " is " + image.digest->str() : ""));
}

/// The image of another build, by the digest that its import recorded.
oci::Digest ContainerBuild::find_parent(const std::string& nvr) {
    const koji::Value parent = services_.hub.call("getBuild", {nvr});
    if (parent.is_nil()) throw build_error("No such build: " + nvr);
    const koji::Struct& extra = koji::get_struct(koji::get_struct(parent), "extra");
    const koji::Struct& index = koji::get_struct(koji::get_struct(extra, "image"), "index");
    for (const koji::Member& digest : koji::get_struct(index, "digests").members())
        if (const std::string* text = digest.value.if_string()) return oci::Digest::parse(*text);
    throw build_error("build " + nvr + " has no container image");
}

void ContainerBuild::check_package(Context& context) {
    const std::string& component = context.identity.component;
    koji::Struct as_of;
    as_of.set("event", context.event);
    const koji::Value config =
        services_.hub.call("getPackageConfig", arguments({context.dest_tag, component}, as_of));
    if (config.is_nil())
        throw build_error(
            "package (container) " + component + " not in list for tag " + context.dest_tag_name);
    if (koji::find_bool(koji::get_struct(config), "blocked").value_or(false))
        throw build_error(
            "package (container) " + component + " is blocked for tag " + context.dest_tag_name);
}

void ContainerBuild::choose_release(Context& context) {
    if (context.options.scratch) {
        context.release = context.identity.release.value_or("scratch." + std::to_string(task_.id));
        return;
    }
    const json::Value reserved = services_.journal.once(kReserveStep, [&]() -> json::Value {
        for (int tries = 1; !try_reserve(context); ++tries)
            if (tries == kReservationTriesMax)
                throw build_error(
                    "no free release for " + nvr_text(context.identity, "*") + " after "
                    + std::to_string(tries) + " tries");
        json::Object fields;
        fields.set("build_id", context.build_id);
        fields.set("token", context.token);
        fields.set("release", context.release);
        return fields;
    });
    const json::Reader fields{reserved, "reservation"};
    context.build_id = fields.get_integer("build_id");
    context.token = fields.get_string("token");
    context.release = fields.get_string("release");
    say("build " + nvr_text(context.identity, context.release) + " is reserved, id "
        + std::to_string(context.build_id));
}

/// False when somebody else took the release that the hub proposed.
bool ContainerBuild::try_reserve(Context& context) {
    const bool chosen = context.identity.release.has_value();
    context.release = chosen ? *context.identity.release : "";
    if (!chosen) {
        const koji::Value next =
            services_.hub.call("getNextRelease", {nvr_fields(context.identity, "")});
        if (const std::string* text = next.if_string()) context.release = *text;
    }
    koji::Struct request = nvr_fields(context.identity, context.release);
    request.set("task_id", task_.id);
    request.set("source", context.options.source);
    request.set("owner", task_.owner);
    if (chosen) {
        const koji::Value existing =
            services_.hub.call("getBuild", {nvr_fields(context.identity, context.release)});
        if (const koji::Struct* build = existing.if_struct();
            build != nullptr && is_taken(*build)
            && koji::find_integer(*build, "task_id") != task_.id)
            throw build_error(
                "Build for " + nvr_text(context.identity, context.release) + " already exists, id "
                + std::to_string(koji::get_integer(*build, "id")));
    }
    try {
        const koji::Value answer = services_.hub.call("CGInitBuild", {kContentGenerator, request});
        context.build_id = koji::get_integer(koji::get_struct(answer), "build_id");
        context.token = koji::get_string(koji::get_struct(answer), "token");
        return true;
    } catch (const koji::Fault& fault) {
        const bool taken =
            std::string_view{fault.what()}.find("already exists") != std::string_view::npos;
        if (chosen || !taken) throw;
        return false;
    }
}

void ContainerBuild::name_build(Context& context) {
    const json::Value names = services_.journal.once(kNameStep, [&]() -> json::Value {
        json::Object fields;
        fields.set("random", random_word(services_.random, kUniquePartBytes));
        fields.set("timestamp", render_stamp(services_.clock.wall_now()));
        return fields;
    });
    const json::Reader fields{names, "name"};
    TagRules rules;
    rules.target = context.options.target;
    rules.random = fields.get_string("random");
    rules.timestamp = fields.get_string("timestamp");
    rules.scratch = context.options.scratch;
    rules.isolated = context.options.isolated;
    if (context.settings.tags_are_all)
        rules.floating = context.settings.tags;
    else
        rules.additional = context.settings.tags;
    std::vector<std::string> problems;
    BuildFacts& facts = context.facts;
    facts.tags = choose_tags(context.identity, context.release, rules, problems);
    if (!problems.empty()) throw build_error(join(problems, "\n"));
    facts.component = context.identity.component;
    facts.version = context.identity.version;
    facts.release = context.release;
    facts.source = context.options.source;
    facts.owner = task_.owner;
    facts.task_id = task_.id;
    facts.build_id = context.build_id;
    facts.isolated = context.options.isolated;
    facts.registry = settings_.registry;
    facts.repository = context.identity.repository;
    facts.parents = context.recipe.parents;
    facts.generator_version = settings_.generator_version;
    facts.host_os = "linux";
}

Network ContainerBuild::ask_network(const Context& context) {
    koji::Struct facts;
    facts.set("target", context.options.target);
    facts.set("method", "buildContainer");
    facts.set("user", task_.owner);
    facts.set("scratch", context.options.scratch);
    facts.set("package", context.identity.component);
    facts.set("source", context.options.source);
    const koji::Value decision =
        services_.hub.call("host.evalPolicy", {"container_network", facts});
    const std::string* text = decision.if_string();
    const bool open = text != nullptr && split_words(*text) == std::vector<std::string>{"allow"};
    say(open ? "the target's policy opens the network" : "the target's policy closes the network");
    return open ? Network::Open : Network::Closed;
}

void ContainerBuild::build_images(Context& context, std::stop_token stop) {
    const Network network = ask_network(context);
    const std::int64_t epoch = context.tree->commit_time().value_or(0);
    for (const std::string& arch : context.arches) {
        Pins pins;
        for (const ParentImage& parent : context.recipe.parents)
            if (parent.digest) pins.insert_or_assign(parent.reference, *parent.digest);
        Labels labels = automatic_labels(
            context.release,
            arch,
            {.url = context.url.clone_url(),
             .revision = context.url.revision,
             .commit_time = epoch});
        Labels env;
        if (context.settings.set_release_env)
            env.emplace_back(*context.settings.set_release_env, context.release);
        const ImageOrder order{
            .context = *context.tree,
            .recipe = context.recipe,
            .platform = platform_of(arch),
            .pins = std::move(pins),
            .labels = std::move(labels),
            .env = std::move(env),
            .network = network,
            .trusted = !context.options.scratch,
            .source_date_epoch = epoch};
        BuiltImage built = build_image(order, arch, stop);
        say("image for " + arch + ": " + built.manifest.digest.str());
        ImageOutput output{arch, {}, built.manifest, built.config_digest, {}, {}, {}};
        output.config = std::move(built.config);
        output.layers = std::move(built.layers);
        output.components = std::move(built.components);
        context.facts.images.push_back(std::move(output));
    }
    services_.images.sync();
}

BuiltImage ContainerBuild::build_image(
    const ImageOrder& order, const std::string& koji_arch, const std::stop_token& stop) {
    try {
        return services_.images.build(order, services_.logs.of_arch(koji_arch), stop);
    } catch (const koji::Fault&) {
        throw;
    } catch (const Error& error) {
        throw koji::Fault{
            koji::FaultCode::ContainerError, "Image build failed. " + error.explain()};
    }
}

void ContainerBuild::write_names(
    const Context& context, const std::vector<std::string>& image_tags) {
    const ImageOutput& image = context.facts.images.front();
    services_.names.add_manifest(
        context.facts.repository, {image.manifest.digest, image.manifest.media_type});
    for (const std::string& image_tag : image_tags) {
        services_.names.set_tag(context.facts.repository, image_tag, image.manifest.digest);
        say("named " + settings_.registry + "/" + context.facts.repository + ":" + image_tag);
    }
}

void ContainerBuild::import_build(Context& context) {
    const bool interrupted = services_.journal.was_begun(kImportStep);
    services_.journal.once(kImportStep, [&]() -> json::Value {
        if (interrupted) {
            const koji::Value known = services_.hub.call("getBuild", {context.build_id});
            const koji::Struct* build = known.if_struct();
            if (build != nullptr
                && koji::get_integer(*build, "state")
                       == static_cast<std::int64_t>(koji::BuildState::Complete))
                return context.build_id;
        }
        const std::string folder = "cli-build/" + std::to_string(task_.id) + "."
                                   + random_word(services_.random, kUniquePartBytes);
        for (ImageOutput& image : context.facts.images) {
            image.archive = write_archive_file(context, image);
            upload_file(folder, image.archive.name, settings_.temporary / image.archive.name);
            os::remove_tree(settings_.temporary / image.archive.name);
            const std::filesystem::path log = services_.logs.file_of_arch(image.koji_arch);
            // A Dockerfile of settings alone has no steps to log, and the protocol uploads no empty file.
            if (std::filesystem::file_size(log) == 0) continue;
            context.facts.logs.push_back(
                {image.koji_arch, upload_file(folder, image.koji_arch + ".log", log)});
        }
        context.facts.end_time = to_unix_fraction(services_.clock.wall_now());
        services_.hub.call(
            "CGImport", {content_generator_metadata(context.facts), folder, context.token});
        return context.build_id;
    });
    say("imported " + nvr_text(context.identity, context.release));
}

/// Writes the archive into the temporary folder, under its final name.
UploadedFile ContainerBuild::write_archive_file(const Context& context, const ImageOutput& image) {
    UploadedFile archive;
    archive.name =
        "oci-image-" + std::string{image.config_digest.hex()} + "." + image.koji_arch + ".tar";
    const os::UniqueFd fd =
        os::open_file(settings_.temporary / archive.name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    os::FdSink file{fd.get()};
    archive::DigestingSink digesting{archive::HashAlgorithm::Sha256, file};
    services_.images.write_archive(
        image.manifest,
        settings_.registry + "/" + context.facts.repository + ":"
            + context.facts.tags.primary.front(),
        digesting);
    archive.size = digesting.size();
    archive.sha256 = digesting.finish_hex();
    return archive;
}

UploadedFile ContainerBuild::upload_file(
    const std::string& folder, const std::string& name, const std::filesystem::path& file) {
    os::FileSource source{os::open_file(file, O_RDONLY)};
    archive::Digester digester{archive::HashAlgorithm::Sha256};
    std::vector<std::byte> buffer(kUploadBytes);
    UploadedFile uploaded;
    uploaded.name = name;
    while (const std::size_t count = source.read(buffer)) {
        const Bytes piece = std::span{buffer}.first(count);
        services_.hub.upload(folder, name, uploaded.size, piece);
        digester.update(piece);
        uploaded.size += count;
    }
    uploaded.sha256 = digester.finish_hex();
    return uploaded;
}

void ContainerBuild::tag_build(const Context& context) {
    const bool interrupted = services_.journal.was_begun(kTagStep);
    services_.journal.once(kTagStep, [&]() -> json::Value {
        if (interrupted) {
            const koji::Value tags = services_.hub.call("listTags", {context.build_id});
            for (const koji::Value& tag : koji::get_array(tags))
                if (koji::get_integer(koji::get_struct(tag), "id") == context.dest_tag)
                    return nullptr;
        }
        services_.hub.call(
            "host.tagBuild",
            {task_.id, context.dest_tag, context.build_id, koji::Value{false}, koji::Value{}});
        return nullptr;
    });
    say("tagged into " + context.dest_tag_name);
}

koji::Value ContainerBuild::result(const Context& context) const {
    koji::Array repositories;
    for (const std::string& spec : pull_specs(context.facts))
        repositories.emplace_back(spec);
    koji::Array builds;
    if (!context.options.scratch) builds.emplace_back(std::to_string(context.build_id));
    koji::Struct fields;
    fields.set("repositories", repositories);
    fields.set("koji_builds", builds);
    return fields;
}

bool ContainerBuild::was_cancelled() noexcept {
    try {
        const koji::Value row = services_.hub.call("getTaskInfo", {task_.id});
        return row.if_struct() != nullptr
               && koji::get_integer(koji::get_struct(row), "state")
                      == static_cast<std::int64_t>(koji::TaskState::Canceled);
    } catch (const std::exception&) {
        // Not to be found out: the hub gives up reservations of ended tasks by itself.
        return false;
    }
}

void ContainerBuild::give_back(const koji::Value& state) noexcept {
    const auto reserved = services_.journal.find_done(kReserveStep);
    if (!reserved || services_.journal.find_done(kImportStep)) return;
    try {
        const json::Reader fields{*reserved, "reservation"};
        services_.hub.call(
            "CGRefundBuild",
            {kContentGenerator, fields.get_integer("build_id"), fields.get_string("token"), state});
    } catch (const std::exception&) {
        // The hub gives up reservations of ended tasks by itself.
        return;
    }
}

void ContainerBuild::say(const std::string& line) {
    services_.logs.whole().write(as_bytes(line + "\n"));
}

}  // namespace nacre::builder
