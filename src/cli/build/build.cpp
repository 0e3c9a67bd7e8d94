#include "engine/build.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/exit_status.hpp"
#include "base/text.hpp"
#include "cli/build/build_context.hpp"
#include "cli/build/build_state.hpp"
#include "cli/build/commands.hpp"
#include "cli/build/finished_image.hpp"
#include "cli/build/image_outputs.hpp"
#include "cli/build/progress_output.hpp"
#include "dockerfile/checks.hpp"
#include "os/file.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace nacre::cli::build {
namespace {

/// What BuildKit takes.
constexpr std::size_t kSecretBytesMax = 500U << 10U;
constexpr const char* kEpoch = "SOURCE_DATE_EPOCH";

std::unique_ptr<engine::Progress> make_progress(
    ProgressKind kind, const Surroundings& around, const Clock& clock) {
    const bool is_dumb = around.environment("TERM").value_or("dumb") == "dumb";
    switch (kind) {
        case ProgressKind::Quiet:
            return std::make_unique<QuietProgress>();
        case ProgressKind::Json:
            return std::make_unique<JsonProgress>(around.err, clock);
        case ProgressKind::Auto:
            if (around.terminal >= 0 && !is_dumb)
                return std::make_unique<LiveProgress>(around.terminal, clock);
            break;
        case ProgressKind::Plain:
            break;
    }
    return std::make_unique<engine::TextProgress>(around.err, clock);
}

engine::PlanOptions plan_options(const BuildSettings& settings) {
    engine::PlanOptions plan;
    for (const auto& [name, value] : settings.build_args)
        plan.inputs.build_args.set(name, value);
    plan.inputs.platform_args =
        dockerfile::make_platform_arguments(settings.platform.str(), oci::Platform::host().str());
    plan.inputs.target = settings.target;
    for (const auto& [name, where] : settings.build_contexts)
        plan.inputs.contexts[name].image = image_of_context(where);
    plan.platform = settings.platform;
    plan.labels = settings.labels;
    plan.entitlements = settings.entitlements;
    return plan;
}

Diagnostics find_warnings(
    const BuildContext& context, const BuildSettings& settings, const LocalImages& images) {
    dockerfile::CheckContext check;
    check.inputs = plan_options(settings).inputs;
    check.is_ignored = [&](std::string_view path) {
        return context.ignored.content.patterns.excludes(path);
    };
    check.base_environment = [&](const std::string& image) -> std::optional<dockerfile::Variables> {
        try {
            return dockerfile::variables_of(
                images.get(oci::Reference::parse(image), settings.platform).config.env);
        } catch (const Error&) {
            return std::nullopt;  // a warning less
        }
    };
    check.base_platform = [&](const std::string& image,
                              const std::string& wanted) -> std::optional<std::string> {
        try {
            const engine::BaseImage base =
                images.get(oci::Reference::parse(image), oci::Platform::parse(wanted));
            if (base.config.platform.architecture.empty()) return std::nullopt;
            return base.config.platform.str();
        } catch (const Error&) {
            return std::nullopt;  // a warning less; the build says what is wrong
        }
    };
    Diagnostics found = context.ignored.content.diagnostics;
    const Diagnostics checks = dockerfile::run_checks(context.dockerfile, check);
    found.insert(found.end(), checks.begin(), checks.end());
    return found;
}

class Build {
public:
    Build(const BuildSettings& settings, const Surroundings& around)
        : settings_{settings},
          around_{around},
          state_{around.environment, around.stop, [this](const std::string& id) {
                     const auto source = settings_.secrets.find(id);
                     return source == settings_.secrets.end()
                                ? std::nullopt
                                : std::optional{read_secret(id, source->second)};
                 }} {
        state_.images().set_policy(settings.pull);
    }

