#include "registry/http_registry.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "oci/manifest.hpp"
#include "registry/detail/blob_source.hpp"
#include "registry/detail/refusal.hpp"
#include "registry/detail/session.hpp"
#include "registry/detail/upload.hpp"

#include <utility>

namespace nacre::registry {
namespace {

using detail::Call;
using detail::refusal;

constexpr std::size_t kTagPageBytesMax = 16U << 20U;
constexpr int kTagPagesMax = 100;
constexpr std::size_t kTagsMax = 100'000;
constexpr std::string_view kDockerSchema1 = "application/vnd.docker.distribution.manifest.v1";

std::string name_of(const oci::Reference& reference) {
    return reference.digest ? reference.digest->str() : reference.effective_tag();
}

detail::Scope scope_of(const Repository& repository, const std::string& actions) {
    return {.repository = repository, .actions = actions, .mount_from = std::nullopt};
}

/// What a caller of this library names, before it becomes a part of an address.
void check(const Repository& repository) {
    if (repository.registry.empty() || !oci::is_repository(repository.name))
        throw Error{ErrorCode::InvalidArgument, "no repository: " + quoted(repository.str())};
}

std::string bare_media_type(const http::Headers& headers) {
    const std::string field = headers.find("Content-Type").value_or("");
    return to_lower(trim(field.substr(0, field.find(';'))));
}

bool is_known(const std::string& media_type) {
    return oci::is_manifest(media_type) || oci::is_index(media_type);
}

/// Simple servers do not know types: the document itself says what it is.
std::string media_type_of(const http::Headers& headers, const std::string& bytes) {
    std::string announced = bare_media_type(headers);
    if (is_known(announced)) return announced;
    std::string found = announced;
    if (!announced.starts_with(kDockerSchema1)) {
        const json::Value document = json::parse(bytes);
        found = json::Reader{document, "manifest"}.get_string_or("mediaType", announced);
    }
    if (is_known(found)) return found;
    const bool is_schema1 = found.starts_with(kDockerSchema1);
    throw Error{
        ErrorCode::Unsupported,
        "it is a " + quoted(found) + ", needed is an OCI or Docker (schema 2) manifest or index"}
        .with_hint(
            is_schema1 ? "push the image again with a newer tool: schema 1 has no digests" : "");
}

oci::Digest digest_of(const std::string& bytes, std::string_view algorithm) {
    const archive::HashAlgorithm hash = archive::algorithm_of_digest(algorithm);
    return oci::Digest::parse(
        std::string{algorithm} + ":" + archive::hash_hex(hash, as_bytes(bytes)));
}

std::optional<oci::Digest> announced_digest(const http::Headers& headers) {
    return oci::Digest::try_parse(headers.find("Docker-Content-Digest").value_or(""));
}

Document verified(const oci::Reference& reference, const http::ClientResponse& response) {
    const auto announced = announced_digest(response.headers);
    const auto expected = reference.digest ? reference.digest : announced;
    const oci::Digest found =
        digest_of(response.body, expected ? expected->algorithm() : std::string_view{"sha256"});
    if (expected && found != *expected)
        throw Error{
            ErrorCode::DataCorrupt,
            "its bytes have the digest " + found.str() + ", expected is " + expected->str()};
    return {
        .descriptor =
            {.media_type = media_type_of(response.headers, response.body),
             .digest = found,
             .size = response.body.size()},
        .bytes = response.body};
}

/// RFC 8288: the address of `<address>; rel="next"`.
std::optional<std::string> next_page(const http::Headers& headers) {
    const std::string link = headers.find("Link").value_or("");
    const std::size_t end = link.find('>');
    if (!link.starts_with('<') || end == std::string::npos) return std::nullopt;
    const std::string relation = to_lower(link.substr(end));
    if (relation.find("rel=\"next\"") == std::string::npos
        && relation.find("rel=next") == std::string::npos)
        return std::nullopt;
    return link.substr(1, end - 1);
}

void append_tags(const std::string& body, std::vector<std::string>& tags) {
    const json::Value document = json::parse(body, {.bytes = kTagPageBytesMax});
    for (std::string& name : json::Reader{document, "tags"}.get_strings("tags")) {
        if (tags.size() == kTagsMax)
            throw Error{
                ErrorCode::ResourceExhausted,
                "there are more than " + std::to_string(kTagsMax) + " tags"};
        if (oci::is_image_tag(name)) tags.push_back(std::move(name));
    }
}

}  // namespace

struct HttpRegistry::State {
    State(const Parts& parts, HttpRegistryOptions options) : session{parts, std::move(options)} {}

