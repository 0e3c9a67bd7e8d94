#include "engine/image_files.hpp"

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/path_words.hpp"
#include "engine/root_folder.hpp"

#include <span>
#include <utility>

namespace nacre::engine {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;

std::string read_content(archive::TarReader& tar, const std::string& path, std::size_t limit) {
    std::string text;
    std::vector<std::byte> buffer(kReadBytes);
    while (const std::size_t count = tar.read_content(buffer)) {
        if (text.size() + count > limit)
            throw Error{
                ErrorCode::ResourceExhausted,
                quoted(path) + " of the image is larger than " + std::to_string(limit) + " bytes"};
        text += as_text(std::span{buffer}.first(count));
    }
    return text;
}

}  // namespace

ImageFiles::ImageFiles(const BuildServices& services, std::vector<Layer> layers)
    : services_{services},
      indexes_{services.indexes, services.blobs},
      layers_{std::move(layers)} {}

void ImageFiles::push_made(Layer layer) {
    layers_.push_back(std::move(layer));
    tree_.next_layer();
    applied_ = layers_.size();
}

ImageTree& ImageFiles::tree() {
    for (; applied_ < layers_.size(); ++applied_)
        tree_.apply(indexes_.get(layers_[applied_]));
    return tree_;
}

std::optional<std::string> ImageFiles::find_text(const std::string& path, std::size_t limit) {
    const ImageTree::Node* node = tree().find_target(path);
    if (node == nullptr || node->type != archive::EntryType::File) return std::nullopt;
    const auto key = std::pair{node->layer, node->content_path};
    const auto known = texts_.find(key);
    if (known != texts_.end()) return known->second;
    const Layer& layer = layers_.at(node->layer);
    std::optional<std::string> text;
    if (services_.snapshots.has_layer(layer.diff_id)) {
        const auto unpacked = services_.snapshots.prepare({layer.diff_id});
        text = RootFolder{unpacked->root()}.find_text(node->content_path, limit);
    }
    if (!text) text = read_blob_file(layer, node->content_path, limit, Hardlinks::Follow);
    return texts_.emplace(key, *std::move(text)).first->second;
}

std::string ImageFiles::read_blob_file(
    const Layer& layer, const std::string& path, std::size_t limit, Hardlinks links) const {
    const auto blob = services_.blobs.open_once(layer.blob.digest);
    archive::TarReader tar{*blob, {}};
    archive::TarEntry entry;
    while (tar.next(entry)) {
        if (relative_path(entry.path) != relative_path(path)) continue;
        // A link is to a file before it: one that leads on was made to lead nowhere.
        if (entry.type == archive::EntryType::Hardlink && links == Hardlinks::Follow)
            return read_blob_file(layer, entry.link_target, limit, Hardlinks::Refuse);
        if (entry.type == archive::EntryType::File) return read_content(tar, path, limit);
    }
    throw Error{
        ErrorCode::DataCorrupt,
        "layer " + layer.blob.digest.str() + " has no file " + quoted(path)
            + ", which was in it before"};
}

}  // namespace nacre::engine
