#include "registry/detail/blob_source.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/detail/refusal.hpp"

#include <algorithm>
#include <array>

namespace nacre::registry::detail {
namespace {

constexpr std::size_t kRefusalBytesMax = 64U << 10U;
/// A peer that gives a byte a connection does not keep us for ever.
constexpr int kConnectionsMax = 100;

std::string read_text(ByteSource& source) {
    std::string text;
    std::array<std::byte, 4096> buffer{};
    while (text.size() < kRefusalBytesMax) {
        const std::size_t count = source.read(buffer);
        if (count == 0) break;
        text += as_text(Bytes{buffer}.first(count));
    }
    return text;
}

/// How large the whole blob is, when the answer says so.
std::optional<std::uint64_t> find_total(const http::ClientStream& stream) {
    std::string text = stream.headers.find("Content-Length").value_or("");
    if (stream.status == 206) {
        text = stream.headers.find("Content-Range").value_or("");
        text.erase(0, text.find('/') + 1);
    }
    const auto total = parse_integer(text);
    if (!total || *total < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*total);
}

}  // namespace

BlobSource::BlobSource(
    Session& session, Repository repository, oci::Descriptor blob, std::stop_token stop)
    : session_{session},
      repository_{std::move(repository)},
      blob_{std::move(blob)},
      stop_{std::move(stop)},
      digester_{archive::algorithm_of_digest(blob_.digest.algorithm())} {
    while (stream_.body == nullptr) {
        try {
            connect();
        } catch (const Error& error) {
            if (!session_.try_pause(error.code(), ++failures_, stop_)) throw;
        }
    }
}

void BlobSource::refuse(const std::string& why) const {
    throw Error{
        ErrorCode::DataCorrupt,
        "blob " + blob_.digest.str() + " of '" + repository_.str() + "': " + why};
}

void BlobSource::connect() {
    if (++connections_ > kConnectionsMax)
        throw Error{
            ErrorCode::Unsupported,
            "blob " + blob_.digest.str() + " of '" + repository_.str() + "' broke off "
                + std::to_string(kConnectionsMax) + " times"};
    Call call{
        .what = "blob " + blob_.digest.str() + " of '" + repository_.str() + "'",
        .scope = {.repository = repository_, .actions = "pull", .mount_from = std::nullopt},
        .url = session_.url(repository_, "/blobs/" + blob_.digest.str()),
        .request = {},
        .open_body = nullptr};
    if (position_ > 0)
        call.request.headers.set("Range", "bytes=" + std::to_string(position_) + "-");
    http::ClientStream stream = session_.open(call, stop_);
    if (stream.status != 200 && stream.status != 206)
        throw refusal(stream.status, read_text(*stream.body), call.what);
    const bool is_part = stream.status == 206;
    if (is_part) {
        const std::string range = stream.headers.find("Content-Range").value_or("");
        if (!range.starts_with("bytes " + std::to_string(position_) + "-"))
            refuse(
                "asked for the bytes from " + std::to_string(position_) + " on, got "
                + quoted(range));
    }
    const auto total = find_total(stream);
    if (total && *total != blob_.size)
        refuse(
            "it has " + std::to_string(*total) + " bytes, its descriptor says "
            + std::to_string(blob_.size));
    stream_ = std::move(stream);
    // Some servers do not know ranges.
    if (!is_part && position_ > 0) skip(position_);
}

void BlobSource::skip(std::uint64_t count) {
    std::vector<std::byte> buffer(64U << 10U);
    while (count > 0) {
        const std::size_t got = stream_.body->read(
            std::span{buffer}.first(std::min<std::uint64_t>(count, buffer.size())));
        if (got == 0) refuse("it has become shorter");
        count -= got;
    }
}

/// 0 when the connection is over.
std::size_t BlobSource::read_some(std::span<std::byte> buffer) {
    if (stream_.body == nullptr) connect();
    const std::size_t count = stream_.body->read(buffer);
    if (count > blob_.size - position_)
        refuse("it has more than the " + std::to_string(blob_.size) + " bytes that it should have");
    if (count == 0 && position_ < blob_.size)
        throw Error{
            ErrorCode::Unavailable,
            "blob " + blob_.digest.str() + " of '" + repository_.str() + "' ended after "
                + std::to_string(position_) + " bytes of " + std::to_string(blob_.size)};
    return count;
}

std::size_t BlobSource::read(std::span<std::byte> buffer) {
    while (!is_verified_) {
        try {
            const std::size_t count = read_some(buffer);
            if (count == 0) {
                verify();
                return 0;
            }
            digester_.update(buffer.first(count));
            position_ += count;
            failures_ = 0;
            return count;
        } catch (const Error& error) {
            stream_.body.reset();
            if (!session_.try_pause(error.code(), ++failures_, stop_)) throw;
        }
    }
    return 0;
}

void BlobSource::verify() {
    const std::string found = digester_.finish_hex();
    if (found != blob_.digest.hex())
        refuse("its bytes have the " + std::string{blob_.digest.algorithm()} + " " + found);
    is_verified_ = true;
    stream_.body.reset();
}

}  // namespace nacre::registry::detail
