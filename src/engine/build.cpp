#include "engine/build.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/thread_group.hpp"
#include "engine/progress_queue.hpp"
#include "engine/stage_builder.hpp"
#include "engine/stage_runs.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace nacre::engine {
namespace {

/// The images that needed stages are FROM, resolved once each, with pins for tags.
class ResolvedBases {
public:
    ResolvedBases(const BuildRequest& request, const BuildServices& services)
        : request_{request},
          services_{services} {}

    const BaseImage& get(const std::string& text, const oci::Platform& platform) {
        const std::string key = image_key(text, platform, request_.plan.platform);
        const auto known = images_.find(key);
        if (known != images_.end()) return known->second;
        oci::Reference reference = oci::Reference::parse(text);
        const auto pin = request_.pins.find(text);
        if (pin != request_.pins.end()) reference.digest = pin->second;
        return images_.emplace(key, services_.bases.get(reference, platform)).first->second;
    }

    /// One that get() gave before. For threads.
    const BaseImage& known(const std::string& text, const oci::Platform& platform) const {
        return images_.at(image_key(text, platform, request_.plan.platform));
    }

    std::vector<std::pair<std::string, oci::Digest>> digests() const {
        std::vector<std::pair<std::string, oci::Digest>> result;
        for (const auto& [text, image] : images_)
            result.emplace_back(text, image.digest);
        return result;
    }

private:
    const BuildRequest& request_;
    const BuildServices& services_;
    std::map<std::string, BaseImage> images_;
};

/// The trees that COPY and ADD take files from. Addresses are fetched before anything runs: a key of the cache covers their
/// content, and a long build should not end for a file that is not there.
class SourceTrees {
public:
    SourceTrees(const BuildRequest& request, const BuildServices& services)
        : request_{request},
          services_{services} {}

    void fetch(const source::RemoteAddress& address, const std::stop_token& stop) {
        if (find_fetched(address) != nullptr) return;
        if (services_.remotes == nullptr)
            throw Error{
                ErrorCode::PermissionDenied,
                "ADD of " + quoted(source::render(address)) + ": this build takes no addresses"}
                .with_hint("put the file into the build context");
        fetched_.emplace_back(address, services_.remotes->fetch(address, stop));
    }

    /// What fetch() got, or was given. Throws Error{NotFound} for a context that was not. For threads.
    const source::Tree& get(const CopyOrigin& origin) const {
        if (const auto* address = std::get_if<FromAddress>(&origin))
            return *find_fetched(address->address);
        const auto* context = std::get_if<FromNamedContext>(&origin);
        if (context == nullptr) return request_.context;
        const auto known = request_.context_trees.find(context->name);
        if (known == request_.context_trees.end())
            throw Error{
                ErrorCode::NotFound,
                "there are no files for the build context " + quoted(context->name)};
        return *known->second;
    }

private:
    const source::Tree* find_fetched(const source::RemoteAddress& address) const {
        for (const auto& [known, tree] : fetched_)
            if (known == address) return tree.get();
        return nullptr;
    }

