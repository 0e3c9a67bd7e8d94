#include "output/merged_layers.hpp"

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "oci/whiteouts.hpp"
#include "output/layer_tree.hpp"

#include <memory>
#include <string>

namespace nacre::output {
namespace {

constexpr std::size_t kContentBuffer = 256U << 10U;

/// Reads one layer's entries in order.
class LayerReader {
public:
    LayerReader(const store::BlobStore& blobs, const oci::Descriptor& layer)
        : blob_{blobs.open(layer.digest, 0)},
          plain_{archive::make_decompressing_source(*blob_)},
          tar_{*plain_, {}} {}

    bool next(archive::TarEntry& entry) { return tar_.next(entry); }

    std::size_t read(std::span<std::byte> buffer) { return tar_.read_content(buffer); }

private:
    std::unique_ptr<ByteSource> blob_;
    std::unique_ptr<ByteSource> plain_;
    archive::TarReader tar_;
};

class Merger {
public:
    Merger(
        const store::BlobStore& blobs,
        const std::vector<oci::Descriptor>& layers,
        MergeInto into,
        ByteSink& out)
        : blobs_{blobs},
          layers_{layers},
          into_{into},
          tar_{out},
          buffer_(kContentBuffer) {}

    store::LayerSummary run() {
        for (const oci::Descriptor& layer : layers_)
            with_context("layer " + layer.digest.str(), [&] { scan(layer); });
        write_folders();
        for (std::size_t number = 0; number < layers_.size(); ++number)
            with_context("layer " + layers_[number].digest.str(), [&] { write_layer(number); });
        tar_.finish();
        return summary_;
    }

private:
    void scan(const oci::Descriptor& layer) {
        LayerReader reader{blobs_, layer};
        std::vector<archive::TarEntry> entries;
        archive::TarEntry entry;
        while (reader.next(entry))
            entries.push_back(entry);
        tree_.add_layer(entries);
    }

    void write_folders() {
        for (const auto& [path, node] : tree_.nodes()) {
            if (!node.is_folder) continue;
            // One layer says nothing about a folder that it only passes through.
            if (into_ == MergeInto::Root || !node.is_implied) add(node.folder);
            if (into_ == MergeInto::Layer && node.is_opaque)
                add({.path = path + "/" + std::string{oci::kOpaqueWhiteout}, .mode = 0});
        }
        if (into_ == MergeInto::Root) return;
        for (const std::string& path : tree_.whiteouts()) {
            const std::size_t slash = path.rfind('/');
            std::string mark = path;
            mark.insert(slash == std::string::npos ? 0 : slash + 1, oci::kWhiteoutPrefix);
            add({.path = std::move(mark), .mode = 0});
        }
    }

    void write_layer(std::size_t number) {
        LayerReader reader{blobs_, layers_[number]};
        archive::TarEntry entry;
        for (std::size_t i = 0; reader.next(entry); ++i) {
            const LayerTree::Fate fate = tree_.fate_of({number, i});
            if (fate.path.empty()) continue;
            entry.path = fate.path;
            write(entry, fate, reader);
        }
    }

    void write(archive::TarEntry& entry, const LayerTree::Fate& fate, LayerReader& reader) {
        if (entry.type == archive::EntryType::Hardlink) {
            entry.link_target = fate.target;
            add(entry);
            return;
        }
        add(entry);
        summary_.bytes += entry.size;
        for (std::uint64_t left = entry.size; left > 0;) {
            const std::size_t count = reader.read(buffer_);
            if (count == 0) throw Error{ErrorCode::DataCorrupt, "its archive ends early"};
            tar_.write_content(Bytes{buffer_}.first(count));
            left -= count;
        }
    }

    void add(const archive::TarEntry& entry) {
        tar_.add(entry);
        ++summary_.entries;
    }

    const store::BlobStore& blobs_;
    const std::vector<oci::Descriptor>& layers_;
    const MergeInto into_;
    archive::TarWriter tar_;
    std::vector<std::byte> buffer_;
    LayerTree tree_;
    store::LayerSummary summary_;
};

}  // namespace

store::LayerSummary write_merged_layers(
    const store::BlobStore& blobs,
    const std::vector<oci::Descriptor>& layers,
    MergeInto into,
    ByteSink& out) {
    return Merger{blobs, layers, into, out}.run();
}

}  // namespace nacre::output