    int run() {
        const OutputServices outputs = output_services();
        check_outputs(settings_.outputs, outputs);
        name_layouts();
        const BuildContext context = open_context(
            settings_,
            {.folder = around_.folder,
             .temporary = state_.temporary(),
             .digests = state_.places().digests(),
             .input = around_.in,
             .clock = clock_,
             .remotes = state_.remotes(),
             .stop = around_.stop});
        if (!context.dockerfile.ok())
            throw Error{
                ErrorCode::InvalidArgument,
                std::string{trim(render(context.dockerfile.diagnostics))}};
        const Diagnostics warnings = find_warnings(context, settings_, state_.images());
        if (settings_.check) return report_check(warnings);
        if (has_errors(warnings))
            throw Error{ErrorCode::InvalidArgument, std::string{trim(render(warnings))}};
        const FinishedImage image = make_image(context, warnings);
        for (const OutputSpec& output : settings_.outputs)
            write_output(output, image, tag_texts(), outputs);
        report(image);
        return 0;
    }

private:
    void name_layouts() {
        for (const auto& [name, where] : settings_.build_contexts)
            if (where.starts_with(kLayoutContext))
                with_context("--build-context " + quoted(name), [&, &place = where] {
                    state_.images().add_alias(
                        image_of_context(place), layout_of_context(place, around_.folder));
                });
    }

    int report_check(const Diagnostics& warnings) const {
        around_.print(warnings.empty() ? "no findings\n" : render(warnings));
        return warnings.empty() ? 0 : kExitFailed;
    }

    OutputServices output_services() {
        return {
            .blobs = state_.blobs(),
            .registry = state_.registry(),
            .origins = state_.origins(),
            .folder = around_.folder,
            .out = around_.out,
            .out_is_terminal = around_.out_is_terminal,
            .stop = around_.stop};
    }

    FinishedImage make_image(const BuildContext& context, const Diagnostics& warnings) {
        const std::unique_ptr<engine::Progress> progress =
            make_progress(settings_.progress, around_, clock_);
        if (!warnings.empty()) progress->note(render(warnings));
        const std::optional<ImportedSteps> imported = import_steps(*progress);
        start_agents();
        try {
            engine::BuildResult result = engine::build(
                request(context),
                state_.services(settings_, imported ? &*imported : nullptr),
                *progress,
                around_.stop);
            const std::vector<engine::Layer> layers = result.layers;
            FinishedImage image = finish_image(std::move(result), image_changes(), state_.blobs());
            if (context.digests) context.digests->save();
            state_.blobs().sync();
            for (const oci::Reference& tag : settings_.tags)
                state_.images().name(tag, {image.manifest.digest, image.manifest.media_type});
            export_caches(layers, *progress);
            return image;
        } catch (const Error&) {
            keep_steps(*progress);
            throw;
        }
    }

    void start_agents() {
        SshSources sources = settings_.ssh;
        for (auto& [id, paths] : sources)
            for (std::filesystem::path& path : paths)
                path = around_.folder / path;
        ssh_.emplace(sources, state_.temporary(), state_.processes(), around_.stop);
    }

    ImageChanges image_changes() const {
        const bool is_inline = std::ranges::any_of(settings_.cache_to, [](const CacheTarget& one) {
            return one.kind == CacheTarget::Kind::Inline;
        });
        return {
            .annotations = settings_.annotations,
            .squash = settings_.squash,
            .in_index = settings_.in_index,
            .compression = settings_.compression,
            .inline_steps = is_inline ? state_.steps() : engine::StepRecords{}};
    }

    /// A cache that cannot be had makes a build slow and not wrong.
    std::optional<ImportedSteps> import_steps(engine::Progress& progress) {
        if (settings_.cache_from.empty() || !settings_.use_cache) return std::nullopt;
        ImportedSteps imported{state_.cache_services(around_.folder, settings_.platform)};
        for (const CacheSource& source : settings_.cache_from) {
            try {
                const std::size_t count = imported.add(source);
                progress.note(
                    "cache from " + quoted(source.text) + ": " + std::to_string(count) + " steps");
            } catch (const Error& error) {
                progress.note(
                    "warning: no cache from " + quoted(source.text) + ": " + error.describe());
            }
        }
        return imported;
    }

