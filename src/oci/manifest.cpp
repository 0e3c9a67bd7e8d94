#include "oci/manifest.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace nacre::oci {
namespace {

/// containerd and Docker stop at 127 layers; far beyond it, a manifest is an attack.
constexpr std::size_t kLayersMax = 1000;
constexpr std::size_t kManifestsMax = 1000;
constexpr std::int64_t kSchemaVersion = 2;

/// Bytes from outside that have another shape are corrupt data, whatever the parser called them.
template <class Body>
auto as_corrupt(std::string_view what, Body&& body) {
    try {
        return body();
    } catch (const Error& error) {
        throw Error{ErrorCode::DataCorrupt, std::string{what} + ": " + error.describe()};
    }
}

void check_head(const json::Value& value, std::string_view media_type, std::string_view foreign) {
    const json::Reader fields{value, "manifest"};
    if (fields.get_integer("schemaVersion") != kSchemaVersion)
        throw Error{ErrorCode::InvalidArgument, "schemaVersion is not 2"};
    const std::string own = fields.get_string_or("mediaType", media_type);
    if (own != media_type)
        throw Error{
            ErrorCode::InvalidArgument,
            "it says that it is " + quoted(own) + ", it came as " + quoted(media_type)};
    if (fields.has(foreign))
        throw Error{
            ErrorCode::InvalidArgument,
            "a document of this type has no member '" + std::string{foreign}
                + "' (CVE-2021-41190)"};
}

std::vector<Descriptor> parse_descriptors(
    const json::Array& list, const std::string& name, std::size_t limit) {
    if (list.size() > limit)
        throw Error{
            ErrorCode::InvalidArgument,
            name + " has " + std::to_string(list.size()) + " entries, limit "
                + std::to_string(limit)};
    std::vector<Descriptor> result;
    result.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i)
        result.push_back(parse_descriptor(list[i], name + "[" + std::to_string(i) + "]"));
    return result;
}

json::Array render_all(const std::vector<Descriptor>& descriptors) {
    json::Array list;
    list.reserve(descriptors.size());
    for (const Descriptor& descriptor : descriptors)
        list.push_back(render(descriptor));
    return list;
}

/// Of "v7" 7; of what is the same as no variant ("arm64/v8", "amd64/v1") 0.
std::optional<std::int64_t> level_of(const Platform& platform) {
    const std::string& variant = platform.variant;
    if (variant.empty()) return 0;
    if (variant.front() != 'v') return std::nullopt;
    const auto level = parse_integer(std::string_view{variant}.substr(1));
    const bool is_default = (platform.architecture == "arm64" && level == 8)
                            || (platform.architecture == "amd64" && level == 1);
    return is_default ? 0 : level;
}

/// How far what is offered is from what is wanted; nothing when it would not run there.
std::optional<std::int64_t> distance(const Platform& offered, const Platform& wanted) {
    constexpr std::int64_t kHigherThanNamed = 1000;
    if (offered.os != wanted.os || offered.architecture != wanted.architecture) return std::nullopt;
    if (offered.variant == wanted.variant) return 0;
    const auto have = level_of(offered);
    const auto want = level_of(wanted);
    if (!have || !want) return std::nullopt;
    if (*have <= *want) return *want - *have;
    return wanted.variant.empty() ? std::optional{kHigherThanNamed + *have} : std::nullopt;
}

void set_annotations(json::Object& fields, Annotations annotations) {
    if (annotations.empty()) return;
    std::ranges::sort(annotations);
    json::Object object;
    for (auto& [name, text] : annotations)
        object.set(name, std::move(text));
    fields.set("annotations", std::move(object));
}

}  // namespace

Manifest parse_manifest(std::string_view bytes, std::string_view media_type) {
    return as_corrupt("image manifest", [&] {
        const json::Value value = json::parse(bytes);
        check_head(value, media_type, "manifests");
        const json::Reader fields{value, "manifest"};
        const json::Value* config = value.if_object()->find("config");
        if (config == nullptr)
            throw Error{ErrorCode::InvalidArgument, "member 'config' is missing"};
        return Manifest{
            .media_type = std::string{media_type},
            .config = parse_descriptor(*config, "config"),
            .layers = parse_descriptors(fields.get_array("layers"), "layers", kLayersMax),
            .annotations = fields.get_string_map("annotations")};
    });
}

Index parse_index(std::string_view bytes, std::string_view media_type) {
    return as_corrupt("image index", [&] {
        const json::Value value = json::parse(bytes);
        check_head(value, media_type, "layers");
        const json::Reader fields{value, "index"};
        return Index{
            .media_type = std::string{media_type},
            .manifests =
                parse_descriptors(fields.get_array("manifests"), "manifests", kManifestsMax),
            .annotations = fields.get_string_map("annotations")};
    });
}

std::string render(const Manifest& manifest) {
    json::Object fields;
    fields.set("schemaVersion", kSchemaVersion);
    fields.set("mediaType", manifest.media_type);
    fields.set("config", render(manifest.config));
    fields.set("layers", render_all(manifest.layers));
    set_annotations(fields, manifest.annotations);
    return json::render(fields);
}

std::string render(const Index& index) {
    json::Object fields;
    fields.set("schemaVersion", kSchemaVersion);
    fields.set("mediaType", index.media_type);
    fields.set("manifests", render_all(index.manifests));
    set_annotations(fields, index.annotations);
    return json::render(fields);
}

Descriptor choose_for(const Index& index, const Platform& platform) {
    const Descriptor* best = nullptr;
    std::optional<std::int64_t> best_distance;
    std::vector<std::string> offered;
    for (const Descriptor& manifest : index.manifests) {
        if (!manifest.platform) continue;
        offered.push_back(manifest.platform->str());
        const auto found = distance(*manifest.platform, platform);
        if (!found || (best_distance && *best_distance <= *found)) continue;
        best = &manifest;
        best_distance = found;
    }
    if (best != nullptr) return *best;
    throw Error{
        ErrorCode::NotFound,
        "it is not there for " + platform.str() + ", only for " + join(offered, ", ")};
}

bool is_index(std::string_view media_type) noexcept {
    return media_type == kMediaTypeIndex || media_type == kDockerIndex;
}

bool is_manifest(std::string_view media_type) noexcept {
    return media_type == kMediaTypeManifest || media_type == kDockerManifest;
}

}  // namespace nacre::oci
