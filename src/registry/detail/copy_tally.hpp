#pragma once

#include "base/guarded.hpp"
#include "registry/push.hpp"

namespace nacre::registry::detail {

/// Counts what became of blobs and tells the listener, from several threads.
class CopyTally {
public:
    CopyTally(const oci::Descriptor& image, const BlobListener& listener);

    void add(const oci::Descriptor& blob, BlobFate fate);
    CopyReport report();

private:
    Guarded<CopyReport> report_;
    const BlobListener& listener_;
};

/// Throws Error{InvalidArgument} unless it is 1 to kParallelBlobsMax.
void check_parallel(std::size_t parallel);

}  // namespace nacre::registry::detail
