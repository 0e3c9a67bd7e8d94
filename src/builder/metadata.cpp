#include "builder/metadata.hpp"

#include "base/text.hpp"
#include "client/json_values.hpp"

#include <algorithm>
#include <utility>

namespace nacre::builder {
namespace {

constexpr std::int64_t kMetadataVersion = 0;
constexpr std::int64_t kBuildrootId = 1;

koji::Array strings(const std::vector<std::string>& values) {
    return {values.begin(), values.end()};
}

koji::Value integer(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

koji::Struct file_fields(const UploadedFile& file, const std::string& koji_arch) {
    koji::Struct fields;
    fields.set("buildroot_id", kBuildrootId);
    fields.set("filename", file.name);
    fields.set("filesize", integer(file.size));
    fields.set("checksum_type", "sha256");
    fields.set("checksum", file.sha256);
    fields.set("arch", koji_arch);
    return fields;
}

koji::Value component_fields(const packages::InstalledPackage& package) {
    koji::Struct fields;
    fields.set("type", package.type);
    fields.set("name", package.name);
    fields.set("version", package.version);
    fields.set("release", package.release);
    const auto epoch = parse_integer(package.epoch);
    fields.set("epoch", epoch ? koji::Value{*epoch} : koji::Value{});
    fields.set("arch", package.arch);
    return fields;
}

std::vector<std::string> all_tags(const ImageTags& tags) {
    std::vector<std::string> names{tags.unique};
    names.insert(names.end(), tags.primary.begin(), tags.primary.end());
    names.insert(names.end(), tags.floating.begin(), tags.floating.end());
    return names;
}

std::string by_tag(const BuildFacts& facts, const std::string& image_tag) {
    return facts.registry + "/" + facts.repository + ":" + image_tag;
}

std::string by_digest(const BuildFacts& facts, const ImageOutput& image) {
    return facts.registry + "/" + facts.repository + "@" + image.manifest.digest.str();
}

koji::Struct digests(const ImageOutput& image) {
    koji::Struct fields;
    fields.set(image.manifest.media_type, image.manifest.digest.str());
    return fields;
}

koji::Struct docker_fields(const BuildFacts& facts, const ImageOutput& image) {
    koji::Array layers;
    for (const LayerSize& layer : image.layers) {
        koji::Struct fields;
        fields.set("diff_id", layer.diff_id.digest.str());
        fields.set("size", integer(layer.size));
        layers.emplace_back(fields);
    }
    std::vector<std::string> repositories;
    for (const std::string& image_tag : facts.tags.primary)
        repositories.push_back(by_tag(facts, image_tag));
    repositories.push_back(by_digest(facts, image));
    koji::Struct fields;
    fields.set("id", image.config_digest.str());
    fields.set("repositories", strings(repositories));
    fields.set("config", client::to_koji(image.config));
    fields.set("tags", strings(all_tags(facts.tags)));
    fields.set("floating_tags", strings(facts.tags.floating));
    fields.set("unique_tags", strings({facts.tags.unique}));
    fields.set("layer_sizes", layers);
    fields.set("digests", digests(image));
    return fields;
}

koji::Value image_output(const BuildFacts& facts, const ImageOutput& image) {
    koji::Struct fields = file_fields(image.archive, image.koji_arch);
    fields.set("type", "docker-image");
    koji::Array components;
    for (const packages::InstalledPackage& package : image.components)
        components.push_back(component_fields(package));
    fields.set("components", components);
    koji::Struct arch;
    arch.set("arch", image.koji_arch);
    koji::Struct extra;
    extra.set("image", arch);
    extra.set("docker", docker_fields(facts, image));
    fields.set("extra", extra);
    return fields;
}

koji::Value log_output(const LogOutput& log) {
    koji::Struct fields = file_fields(log.file, log.koji_arch);
    fields.set("type", "log");
    return fields;
}

koji::Struct index_fields(const BuildFacts& facts) {
    std::vector<std::string> pull;
    for (const ImageOutput& image : facts.images)
        pull.push_back(by_digest(facts, image));
    for (const std::string& image_tag : facts.tags.primary)
        pull.push_back(by_tag(facts, image_tag));
    koji::Struct fields;
    fields.set("pull", strings(pull));
    fields.set("tags", strings(all_tags(facts.tags)));
    fields.set("floating_tags", strings(facts.tags.floating));
    fields.set("unique_tags", strings({facts.tags.unique}));
    if (!facts.images.empty()) fields.set("digests", digests(facts.images.front()));
    return fields;
}

koji::Struct image_extra(const BuildFacts& facts) {
    koji::Array parents;
    koji::Struct pinned;
    for (const ParentImage& parent : facts.parents) {
        parents.emplace_back(parent.reference);
        if (parent.digest) pinned.set(parent.reference, parent.digest->str());
    }
    koji::Array media_types;
    for (const ImageOutput& image : facts.images)
        if (std::ranges::find(media_types, koji::Value{image.manifest.media_type})
            == media_types.end())
            media_types.emplace_back(image.manifest.media_type);
    koji::Struct fields;
    fields.set("autorebuild", koji::Value{false});
    fields.set("isolated", facts.isolated);
    fields.set("help", koji::Value{});
    fields.set("media_types", media_types);
    fields.set("parent_images", parents);
    fields.set("parent_image_digests", pinned);
    fields.set("index", index_fields(facts));
    return fields;
}

koji::Struct build_fields(const BuildFacts& facts) {
    koji::Struct kind;
    kind.set("kind", "container_build");
    kind.set("engine", "nacre");
    kind.set("subtypes", koji::Array{});
    koji::Struct typeinfo;
    const koji::Struct image = image_extra(facts);
    typeinfo.set("image", image);
    koji::Struct extra;
    extra.set("image", image);
    extra.set("typeinfo", typeinfo);
    extra.set("container_koji_task_id", facts.task_id);
    extra.set("submitter", facts.owner);
    extra.set("osbs_build", kind);
    koji::Struct fields;
    fields.set("name", facts.component);
    fields.set("version", facts.version);
    fields.set("release", facts.release);
    fields.set("source", facts.source);
    fields.set("start_time", facts.start_time);
    fields.set("end_time", facts.end_time);
    fields.set("owner", facts.owner);
    fields.set("build_id", facts.build_id);
    fields.set("task_id", facts.task_id);
    fields.set("extra", extra);
    return fields;
}

koji::Value buildroot_fields(const BuildFacts& facts) {
    const std::string koji_arch = facts.images.empty() ? "noarch" : facts.images.front().koji_arch;
    koji::Struct host;
    host.set("os", facts.host_os);
    host.set("arch", koji_arch);
    koji::Struct generator;
    generator.set("name", kContentGenerator);
    generator.set("version", facts.generator_version);
    koji::Struct container;
    container.set("type", "none");
    container.set("arch", koji_arch);
    koji::Struct tool;
    tool.set("name", "nacre");
    tool.set("version", facts.generator_version);
    koji::Struct fields;
    fields.set("id", kBuildrootId);
    fields.set("host", host);
    fields.set("content_generator", generator);
    fields.set("container", container);
    fields.set("tools", koji::Array{tool});
    fields.set("components", koji::Array{});
    fields.set("extra", koji::Struct{});
    return fields;
}

}  // namespace

koji::Struct content_generator_metadata(const BuildFacts& facts) {
    koji::Array output;
    for (const ImageOutput& image : facts.images)
        output.push_back(image_output(facts, image));
    for (const LogOutput& log : facts.logs)
        output.push_back(log_output(log));
    koji::Struct metadata;
    metadata.set("metadata_version", kMetadataVersion);
    metadata.set("build", build_fields(facts));
    metadata.set("buildroots", koji::Array{buildroot_fields(facts)});
    metadata.set("output", output);
    return metadata;
}

std::vector<std::string> pull_specs(const BuildFacts& facts) {
    std::vector<std::string> specs{by_tag(facts, facts.tags.unique)};
    for (const std::string& image_tag : facts.tags.primary)
        specs.push_back(by_tag(facts, image_tag));
    for (const ImageOutput& image : facts.images)
        specs.push_back(by_digest(facts, image));
    return specs;
}

}  // namespace nacre::builder
