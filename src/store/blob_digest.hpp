#pragma once

#include "base/bytes.hpp"
#include "oci/digest.hpp"

#include <memory>

namespace nacre::store {

/// Compares the bytes of a blob, whose SHA-256 is `sha256`, with `expected`; `content` gives them again and is
/// called for another algorithm only. Throws Error{DataCorrupt} when they differ.
void require_digest(const oci::Digest& sha256, const oci::Digest& expected, ByteSource& content);

}  // namespace nacre::store
