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

    const BaseImage& get(const std::string& text) {
        const auto known = images_.find(text);
        if (known != images_.end()) return known->second;
        oci::Reference reference = oci::Reference::parse(text);
        const auto pin = request_.pins.find(text);
        if (pin != request_.pins.end()) reference.digest = pin->second;
        return images_.emplace(text, services_.bases.get(reference, request_.plan.platform))
            .first->second;
    }

    /// One that get() gave before. For threads.
    const BaseImage& known(const std::string& text) const { return images_.at(text); }

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

[[noreturn]] void refuse(const Diagnostics& diagnostics) {
    throw Error{ErrorCode::InvalidArgument, std::string{trim(render(diagnostics))}};
}

Diagnostic missing(const BuildRequest& request, dockerfile::Location at, const Error& error) {
    return {
        .file = request.dockerfile.file,
        .line = at.line,
        .column = at.column,
        .message = error.describe(),
        .excerpt = std::string{request.dockerfile.line(at.line)},
        .hint = error.hint()};
}

/// What COPY --from names, before anything runs: a long build should not end for an image that is not there.
void require_origins(const BuildRequest& request, const Plan& plan, ResolvedBases& bases) {
    Diagnostics problems;
    for (const std::size_t index : plan.needed) {
        for (const Step& step : plan.stages[index].steps) {
            const auto* copy = std::get_if<CopyAction>(&step.action);
            const auto* image = copy ? std::get_if<FromImage>(&copy->origin) : nullptr;
            if (image == nullptr) continue;
            try {
                bases.get(image->reference);
            } catch (const Error& error) {
                problems.push_back(missing(request, step.at, error));
            }
        }
    }
    if (!problems.empty()) refuse(problems);
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
            configs.emplace(base->reference, bases.get(base->reference).config);
        } catch (const Error& error) {
            problems.push_back(missing(request, stage.at, error));
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
             first_steps_.at(index),
             step_count_,
             stop}};
        return builder.build(stage, start_of(stage, stop));
    }

    StageStart start_of(const StagePlan& stage, const std::stop_token& stop) {
        if (const auto* image = std::get_if<ImageBase>(&stage.base)) {
            const BaseImage& base = parts_.bases.known(image->reference);
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
        return layers_of(parts_.bases.known(std::get<FromImage>(origin).reference));
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
    ResolvedBases bases{request, services};
    const BaseConfigs configs = configs_of(request, bases);
    const PlanResult planned = make_plan(request.dockerfile, request.plan, configs);
    if (has_errors(planned.diagnostics)) refuse(planned.diagnostics);
    const Plan& plan = planned.plan;
    require_origins(request, plan, bases);

    BuildResult result =
        finish(request, services, build_stages({request, services, plan, bases}, progress, stop));
    result.bases = bases.digests();
    return result;
}

}  // namespace nacre::engine