    void export_caches(const std::vector<engine::Layer>& layers, engine::Progress& progress) {
        for (const CacheTarget& target : settings_.cache_to) {
            if (target.kind == CacheTarget::Kind::Inline) continue;
            engine::StepRecords steps = state_.steps();
            if (target.steps == CacheTarget::Steps::OfImage)
                steps = engine::steps_of_layers(steps, layers);
            try {
                with_context("--cache-to " + quoted(target.text), [&] {
                    export_steps(
                        target, steps, state_.cache_services(around_.folder, settings_.platform));
                });
            } catch (const Error& error) {
                if (target.on_error == CacheTarget::OnError::Fail) throw;
                progress.note("warning: " + error.describe());
            }
        }
    }

    /// A build that failed is tried again: the steps that were done need not be done again.
    void keep_steps(engine::Progress& progress) {
        try {
            state_.blobs().sync();
        } catch (const Error& error) {
            progress.note("warning: the steps that were done are lost: " + error.describe());
        }
    }

    engine::BuildRequest request(const BuildContext& context) const {
        std::map<std::string, const source::Tree*> named;
        for (const auto& [name, tree] : context.named)
            named[name] = tree.get();
        const std::int64_t epoch =
            settings_.source_date_epoch.value_or(context.files->commit_time().value_or(0));
        engine::PlanOptions plan = plan_options(settings_);
        if (plan.inputs.build_args.find(kEpoch) == kEpochOfContext)
            plan.inputs.build_args.set(kEpoch, std::to_string(epoch));
        return {
            .dockerfile = context.dockerfile.tree,
            .context = *context.visible,
            .plan = std::move(plan),
            .context_trees = std::move(named),
            .network = settings_.network,
            .limits = settings_.limits,
            .extra_hosts = settings_.extra_hosts,
            .hostname = settings_.hostname,
            .secrets = read_secrets(),
            .ssh_agents = ssh_->sockets(),
            .source_date_epoch = epoch,
            .compression = settings_.compression,
            .network_steps = engine::NetworkSteps::Reuse,
            .jobs = settings_.compression.threads,
            .container_prefix = "nacre-build-" + std::to_string(::getpid())};
    }

    std::map<std::string, Secret> read_secrets() const {
        std::map<std::string, Secret> secrets;
        for (const auto& [id, source] : settings_.secrets)
            secrets[id] = read_secret(id, source);
        return secrets;
    }

    Secret read_secret(const std::string& id, const SecretSource& source) const {
        if (!source.file.empty())
            return Secret{os::read_file(around_.folder / source.file, kSecretBytesMax)};
        auto value = around_.environment(source.variable);
        if (!value)
            throw Error{
                ErrorCode::NotFound,
                "--secret " + quoted(id) + ": the variable " + quoted(source.variable)
                    + " is not set"};
        return Secret{*std::move(value)};
    }

    std::vector<std::string> tag_texts() const {
        std::vector<std::string> texts;
        for (oci::Reference tag : settings_.tags) {
            tag.image_tag = tag.effective_tag();
            texts.push_back(tag.str());
        }
        return texts;
    }

    void report(const FinishedImage& image) const {
        if (settings_.iid_file)
            os::write_file_atomically(
                around_.folder / *settings_.iid_file, image.config.str(), os::Durability::Buffered);
        if (settings_.metadata_file)
            os::write_file_atomically(
                around_.folder / *settings_.metadata_file,
                render_metadata(image, full_names()),
                os::Durability::Buffered);
        const bool is_taken = std::ranges::any_of(
            settings_.outputs, [](const OutputSpec& one) { return one.destination == "-"; });
        if (!is_taken) around_.print(image.config.str() + "\n");
    }

    std::vector<std::string> full_names() const {
        std::vector<std::string> names;
        for (const oci::Reference& tag : settings_.tags)
            names.push_back(full_name(tag));
        return names;
    }

    const BuildSettings& settings_;
    const Surroundings& around_;
    SystemClock clock_;
    BuildState state_;
    std::optional<SshAgents> ssh_;  ///< what it makes is in a folder of state_
};

}  // namespace

int build(const BuildOptions& options, const Surroundings& around) {
    BuildSettings settings;
    try {
        settings = read_settings(options, around.environment);
    } catch (const Error& error) {
        around.err.write(as_bytes("error: " + error.explain() + "\n"));
        return kExitWrongUsage;
    }
    return Build{settings, around}.run();
}

}  // namespace nacre::cli::build
