#include "builder/engine_image_builder.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/labels.hpp"
#include "dockerfile/parser.hpp"
#include "engine/image_files.hpp"
#include "koji/fault.hpp"
#include "publish/oci_archive.hpp"

#include <utility>

namespace nacre::builder {
namespace {

constexpr const char* kDockerfile = "Dockerfile";
/// One file for each package, in images without dpkg itself.
constexpr const char* kDpkgFolder = "var/lib/dpkg/status.d";
constexpr std::size_t kDatabaseBytesMax = 256U << 20U;

dockerfile::BuildInputs inputs_for(const oci::Platform& platform) {
    dockerfile::BuildInputs inputs;
    inputs.platform_args =
        dockerfile::make_platform_arguments(platform.str(), oci::Platform::host().str());
    return inputs;
}

/// The FROM at the root of the target stage's chain of stages: whose environment and labels it inherits.
const dockerfile::ImageUse* root_use(
    const dockerfile::ImageUses& uses, const dockerfile::Dockerfile& file) {
    std::size_t stage = file.stages.size() - 1;
    while (true) {
        const dockerfile::ImageUse* from = nullptr;
        for (const dockerfile::ImageUse& use : uses.uses)
            if (use.kind == dockerfile::ImageUseKind::From && use.stage == stage) from = &use;
        if (from == nullptr || !from->source_stage) return from;
        stage = *from->source_stage;
    }
}

std::vector<std::string> names_in(engine::ImageFiles& image, const char* folder) {
    std::vector<std::string> names;
    const engine::ImageTree::Node* node = image.tree().find_target(folder);
    if (node == nullptr || !node->is_folder()) return names;
    for (const auto& [name, child] : node->children)
        names.push_back(name);
    return names;
}

}  // namespace

Recipe EngineImageBuilder::read(
    const source::Tree& tree,
    const oci::Platform& platform,
    const std::optional<oci::Digest>& parent) const {
    const auto text = source::find_text(tree, kDockerfile, dockerfile::kTextBytesMax);
    if (!text)
        throw koji::Fault{
            koji::FaultCode::BuildError,
            "Dockerfile file missing: the commit has no file 'Dockerfile' in its top folder"};
    Recipe recipe;
    dockerfile::ParseResult parsed = dockerfile::parse(*text, kDockerfile);
    recipe.dockerfile = std::move(parsed.tree);
    recipe.diagnostics = std::move(parsed.diagnostics);
    if (!has_errors(recipe.diagnostics)) resolve_parents(platform, parent, recipe);
    return recipe;
}

void EngineImageBuilder::resolve_parents(
    const oci::Platform& platform, const std::optional<oci::Digest>& parent, Recipe& recipe) const {
    const dockerfile::Dockerfile& file = recipe.dockerfile;
    const dockerfile::BuildInputs inputs = inputs_for(platform);
    const dockerfile::ImageUses uses = dockerfile::find_image_uses(file, inputs);
    recipe.diagnostics.insert(
        recipe.diagnostics.end(), uses.diagnostics.begin(), uses.diagnostics.end());
    const dockerfile::ImageUse* root = root_use(uses, file);
    oci::ImageConfig base;
    for (const dockerfile::ImageUse& use : uses.uses) {
        if (!use.is_image() || use.text.empty()) {
            if (use.scratch && use.kind == dockerfile::ImageUseKind::From)
                recipe.parents.push_back({use.text, std::nullopt});
            continue;
        }
        try {
            oci::Reference reference = oci::Reference::parse(use.text);
            if (parent && &use == root) reference.digest = parent;
            const engine::BaseImage image = services_.bases.get(reference, platform);
            recipe.parents.push_back({use.text, image.digest});
            if (&use == root) base = image.config;
        } catch (const Error& error) {
            recipe.diagnostics.push_back(dockerfile::diagnose(file, use.at, error));
        }
    }
    const dockerfile::StageState state =
        dockerfile::evaluate_stage(file, inputs, dockerfile::variables_of(base.env));
    recipe.labels = state.labels.items();
    recipe.diagnostics.insert(
        recipe.diagnostics.end(), state.diagnostics.begin(), state.diagnostics.end());
}

BuiltImage EngineImageBuilder::build(const ImageOrder& order, ByteSink& log, std::stop_token stop) {
    engine::TextProgress progress{log, clock_};
    engine::PlanOptions plan;
    plan.inputs = inputs_for(order.platform);
    plan.platform = order.platform;
    plan.labels = order.labels;
    plan.env = order.env;
    const engine::BuildRequest request{
        .dockerfile = order.recipe.dockerfile,
        .context = order.context,
        .plan = std::move(plan),
        .pins = order.pins,
        .network =
            order.network == Network::Open ? exec::NetworkMode::Host : exec::NetworkMode::None,
        .source_date_epoch = order.source_date_epoch,
        .compression = settings_.compression,
        .trust = order.trusted ? engine::Trust::Official : engine::Trust::Scratch,
        .container_prefix = settings_.container_prefix};
    engine::BuildResult result = engine::build(request, services_, progress, stop);
    BuiltImage built{result.manifest, result.config_blob.digest, {}, {}, {}};
    built.config = json::parse(oci::render(result.config));
    for (const engine::Layer& layer : result.layers)
        built.layers.push_back({layer.diff_id, layer.blob.size});
    built.components = list_packages(result.layers, progress);
    return built;
}

std::vector<packages::InstalledPackage> EngineImageBuilder::list_packages(
    const std::vector<engine::Layer>& layers, engine::Progress& progress) {
    engine::ImageFiles image{services_, layers};
    std::vector<std::string> paths{
        "var/lib/dpkg/status", "lib/apk/db/installed", "usr/lib/apk/db/installed"};
    for (const std::string& name : names_in(image, kDpkgFolder))
        paths.push_back(kDpkgFolder + ("/" + name));
    std::vector<packages::DatabaseFile> files;
    for (const std::string& path : paths)
        if (auto text = image.find_text(path, kDatabaseBytesMax))
            files.push_back({path, *std::move(text)});
    packages::Inventory inventory = packages::read_inventory(files);
    if (!inventory.findings.empty()) progress.note(render(inventory.findings));
    for (const char* path : {"var/lib/rpm", "usr/lib/sysimage/rpm"})
        if (!names_in(image, path).empty())
            progress.note(
                "warning: the image has an rpm database, whose packages are not listed yet");
    return std::move(inventory.packages);
}

void EngineImageBuilder::sync() {
    services_.blobs.sync();
}

void EngineImageBuilder::write_archive(
    const oci::Descriptor& manifest, const std::string& reference, ByteSink& out) const {
    publish::write_oci_archive(services_.blobs, manifest, reference, out);
}

}  // namespace nacre::builder
