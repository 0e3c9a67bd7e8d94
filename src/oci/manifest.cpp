#include "oci/manifest.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

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

bool is_index(std::string_view media_type) noexcept {
    return media_type == kMediaTypeIndex || media_type == kDockerIndex;
}

bool is_manifest(std::string_view media_type) noexcept {
    return media_type == kMediaTypeManifest || media_type == kDockerManifest;
}

}  // namespace nacre::oci
