#include "engine/layer_reader.hpp"

#include "archive/compression.hpp"
#include "archive/digester.hpp"
#include "base/error.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace nacre::engine {
namespace {

constexpr std::size_t kDrainBytes = 64U << 10U;
/// Behind the end mark of a tar: writers fill their last record with zeros.
constexpr std::size_t kTrailingBytesMax = 16U << 20U;

/// Digests what is read through it.
class DigestingSource final : public ByteSource {
public:
    DigestingSource(ByteSource& next, archive::HashAlgorithm algorithm)
        : next_{next},
          digester_{algorithm} {}

    std::size_t read(std::span<std::byte> buffer) override {
        const std::size_t count = next_.read(buffer);
        digester_.update(buffer.first(count));
        return count;
    }

    /// Reads the rest; the digits are of all bytes.
    std::string finish_hex() {
        std::vector<std::byte> buffer(kDrainBytes);
        std::size_t rest = 0;
        while (const std::size_t count = read(buffer)) {
            rest += count;
            if (rest > kTrailingBytesMax)
                throw Error{
                    ErrorCode::DataCorrupt,
                    "its archive is followed by more than " + std::to_string(kTrailingBytesMax)
                        + " bytes"};
        }
        return digester_.finish_hex();
    }

private:
    ByteSource& next_;
    archive::Digester digester_;
};

}  // namespace

void read_verified_layer(
    const Layer& layer, ByteSource& blob, const std::function<void(archive::TarReader&)>& use) {
    const auto plain = archive::make_decompressing_source(blob);
    const oci::Digest& expected = layer.diff_id.digest;
    DigestingSource tar{*plain, archive::algorithm_of_digest(expected.algorithm())};
    archive::TarReader reader{tar, {}, archive::Packing::Plain};
    use(reader);
    const std::string found = tar.finish_hex();
    if (found != expected.hex())
        throw Error{
            ErrorCode::DataCorrupt,
            "its uncompressed bytes have the " + std::string{expected.algorithm()} + " " + found
                + ", the image's configuration says " + std::string{expected.hex()}};
}

}  // namespace nacre::engine
