#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::oci {

/// The content address of a blob, e.g. "sha256:2c26b46b…" (image-spec, descriptor.md, "Digests"). A Digest
/// always holds a well-formed value: parse() is the only way in, so no other code checks it again. Its
/// text is safe as a file name.
class Digest {
public:
    /// Throws Error{InvalidArgument} unless `text` is "sha256:" and 64, or "sha512:" and 128, lower-case
    /// hex digits.
    static Digest parse(std::string_view text);
    static std::optional<Digest> try_parse(std::string_view text) noexcept;

    /// "sha256" or "sha512"
    std::string_view algorithm() const noexcept;
    /// The hex digits, without the algorithm.
    std::string_view hex() const noexcept;

    const std::string& str() const noexcept { return text_; }

    auto operator<=>(const Digest&) const = default;

private:
    explicit Digest(std::string_view text) : text_{text} {}

    std::string text_;
};

/// The digest of an uncompressed layer: never to be mixed up with the digest of the blob.
struct DiffId {
    Digest digest;

    auto operator<=>(const DiffId&) const = default;
};

/// The digest of a stack of layers (image-spec, config.md, "Layer ChainID").
struct ChainId {
    Digest digest;

    auto operator<=>(const ChainId&) const = default;
};

}  // namespace nacre::oci