    Call manifest_call(const std::string& method, const oci::Reference& reference) const {
        const Repository repository = repository_of(reference);
        check(repository);
        Call call{
            .what = "manifest '" + name_of(reference) + "' of '" + repository.str() + "'",
            .scope = scope_of(repository, "pull"),
            .url = session.url(repository, "/manifests/" + name_of(reference)),
            .request = {.method = method, .response_limit = kManifestBytesMax},
            .open_body = nullptr};
        for (const std::string_view type :
             {oci::kMediaTypeIndex,
              oci::kDockerIndex,
              oci::kMediaTypeManifest,
              oci::kDockerManifest})
            call.request.headers.add("Accept", type);
        return call;
    }

    detail::Session session;
};

HttpRegistry::HttpRegistry(const Parts& parts, HttpRegistryOptions options)
    : state_{std::make_unique<State>(parts, std::move(options))} {}

HttpRegistry::~HttpRegistry() = default;

std::optional<Document> HttpRegistry::find_manifest(
    const oci::Reference& reference, std::stop_token stop) {
    const Call call = state_->manifest_call("GET", reference);
    const http::ClientResponse response = state_->session.send(call, stop);
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) throw refusal(response.status, response.body, call.what);
    return with_context(call.what, [&] { return verified(reference, response); });
}

std::optional<oci::Descriptor> HttpRegistry::find_manifest_descriptor(
    const oci::Reference& reference, std::stop_token stop) {
    const Call call = state_->manifest_call("HEAD", reference);
    const http::ClientResponse response = state_->session.send(call, stop);
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) throw refusal(response.status, response.body, call.what);
    const auto digest = announced_digest(response.headers);
    const auto size = parse_integer(response.headers.find("Content-Length").value_or(""));
    const std::string media_type = bare_media_type(response.headers);
    const bool is_complete = digest && size && *size > 0 && is_known(media_type)
                             && (!reference.digest || *digest == *reference.digest);
    if (is_complete)
        return oci::Descriptor{
            .media_type = media_type, .digest = *digest, .size = static_cast<std::uint64_t>(*size)};
    const auto document = find_manifest(reference, std::move(stop));
    return document ? std::optional{document->descriptor} : std::nullopt;
}

std::optional<std::uint64_t> HttpRegistry::find_blob(
    const Repository& repository, const oci::Digest& digest, std::stop_token stop) {
    check(repository);
    const Call call{
        .what = "blob " + digest.str() + " of '" + repository.str() + "'",
        .scope = scope_of(repository, "pull"),
        .url = state_->session.url(repository, "/blobs/" + digest.str()),
        .request = {.method = "HEAD"},
        .open_body = nullptr};
    const http::ClientResponse response = state_->session.send(call, stop);
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) throw refusal(response.status, response.body, call.what);
    const auto size = parse_integer(response.headers.find("Content-Length").value_or(""));
    if (!size || *size < 0)
        throw Error{
            ErrorCode::DataCorrupt, call.what + ": the registry does not say how large it is"};
    return static_cast<std::uint64_t>(*size);
}

std::unique_ptr<ByteSource> HttpRegistry::open_blob(
    const Repository& repository, const oci::Descriptor& blob, std::stop_token stop) {
    check(repository);
    return std::make_unique<detail::BlobSource>(state_->session, repository, blob, std::move(stop));
}

