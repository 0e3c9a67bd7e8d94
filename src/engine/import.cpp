#include "engine/import.hpp"

#include "archive/tar.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "engine/layer_writer.hpp"
#include "oci/config.hpp"
#include "oci/manifest.hpp"
#include "os/temp.hpp"
#include "store/layers.hpp"

namespace nacre::engine {
namespace {

constexpr const char* kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::int64_t newest_time(const std::filesystem::path& folder) {
    std::int64_t newest = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        // A link first: the question for a file would follow it out of the folder.
        if (entry.is_symlink() || !entry.is_regular_file()) continue;
        const auto time = std::chrono::file_clock::to_sys(entry.last_write_time());
        newest = std::max(
            newest, to_unix_seconds(std::chrono::time_point_cast<WallTime::duration>(time)));
    }
    return newest;
}

}  // namespace

ImportedImage import_root(ByteSource& tar, store::BlobStore& blobs, const ImportOptions& options) {
    const os::TempDir folder{options.temporary, "import"};
    archive::TarReader reader{tar, {}};
    const store::LayerSummary summary = store::apply_layer(reader, folder.path());
    if (summary.entries == 0)
        throw Error{
            ErrorCode::InvalidArgument, "the archive has no entry, needed is a root file system"};
    const Layer layer = write_layer_blob(blobs, options.compression, [&](ByteSink& out) {
        store::write_layer(folder.path(), out, {});
    });
    oci::ImageConfig config;
    config.platform = options.platform;
    config.created = render_rfc3339(from_unix_seconds(newest_time(folder.path())));
    config.env = {kDefaultPath};
    if (!options.cmd.empty()) config.cmd = options.cmd;
    config.diff_ids = {layer.diff_id};
    config.history = {
        {.created = config.created,
         .created_by = "nacred base import",
         .comment = "nacre",
         .empty_layer = false}};
    const oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest},
        .config = store_document(blobs, oci::kMediaTypeConfig, oci::render(config)),
        .layers = {layer.blob},
        .annotations = {}};
    const oci::Descriptor descriptor =
        store_document(blobs, oci::kMediaTypeManifest, oci::render(manifest));
    blobs.sync();
    return {.manifest = descriptor, .entries = summary.entries, .bytes = summary.bytes};
}

}  // namespace nacre::engine
