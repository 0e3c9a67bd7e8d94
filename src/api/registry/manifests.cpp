#include "api/registry/detail/manifests.hpp"

#include "api/registry/detail/refusal.hpp"
#include "api/registry/detail/route.hpp"
#include "base/text.hpp"
#include "http/content.hpp"
#include "json/value.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"

#include <algorithm>
#include <utility>

namespace nacre::api::registry::detail {
namespace {

/// distribution-spec: registries should take manifests of at least this size.
constexpr std::size_t kManifestBytesMax = 4U << 20U;
constexpr std::size_t kFactsMax = 20'000;

/// "application/json" of "Application/JSON; charset=utf-8".
std::string bare_media_type(std::string_view field) {
    return to_lower(trim(field.substr(0, field.find(';'))));
}

/// Whether the Accept fields (RFC 9110 section 12.5.1) allow the type. "application/json" is what old clients
/// write when they take anything.
bool accepts(const http::Request& request, const std::string& media_type) {
    bool has_field = false;
    for (const auto& [name, value] : request.headers.fields()) {
        if (!equals_ignoring_case(name, "Accept")) continue;
        for (const std::string& piece : split(value, ',')) {
            const std::string range = bare_media_type(piece);
            if (range.empty()) continue;
            has_field = true;
            if (range == media_type || range == "*/*" || range == "application/*"
                || range == "application/json")
                return true;
        }
    }
    return !has_field;
}

/// Layers that clients fetch from elsewhere (image-spec, layer.md, "Non-Distributable Layers").
bool is_foreign(const oci::Descriptor& blob) noexcept {
    return blob.media_type.find(".nondistributable.") != std::string::npos
           || blob.media_type.find(".foreign.") != std::string::npos;
}

template <class Parse>
auto parse_or_refuse(const Parse& parse) {
    try {
        return parse();
    } catch (const Error& error) {
        throw Refusal{400, "MANIFEST_INVALID", error.describe()};
    }
}

std::string read_manifest_body(const http::Request& request) {
    try {
        return request.read_body(kManifestBytesMax);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::ResourceExhausted) throw;
        throw Refusal{413, "SIZE_INVALID", error.describe()};
    }
}

void store_manifest(store::BlobStore& blobs, const std::string& bytes, const oci::Digest& digest) {
    try {
        const auto ingest = blobs.ingest();
        ingest->write(as_bytes(bytes));
        ingest->commit(digest);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::DataCorrupt) throw;
        throw Refusal{400, "DIGEST_INVALID", error.describe()};
    }
}

json::Value render_annotations(const oci::Annotations& annotations) {
    json::Object object;
    for (const auto& [name, value] : annotations)
        object.set(name, value);
    return object;
}

}  // namespace

store::NamedManifest Manifests::get_named(
    const std::string& repository, const std::string& reference) const {
    std::optional<store::NamedManifest> named;
    if (reference.find(':') != std::string::npos) {
        named = parts_.names.find_manifest(repository, parse_digest(reference));
    } else if (oci::is_image_tag(reference)) {
        named = parts_.names.find_tag(repository, reference);
    }
    if (named) return *named;
    throw Refusal{
        404,
        "MANIFEST_UNKNOWN",
        "repository " + nacre::quoted(repository) + " has no " + nacre::quoted(reference)};
}

http::Response Manifests::get(
    const http::Request& request, const std::string& repository, const std::string& reference) {
    const store::NamedManifest named = get_named(repository, reference);
    if (!accepts(request, named.media_type))
        throw Refusal{
            404,
            "MANIFEST_UNKNOWN",
            nacre::quoted(reference) + " is a " + named.media_type
                + ", which the Accept fields of the request do not allow"};
    const auto size = parts_.blobs.find(named.digest);
    if (!size)
        throw Error{
            ErrorCode::DataCorrupt,
            "manifest " + named.digest.str() + " of " + nacre::quoted(repository)
                + " is not in the store"};
    http::Content content;
    content.size = *size;
    content.etag = "\"" + named.digest.str() + "\"";
    content.type = named.media_type;
    content.open = [&](std::uint64_t offset) { return parts_.blobs.open(named.digest, offset); };
    http::Response response = http::respond_with(request, content);
    response.headers.set("Docker-Content-Digest", named.digest.str());
    response.headers.set("Cache-Control", "no-cache");
    response.headers.set("Vary", "Accept");
    return response;
}

void Manifests::check_blob(const oci::Descriptor& blob) const {
    if (is_foreign(blob)) return;
    const auto size = parts_.blobs.find(blob.digest);
    if (!size)
        throw Refusal{
            404,
            "MANIFEST_BLOB_UNKNOWN",
            "the manifest refers to " + blob.digest.str() + ", which was not uploaded"};
    if (*size != blob.size)
        throw Refusal{
            400,
            "MANIFEST_INVALID",
            blob.digest.str() + " has " + std::to_string(*size) + " bytes, the manifest says "
                + std::to_string(blob.size)};
}

