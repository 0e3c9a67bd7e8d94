#include "registry/detail/copy_tally.hpp"

#include "base/error.hpp"

namespace nacre::registry::detail {

CopyTally::CopyTally(const oci::Descriptor& image, const BlobListener& listener)
    : report_{CopyReport{.image = image}},
      listener_{listener} {}

void CopyTally::add(const oci::Descriptor& blob, BlobFate fate) {
    {
        auto report = report_.lock();
        switch (fate) {
            case BlobFate::Copied:
                ++report->blobs_copied;
                report->bytes_copied += blob.size;
                break;
            case BlobFate::Mounted:
                ++report->blobs_mounted;
                break;
            case BlobFate::Present:
                ++report->blobs_present;
                break;
        }
    }
    if (listener_) listener_({.blob = blob, .fate = fate});
}

CopyReport CopyTally::report() {
    return *report_.lock();
}

void check_parallel(std::size_t parallel) {
    if (parallel >= 1 && parallel <= kParallelBlobsMax) return;
    throw Error{
        ErrorCode::InvalidArgument,
        std::to_string(parallel) + " blobs at once, needed are 1 to "
            + std::to_string(kParallelBlobsMax)};
}

}  // namespace nacre::registry::detail
