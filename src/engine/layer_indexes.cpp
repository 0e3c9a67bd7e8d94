#include "engine/layer_indexes.hpp"

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "engine/layer_reader.hpp"
#include "os/file.hpp"

#include <optional>
#include <string>
#include <utility>

namespace nacre::engine {
namespace {

constexpr std::size_t kIndexBytesMax = 256U << 20U;
constexpr archive::CompressionSettings kCompression{
    .kind = archive::CompressionKind::Zstd, .level = 1, .threads = 1};

std::vector<archive::TarEntry> read_entries(archive::TarReader& reader) {
    std::vector<archive::TarEntry> entries;
    archive::TarEntry entry;
    while (reader.next(entry)) {
        entry.size = 0;
        entries.push_back(std::exchange(entry, {}));
    }
    return entries;
}

std::string render_index(const std::vector<archive::TarEntry>& entries) {
    StringSink out;
    const auto compressing = archive::make_compressing_sink(kCompression, out);
    archive::TarWriter tar{*compressing};
    for (const archive::TarEntry& entry : entries)
        tar.add(entry);
    tar.finish();
    compressing->finish();
    return out.take();
}

}  // namespace

std::filesystem::path LayerIndexes::path_of(const oci::DiffId& diff_id) const {
    return folder_ / std::string{diff_id.digest.hex()};
}

std::vector<archive::TarEntry> LayerIndexes::get(const Layer& layer) const {
    if (const auto text = os::find_file(path_of(layer.diff_id), kIndexBytesMax)) {
        try {
            StringSource source{*text};
            archive::TarReader reader{source, {}};
            return read_entries(reader);
        } catch (const Error&) {
            // Cut short by a power cut: the layer itself knows.
        }
    }
    std::vector<archive::TarEntry> entries;
    with_context("reading layer " + layer.blob.digest.str(), [&] {
        read_verified_layer(
            layer, *blobs_.open_once(layer.blob.digest), [&](archive::TarReader& reader) {
                entries = read_entries(reader);
            });
    });
    keep(layer.diff_id, entries);
    return entries;
}

void LayerIndexes::keep(
    const oci::DiffId& diff_id, const std::vector<archive::TarEntry>& entries) const {
    os::ensure_directory(folder_);
    os::write_file_atomically(path_of(diff_id), render_index(entries), os::Durability::Buffered);
}

}  // namespace nacre::engine
