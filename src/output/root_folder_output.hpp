#pragma once

#include "oci/descriptor.hpp"
#include "store/blob_store.hpp"
#include "store/layers.hpp"

#include <filesystem>
#include <stop_token>
#include <vector>

namespace nacre::output {

/// Lays the root that `layers`, lowest first, come to over `folder`, which is made when it is missing: what is in the way is replaced, folders
/// are merged, everything else stays. Links in `folder` are not followed. Owners, devices and most attributes need root and are left out
/// otherwise. What is begun when this throws or is stopped is in a temporary folder inside, which is gone then.
store::LayerSummary write_root_folder(
    const store::BlobStore& blobs,
    const std::vector<oci::Descriptor>& layers,
    const std::filesystem::path& folder,
    std::stop_token stop);

}  // namespace nacre::output
