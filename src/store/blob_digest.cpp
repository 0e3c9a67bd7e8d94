#include "store/blob_digest.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"

#include <array>

namespace nacre::store {

void require_digest(const oci::Digest& sha256, const oci::Digest& expected, ByteSource& content) {
    oci::Digest actual = sha256;
    if (expected.algorithm() == "sha512") {
        archive::Digester digester{archive::HashAlgorithm::Sha512};
        std::array<std::byte, 64U << 10U> buffer{};
        while (const std::size_t got = content.read(buffer))
            digester.update(Bytes{buffer}.first(got));
        actual = oci::Digest::parse("sha512:" + digester.finish_hex());
    }
    if (actual != expected)
        throw Error{
            ErrorCode::DataCorrupt,
            "blob has digest " + actual.str() + ", expected " + expected.str()};
}

}  // namespace nacre::store