    const BuildRequest& request_;
    const BuildServices& services_;
    std::vector<std::pair<source::RemoteAddress, std::unique_ptr<source::Tree>>> fetched_;
};

[[noreturn]] void refuse(const Diagnostics& diagnostics) {
    throw Error{ErrorCode::InvalidArgument, std::string{trim(render(diagnostics))}};
}

void require_origin(
    const CopyOrigin& origin,
    const oci::Platform& platform,
    ResolvedBases& bases,
    SourceTrees& trees,
    const std::stop_token& stop) {
    if (const auto* image = std::get_if<FromImage>(&origin)) {
        bases.get(image->reference, platform);
    } else if (const auto* address = std::get_if<FromAddress>(&origin)) {
        trees.fetch(address->address, stop);
    } else if (std::holds_alternative<FromNamedContext>(origin)) {
        static_cast<void>(trees.get(origin));
    }
}

/// What COPY and ADD take files from, before anything runs: a long build should not end for an image that is not there.
void require_origins(
    const BuildRequest& request,
    const Plan& plan,
    ResolvedBases& bases,
    SourceTrees& trees,
    const std::stop_token& stop) {
    Diagnostics problems;
    const auto require = [&](const Step& step, const CopyOrigin& origin) {
        try {
            require_origin(origin, request.plan.platform, bases, trees, stop);
        } catch (const Error& error) {
            problems.push_back(dockerfile::diagnose(request.dockerfile, step.at, error));
        }
    };
    for (const std::size_t index : plan.needed)
        for (const Step& step : plan.stages[index].steps)
            for (const CopyOrigin& origin : origins_of(step.action))
                require(step, origin);
    if (!problems.empty()) refuse(problems);
}

/// The first RUN of a stage.
const Step* find_run(const StagePlan& stage) {
    const auto run = std::ranges::find_if(stage.steps, [](const Step& step) {
        return std::holds_alternative<RunAction>(step.action);
    });
    return run == stage.steps.end() ? nullptr : &*run;
}

/// Programs of a foreign platform need an emulator.
void require_runnable(
    const BuildRequest& request, const BuildServices& services, const Plan& plan) {
    const std::string machine = machine_architecture();
    Diagnostics problems;
    for (const std::size_t index : plan.needed) {
        const StagePlan& stage = plan.stages[index];
        const oci::Platform& platform = stage.config.platform;
        const Step* run = find_run(stage);
        if (run == nullptr || can_run(platform, machine, services.emulators)) continue;
        const Error error{
            ErrorCode::Unsupported,
            "RUN needs to run programs for " + platform.str() + ", this machine is " + machine
                + " and has no emulator for it"};
        problems.push_back(dockerfile::diagnose(
            request.dockerfile,
            run->at,
            error.with_hint(
                "register one in " + services.emulators.native()
                + " with flag F, or build there")));
    }
    if (!problems.empty()) refuse(problems);
}

/// Once a build, and only when something is run.
void warn_of_limits(
    const BuildRequest& request,
    const BuildServices& services,
    const Plan& plan,
    Progress& progress) {
    const bool runs = std::ranges::any_of(
        plan.needed, [&](std::size_t index) { return find_run(plan.stages[index]) != nullptr; });
    if (!runs) return;
    for (const std::string& limit : services.executor.unkept(request.limits))
        progress.note("warning: a limit is not kept: " + limit);
}

/// Stages that the target does not need may name images that are not there.
BaseConfigs configs_of(const BuildRequest& request, ResolvedBases& bases) {
    const PlanResult skeleton = make_plan(request.dockerfile, request.plan, {});
    BaseConfigs configs;
    Diagnostics problems;
    for (const std::size_t index : skeleton.plan.needed) {
        const StagePlan& stage = skeleton.plan.stages[index];
        const auto* base = std::get_if<ImageBase>(&stage.base);
        if (base == nullptr) continue;
        try {
            const std::string key =
                image_key(base->reference, base->platform, request.plan.platform);
            configs.emplace(key, bases.get(base->reference, base->platform).config);
        } catch (const Error& error) {
            problems.push_back(dockerfile::diagnose(request.dockerfile, stage.at, error));
        }
    }
    if (!problems.empty()) refuse(problems);
    return configs;
}

std::string created_text(std::int64_t epoch) {
    return render_rfc3339(from_unix_seconds(epoch));
}

struct StageParts {
    const BuildRequest& request;
    const BuildServices& services;
    const Plan& plan;
    ResolvedBases& bases;
    const SourceTrees& trees;
};

/// What a stage begins with, and where its COPY --from finds files, while other stages are built.
class StageMaker {
public:
    StageMaker(const StageParts& parts, Progress& progress)
        : parts_{parts},
          progress_{progress},
          runs_{parts.plan.needed, [this](std::size_t index, const std::stop_token& stop) {
                    return make(index, stop);
                }} {
        for (const std::size_t index : parts.plan.needed) {
            first_steps_[index] = step_count_ + 1;
            step_count_ += count_shown(parts.plan.stages[index]);
        }
    }

    StageRuns& runs() { return runs_; }

private:
    StageResult make(std::size_t index, const std::stop_token& stop) {
        const StagePlan& stage = parts_.plan.stages[index];
        StageBuilder builder{
            {parts_.request,
             parts_.services,
             parts_.plan,
             progress_,
             [this, stop](const CopyOrigin& origin) { return layers_of_origin(origin, stop); },
             [this](const CopyOrigin& origin) -> const source::Tree& {
                 return parts_.trees.get(origin);
             },
             first_steps_.at(index),
             step_count_,
             stop}};
        return builder.build(stage, start_of(stage, stop));
    }

