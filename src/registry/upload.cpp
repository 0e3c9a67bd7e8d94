#include "registry/detail/upload.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/detail/refusal.hpp"

#include <algorithm>
#include <vector>

namespace nacre::registry::detail {
namespace {

/// For telling a registry that nothing more comes: a courtesy that nobody waits for long.
constexpr std::chrono::milliseconds kCancelLimit{2'000};
constexpr std::uint64_t kChunkBytesMax = 1ULL << 30U;

/// The first `size` bytes of another source, which must have them.
class PartSource final : public ByteSource {
public:
    PartSource(std::unique_ptr<ByteSource> next, std::uint64_t size, std::string name)
        : next_{std::move(next)},
          rest_{size},
          name_{std::move(name)} {}

    std::size_t read(std::span<std::byte> buffer) override {
        if (rest_ == 0) return 0;
        const std::size_t count =
            next_->read(buffer.first(std::min<std::uint64_t>(buffer.size(), rest_)));
        if (count == 0)
            throw Error{ErrorCode::DataCorrupt, name_ + " is shorter than its descriptor says"};
        rest_ -= count;
        return count;
    }

private:
    std::unique_ptr<ByteSource> next_;
    std::uint64_t rest_;
    std::string name_;
};

/// An upload session that is not there any more, say after a restart of the registry, is no reason to give up.
Error refused_part(const http::ClientResponse& response, const std::string& what) {
    const Error error = refusal(response.status, response.body, what);
    return response.status == 404 ? Error{ErrorCode::Unavailable, error.describe()} : error;
}

/// Where the next byte goes after the answer to a chunk or a question: behind "0-1023".
std::optional<std::uint64_t> find_end(const http::Headers& headers) {
    const std::string range = headers.find("Range").value_or("");
    const std::size_t dash = range.find('-');
    if (dash == std::string::npos) return std::nullopt;
    const auto last = parse_integer(range.substr(dash + 1));
    if (!last || *last < 0) return std::nullopt;
    // The answer is the same for no byte and for one.
    return *last == 0 ? 0 : static_cast<std::uint64_t>(*last) + 1;
}

}  // namespace

Upload::Upload(
    Session& session,
    const Repository& repository,
    const oci::Descriptor& blob,
    const store::BlobStore& blobs,
    std::stop_token stop)
    : session_{session},
      repository_{repository},
      blob_{blob},
      blobs_{blobs},
      stop_{std::move(stop)},
      chunk_bytes_{session.options().chunk_bytes} {}

Call Upload::make_call(const std::string& method, Url url) const {
    return {
        .what = "upload of blob " + blob_.digest.str() + " to '" + repository_.str() + "'",
        .scope = {.repository = repository_, .actions = "pull,push", .mount_from = std::nullopt},
        .url = std::move(url),
        .request = {.method = method},
        .open_body = nullptr};
}

void Upload::run() {
    const auto size = blobs_.find(blob_.digest);
    if (!size) throw Error{ErrorCode::NotFound, "no blob " + blob_.digest.str() + " to upload"};
    if (*size != blob_.size)
        throw Error{
            ErrorCode::DataCorrupt,
            "blob " + blob_.digest.str() + " has " + std::to_string(*size)
                + " bytes, its descriptor says " + std::to_string(blob_.size)};
    for (int failures = 1;; ++failures) {
        try {
            run_once();
            return;
        } catch (const Error& error) {
            cancel();
            if (!session_.try_pause(error.code(), failures, stop_)) throw;
        } catch (const Cancelled&) {
            cancel();
            throw;
        }
    }
}

void Upload::run_once() {
    start();
    position_ = 0;
    if (blob_.size > chunk_bytes_) send_chunks();
    finish(position_);
    location_.reset();
}

void Upload::start() {
    const http::ClientResponse response =
        send(make_call("POST", session_.url(repository_, "/blobs/uploads/")), 202);
    const auto least = parse_integer(response.headers.find("OCI-Chunk-Min-Length").value_or(""));
    if (least && *least > 0)
        chunk_bytes_ = std::max(
            chunk_bytes_,
            std::min<std::uint64_t>(static_cast<std::uint64_t>(*least), kChunkBytesMax));
}

void Upload::send_chunks() {
    int failures = 0;
    while (blob_.size - position_ > chunk_bytes_) {
        const std::uint64_t before = position_;
        try {
            send_chunk(chunk_bytes_);
        } catch (const Error& error) {
            if (!session_.try_pause(error.code(), ++failures, stop_)) throw;
            // Without an answer a session of its own begins anew.
            if (!try_find_position()) throw;
        }
        if (position_ > before) failures = 0;
    }
}

void Upload::send_chunk(std::uint64_t size) {
    Call call = make_call("PATCH", *location_);
    call.request.headers.set("Content-Type", "application/octet-stream");
    call.request.headers.set(
        "Content-Range", std::to_string(position_) + "-" + std::to_string(position_ + size - 1));
    call.request.body_size = size;
    call.open_body = [this, size] { return open_part(position_, size); };
    const http::ClientResponse response = send(call, 202);
    const std::uint64_t end = find_end(response.headers).value_or(position_ + size);
    if (end <= position_ || end > position_ + size)
        throw Error{
            ErrorCode::DataCorrupt,
            call.what + ": the registry has " + std::to_string(end) + " bytes after it was sent "
                + std::to_string(position_ + size)};
    position_ = end;
}

/// False when the registry does not tell.
bool Upload::try_find_position() {
    const http::ClientResponse response = session_.send(make_call("GET", *location_), stop_);
    if (response.status != 204) return false;
    const auto end = find_end(response.headers);
    if (!end || *end > blob_.size) return false;
    if (response.headers.find("Location")) take_location(response.headers);
    position_ = *end;
    return true;
}

void Upload::finish(std::uint64_t offset) {
    Call call = make_call("PUT", with_query(*location_, "digest", blob_.digest.str()));
    const std::uint64_t size = blob_.size - offset;
    call.request.headers.set("Content-Type", "application/octet-stream");
    if (offset > 0 && size > 0)
        call.request.headers.set(
            "Content-Range", std::to_string(offset) + "-" + std::to_string(blob_.size - 1));
    call.request.body_size = size;
    call.open_body = [this, offset, size] { return open_part(offset, size); };
    const http::ClientResponse response = session_.send(call, stop_);
    if (response.status != 201) throw refused_part(response, call.what);
    const auto digest = response.headers.find("Docker-Content-Digest");
    if (digest && *digest != blob_.digest.str())
        throw Error{
            ErrorCode::DataCorrupt, call.what + ": the registry stored it as " + quoted(*digest)};
}

void Upload::cancel() noexcept {
    if (!location_) return;
    try {
        Call call = make_call("DELETE", *location_);
        location_.reset();
        call.request.connect_limit = kCancelLimit;
        call.request.idle_limit = kCancelLimit;
        // Sent once: what has a body of its own is not repeated. The upload may have been stopped, this is not.
        call.open_body = [] { return nullptr; };
        session_.send(call, {});
    } catch (const std::exception&) {
        return;  // the registry drops the session when its time is over
    }
}

http::ClientResponse Upload::send(const Call& call, int wanted) {
    http::ClientResponse response = session_.send(call, stop_);
    if (response.status != wanted)
        throw location_ ? refused_part(response, call.what)
                        : refusal(response.status, response.body, call.what);
    take_location(response.headers);
    return response;
}

void Upload::take_location(const http::Headers& headers) {
    const auto location = headers.find("Location");
    if (!location)
        throw Error{
            ErrorCode::DataCorrupt,
            "registry '" + repository_.registry + "' does not say where to upload to"};
    const Url base = location_ ? *location_ : session_.url(repository_, "/blobs/uploads/");
    location_ = resolve_location(base, *location);
}

std::unique_ptr<ByteSource> Upload::open_part(std::uint64_t offset, std::uint64_t size) const {
    return std::make_unique<PartSource>(
        blobs_.open(blob_.digest, offset), size, "blob " + blob_.digest.str());
}

}  // namespace nacre::registry::detail