bool HttpRegistry::try_mount(
    const Repository& to, const Repository& from, const oci::Digest& digest, std::stop_token stop) {
    check(to);
    check(from);
    if (to.registry != from.registry)
        throw Error{
            ErrorCode::InvalidArgument,
            "blobs cannot be mounted from '" + from.str() + "' to another registry, '" + to.str()
                + "'"};
    detail::Url url = state_->session.url(to, "/blobs/uploads/");
    url = with_query(with_query(url, "mount", digest.str()), "from", from.name);
    Call call{
        .what = "mount of blob " + digest.str() + " in '" + to.str() + "'",
        .scope = {.repository = to, .actions = "pull,push", .mount_from = from},
        .url = url,
        .request = {.method = "POST"},
        .open_body = nullptr};
    try {
        const http::ClientResponse response = state_->session.send(call, stop);
        const auto location = response.headers.find("Location");
        if (response.status == 202 && location) {
            // It began an upload instead, which nobody goes on with.
            call.request.method = "DELETE";
            call.url = resolve_location(url, *location);
            state_->session.send(call, stop);
        }
        return response.status == 201;
    } catch (const Error& error) {
        // No right to pull from there; whether pushing works is seen by pushing.
        if (error.code() == ErrorCode::Unauthenticated) return false;
        throw;
    }
}

void HttpRegistry::upload_blob(
    const Repository& repository,
    const oci::Descriptor& blob,
    const store::BlobStore& blobs,
    std::stop_token stop) {
    check(repository);
    detail::Upload{state_->session, repository, blob, blobs, std::move(stop)}.run();
}

void HttpRegistry::put_manifest(
    const Repository& repository,
    const std::string& image_tag,
    const Document& document,
    std::stop_token stop) {
    Call call = state_->manifest_call(
        "PUT",
        {.registry = repository.registry,
         .repository = repository.name,
         .image_tag = image_tag,
         .digest = image_tag.empty() ? std::optional{document.descriptor.digest} : std::nullopt});
    call.scope.actions = "pull,push";
    call.request.headers = {};
    call.request.headers.set("Content-Type", document.descriptor.media_type);
    call.request.body = document.bytes;
    const http::ClientResponse response = state_->session.send(call, stop);
    if (response.status != 201) throw refusal(response.status, response.body, call.what);
    const auto stored = announced_digest(response.headers);
    if (stored && *stored != document.descriptor.digest)
        throw Error{
            ErrorCode::DataCorrupt,
            call.what + ": the registry stored it as " + stored->str() + ", sent was "
                + document.descriptor.digest.str()};
}

bool HttpRegistry::remove_manifest(
    const Repository& repository, const oci::Digest& digest, std::stop_token stop) {
    Call call = state_->manifest_call(
        "DELETE",
        {.registry = repository.registry,
         .repository = repository.name,
         .image_tag = "",
         .digest = digest});
    call.scope.actions = "pull,delete";
    const http::ClientResponse response = state_->session.send(call, stop);
    if (response.status == 404) return false;
    if (response.status / 100 != 2) throw refusal(response.status, response.body, call.what);
    return true;
}

std::vector<std::string> HttpRegistry::tags(const Repository& repository, std::stop_token stop) {
    check(repository);
    Call call{
        .what = "tags of '" + repository.str() + "'",
        .scope = scope_of(repository, "pull"),
        .url = state_->session.url(repository, "/tags/list?n=1000"),
        .request = {.response_limit = kTagPageBytesMax},
        .open_body = nullptr};
    std::vector<std::string> tags;
    for (int page = 0; page < kTagPagesMax; ++page) {
        const http::ClientResponse response = state_->session.send(call, stop);
        if (response.status == 404) return tags;
        if (response.status != 200) throw refusal(response.status, response.body, call.what);
        with_context(call.what, [&] { append_tags(response.body, tags); });
        const auto next = next_page(response.headers);
        if (!next) return tags;
        call.url = resolve_location(call.url, *next);
    }
    throw Error{
        ErrorCode::ResourceExhausted,
        call.what + ": there are more than " + std::to_string(kTagPagesMax) + " pages of them"};
}

}  // namespace nacre::registry