    StageStart start_of(const StagePlan& stage, const std::stop_token& stop) {
        if (const auto* image = std::get_if<ImageBase>(&stage.base)) {
            const BaseImage& base = parts_.bases.known(image->reference, image->platform);
            return {layers_of(base), base.config.history};
        }
        if (const auto* earlier = std::get_if<FromStage>(&stage.base)) {
            const StageResult& result = runs_.get(earlier->index, stop);
            return {result.layers, result.config.history};
        }
        return {};
    }

    std::vector<Layer> layers_of_origin(const CopyOrigin& origin, const std::stop_token& stop) {
        if (const auto* earlier = std::get_if<FromStage>(&origin))
            return runs_.get(earlier->index, stop).layers;
        return layers_of(parts_.bases.known(
            std::get<FromImage>(origin).reference, parts_.request.plan.platform));
    }

    const StageParts parts_;
    Progress& progress_;
    std::map<std::size_t, std::size_t> first_steps_;
    std::size_t step_count_ = 0;
    StageRuns runs_;
};

StageResult build_stages(const StageParts& parts, Progress& progress, const std::stop_token& stop) {
    std::stop_source ending;
    const std::stop_callback forward{stop, [&ending] { ending.request_stop(); }};
    ProgressQueue events{ending.get_token()};
    StageMaker maker{parts, events};
    const unsigned jobs = parts.request.jobs == 0 ? kJobsDefault : parts.request.jobs;
    const std::size_t threads = std::min<std::size_t>(jobs, parts.plan.needed.size());
    {
        ThreadGroup workers;
        for (std::size_t i = 0; i < threads; ++i)
            workers.start("stage", [&](const std::stop_token&) {
                maker.runs().work(ending);
                events.end();
            });
        try {
            events.pump(progress, threads);
        } catch (...) {  // released and passed on: threads must not wait for a reader that is gone
            ending.request_stop();
            events.discard();
            throw;
        }
    }
    maker.runs().rethrow();
    return maker.runs().take_last();
}

BuildResult finish(const BuildRequest& request, const BuildServices& services, StageResult stage) {
    oci::ImageConfig config = std::move(stage.config);
    config.created = created_text(request.source_date_epoch);
    oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest},
        .config = store_document(services.blobs, oci::kMediaTypeConfig, oci::render(config)),
        .layers = {},
        .annotations = {}};
    for (const Layer& layer : stage.layers)
        manifest.layers.push_back(layer.blob);
    const oci::Descriptor descriptor =
        store_document(services.blobs, oci::kMediaTypeManifest, oci::render(manifest));
    return {
        .manifest = descriptor,
        .config_blob = manifest.config,
        .config = std::move(config),
        .layers = std::move(stage.layers),
        .bases = {}};
}

/// An empty path would be the current folder: files of a build would come to lie wherever its program was started.
void check_places(const BuildServices& services) {
    const std::pair<const char*, const std::filesystem::path*> places[] = {
        {"locks", &services.locks},
        {"indexes", &services.indexes},
        {"temporary", &services.temporary},
        {"cache_mounts", &services.cache_mounts}};
    for (const auto& [name, path] : places)
        if (path->empty())
            throw Error{
                ErrorCode::Internal,
                std::string{"the services of this build have no folder '"} + name + "'"};
}

}  // namespace

std::vector<Layer> layers_of(const BaseImage& image) {
    std::vector<Layer> layers;
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i)
        layers.push_back({image.manifest.layers[i], image.config.diff_ids[i]});
    return layers;
}

BuildResult build(
    const BuildRequest& request,
    const BuildServices& services,
    Progress& progress,
    std::stop_token stop) {
    check_places(services);
    ResolvedBases bases{request, services};
    const BaseConfigs configs = configs_of(request, bases);
    const PlanResult planned = make_plan(request.dockerfile, request.plan, configs);
    if (has_errors(planned.diagnostics)) refuse(planned.diagnostics);
    const Plan& plan = planned.plan;
    require_runnable(request, services, plan);
    SourceTrees trees{request, services};
    require_origins(request, plan, bases, trees, stop);
    warn_of_limits(request, services, plan, progress);

    BuildResult result = finish(
        request, services, build_stages({request, services, plan, bases, trees}, progress, stop));
    result.bases = bases.digests();
    return result;
}

}  // namespace nacre::engine
