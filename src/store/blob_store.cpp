#include "store/blob_store.hpp"

#include "base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace nacre::store {

std::string read_blob(const BlobStore& store, const oci::Digest& digest, std::size_t limit) {
    const auto source = store.open(digest, 0);
    std::string content;
    std::array<std::byte, 16U << 10U> buffer{};
    while (const std::size_t got = source->read(buffer)) {
        if (got > limit - content.size())
            throw Error{
                ErrorCode::ResourceExhausted,
                fmt::format("blob {} has more than the {} bytes allowed", digest.str(), limit)};
        content += as_text(Bytes{buffer}.first(got));
    }
    return content;
}

oci::Digest write_blob(BlobStore& store, std::string_view content) {
    auto ingest = store.ingest();
    ingest->write(as_bytes(content));
    return ingest->commit();
}

}  // namespace nacre::store
