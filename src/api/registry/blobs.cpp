#include "api/registry/detail/blobs.hpp"

#include "api/registry/detail/refusal.hpp"
#include "api/registry/detail/route.hpp"
#include "base/text.hpp"
#include "http/content.hpp"

#include <optional>
#include <vector>

namespace nacre::api::registry::detail {
namespace {

constexpr std::size_t kReadBytes = 256U << 10U;

http::Response session_response(int status, const std::string& repository, Uploads::Use& upload) {
    http::Response response = http::Response::plain(status, "");
    const std::uint64_t size = upload.ingest().size();
    response.headers.set("Location", "/v2/" + repository + "/blobs/uploads/" + upload.id());
    // The last byte that is there; "0-0" also stands for nothing at all.
    response.headers.set("Range", "0-" + std::to_string(size == 0 ? 0 : size - 1));
    response.headers.set("Docker-Upload-UUID", upload.id());
    return response;
}

http::Response created(const std::string& repository, const oci::Digest& digest) {
    http::Response response = http::Response::plain(201, "");
    response.headers.set("Location", "/v2/" + repository + "/blobs/" + digest.str());
    response.headers.set("Docker-Content-Digest", digest.str());
    return response;
}

/// After a failure of the store nobody knows what the session holds.
void write_or_close(Bytes bytes, Uploads::Use& upload) {
    try {
        upload.ingest().write(bytes);
    } catch (const Error&) {
        upload.close();
        throw;
    }
}

/// "5-9", or "bytes 5-9/…" as RFC 9110 has it.
std::optional<std::pair<std::int64_t, std::int64_t>> parse_content_range(std::string_view field) {
    field = trim(field);
    if (field.starts_with("bytes")) field = trim(field.substr(5));
    if (field.starts_with('=')) field.remove_prefix(1);
    field = field.substr(0, field.find('/'));
    const std::size_t dash = field.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = parse_integer(field.substr(0, dash));
    const auto last = parse_integer(field.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
    return std::pair{*first, *last};
}

}  // namespace

http::Response Blobs::get(const http::Request& request, const std::string& reference) const {
    const oci::Digest digest = parse_digest(reference);
    const auto size = parts_.blobs.find(digest);
    if (!size) throw Refusal{404, "BLOB_UNKNOWN", "there is no blob " + digest.str()};
    http::Content content;
    content.size = *size;
    content.etag = "\"" + digest.str() + "\"";
    content.open = [&](std::uint64_t offset) { return parts_.blobs.open(digest, offset); };
    http::Response response = http::respond_with(request, content);
    response.headers.set("Docker-Content-Digest", digest.str());
    response.headers.set("Cache-Control", "max-age=31536000, immutable");
    return response;
}

http::Response Blobs::start(const http::Request& request, const std::string& repository) {
    if (const auto mount = request.find_query("mount")) {
        const oci::Digest digest = parse_digest(*mount);
        if (parts_.blobs.find(digest)) return created(repository, digest);
    } else if (const auto whole = request.find_query("digest")) {
        const oci::Digest digest = parse_digest(*whole);
        Uploads::Use upload = uploads_.open(repository);
        write(request, upload);
        return commit(repository, digest, upload);
    }
    Uploads::Use upload = uploads_.open(repository);
    return session_response(202, repository, upload);
}

http::Response Blobs::status(const std::string& repository, const std::string& id) {
    Uploads::Use upload = uploads_.use(repository, id);
    return session_response(204, repository, upload);
}

http::Response Blobs::append(
    const http::Request& request, const std::string& repository, const std::string& id) {
    Uploads::Use upload = uploads_.use(repository, id);
    try {
        check_content_range(request, upload);
    } catch (const Refusal& refusal) {
        http::Response response = render(refusal);
        const http::Response session = session_response(416, repository, upload);
        for (const auto& [name, value] : session.headers.fields())
            if (name != "Content-Type") response.headers.set(name, value);
        return response;
    }
    write(request, upload);
    return session_response(202, repository, upload);
}

http::Response Blobs::finish(
    const http::Request& request, const std::string& repository, const std::string& id) {
    const auto text = request.find_query("digest");
    if (!text) throw Refusal{400, "DIGEST_INVALID", "the query parameter 'digest' is missing"};
    const oci::Digest digest = parse_digest(*text);
    Uploads::Use upload = uploads_.use(repository, id);
    check_content_range(request, upload);
    write(request, upload);
    return commit(repository, digest, upload);
}

http::Response Blobs::cancel(const std::string& repository, const std::string& id) {
    Uploads::Use upload = uploads_.use(repository, id);
    upload.close();
    return http::Response::plain(204, "");
}

void Blobs::check_content_range(const http::Request& request, Uploads::Use& upload) {
    const auto field = request.headers.find("Content-Range");
    if (!field) return;
    const auto range = parse_content_range(*field);
    const std::uint64_t size = upload.ingest().size();
    if (!range || static_cast<std::uint64_t>(range->first) != size)
        throw Refusal{
            416,
            "BLOB_UPLOAD_INVALID",
            "the upload has " + std::to_string(size) + " bytes, the chunk is "
                + nacre::quoted(*field)};
    const auto length = static_cast<std::uint64_t>(range->second - range->first) + 1;
    if (request.content_length && *request.content_length != length)
        throw Refusal{
            400,
            "SIZE_INVALID",
            "the chunk " + nacre::quoted(*field) + " comes with "
                + std::to_string(*request.content_length) + " bytes"};
}

void Blobs::write(const http::Request& request, Uploads::Use& upload) const {
    std::vector<std::byte> buffer(kReadBytes);
    while (const std::size_t count = request.body->read(buffer)) {
        if (count > limits_.blob_bytes_max - upload.ingest().size()) {
            upload.close();
            throw Refusal{
                413,
                "SIZE_INVALID",
                "the blob is larger than the limit of " + std::to_string(limits_.blob_bytes_max)
                    + " bytes"};
        }
        write_or_close(Bytes{buffer}.first(count), upload);
    }
}

http::Response Blobs::commit(
    const std::string& repository, const oci::Digest& digest, Uploads::Use& upload) {
    try {
        upload.ingest().commit(digest);
    } catch (const Error& error) {
        upload.close();
        if (error.code() != ErrorCode::DataCorrupt) throw;
        throw Refusal{400, "DIGEST_INVALID", error.describe()};
    }
    upload.close();
    return created(repository, digest);
}

}  // namespace nacre::api::registry::detail