void Manifests::check_references(std::string_view bytes, const std::string& media_type) const {
    if (oci::is_index(media_type)) {
        const auto index = parse_or_refuse([&] { return oci::parse_index(bytes, media_type); });
        for (const oci::Descriptor& manifest : index.manifests)
            check_blob(manifest);
        return;
    }
    if (!oci::is_manifest(media_type))
        throw Refusal{
            400,
            "MANIFEST_INVALID",
            "unsupported Content-Type " + nacre::quoted(media_type)
                + ", expected an OCI or Docker manifest, index or manifest list"};
    const auto manifest = parse_or_refuse([&] { return oci::parse_manifest(bytes, media_type); });
    check_blob(manifest.config);
    for (const oci::Descriptor& layer : manifest.layers)
        check_blob(layer);
}

http::Response Manifests::put(
    const http::Request& request, const std::string& repository, const std::string& reference) {
    const bool by_digest = reference.find(':') != std::string::npos;
    if (!by_digest && !oci::is_image_tag(reference))
        throw Refusal{400, "TAG_INVALID", "invalid tag " + nacre::quoted(reference)};
    const std::string media_type =
        bare_media_type(request.headers.find("Content-Type").value_or(""));
    const std::string bytes = read_manifest_body(request);
    check_references(bytes, media_type);
    const Facts facts = parse_or_refuse([&] { return read_facts(bytes); });
    std::optional<oci::Digest> digest;
    if (by_digest) {
        digest = parse_digest(reference);
        store_manifest(parts_.blobs, bytes, *digest);
    } else {
        digest = store::write_blob(parts_.blobs, bytes);
    }
    parts_.names.add_manifest(repository, {*digest, media_type});
    if (!by_digest) parts_.names.set_tag(repository, reference, *digest);
    http::Response response = http::Response::plain(201, "");
    response.headers.set("Location", "/v2/" + repository + "/manifests/" + digest->str());
    response.headers.set("Docker-Content-Digest", digest->str());
    if (facts.subject) response.headers.set("OCI-Subject", facts.subject->str());
    return response;
}

http::Response Manifests::remove(const std::string& repository, const std::string& reference) {
    const store::NamedManifest named = get_named(repository, reference);
    if (reference.find(':') != std::string::npos)
        parts_.names.remove_manifest(repository, named.digest);
    else
        parts_.names.remove_tag(repository, reference);
    return http::Response::plain(202, "");
}

Manifests::Facts Manifests::read_facts(std::string_view bytes) {
    const json::Value document = json::parse(bytes);
    const json::Reader manifest{document, "manifest"};
    Facts facts;
    facts.size = bytes.size();
    facts.artifact_type = manifest.get_string_or("artifactType", "");
    if (facts.artifact_type.empty() && manifest.has("config"))
        facts.artifact_type = manifest.get_object("config").get_string_or("mediaType", "");
    facts.annotations = manifest.get_string_map("annotations");
    if (manifest.has("subject"))
        facts.subject = oci::Digest::parse(manifest.get_object("subject").get_string("digest"));
    return facts;
}

Manifests::Facts Manifests::facts_of(const oci::Digest& digest) {
    {
        auto known = known_.lock();
        const auto found = known->find(digest);
        if (found != known->end()) return found->second;
    }
    const Facts facts = read_facts(store::read_blob(parts_.blobs, digest, kManifestBytesMax));
    auto known = known_.lock();
    if (known->size() >= kFactsMax) known->clear();
    known->emplace(digest, facts);
    return facts;
}

http::Response Manifests::referrers(
    const http::Request& request, const std::string& repository, const std::string& reference) {
    const oci::Digest subject = parse_digest(reference);
    const auto filter = request.find_query("artifactType");
    json::Array manifests;
    for (const store::NamedManifest& named : parts_.names.manifests(repository)) {
        const Facts facts = facts_of(named.digest);
        if (facts.subject != subject) continue;
        if (filter && *filter != facts.artifact_type) continue;
        json::Object descriptor;
        descriptor.set("mediaType", named.media_type);
        descriptor.set("digest", named.digest.str());
        descriptor.set("size", static_cast<std::int64_t>(facts.size));
        if (!facts.artifact_type.empty()) descriptor.set("artifactType", facts.artifact_type);
        if (!facts.annotations.empty())
            descriptor.set("annotations", render_annotations(facts.annotations));
        manifests.emplace_back(std::move(descriptor));
    }
    json::Object index;
    index.set("schemaVersion", 2);
    index.set("mediaType", oci::kMediaTypeIndex);
    index.set("manifests", std::move(manifests));
    http::Response response = http::Response::json(200, json::render(std::move(index)));
    response.headers.set("Content-Type", oci::kMediaTypeIndex);
    if (filter) response.headers.set("OCI-Filters-Applied", "artifactType");
    return response;
}

}  // namespace nacre::api::registry::detail
