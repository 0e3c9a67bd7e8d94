#include "cli/build/inventory.hpp"

#include "base/error.hpp"
#include "oci/config.hpp"
#include "oci/manifest.hpp"
#include "os/file.hpp"
#include "store/layer_folders.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

namespace nacre::cli::build {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDocumentBytesMax = 8U << 20U;

constexpr int kIndexDepthMax = 2;

constexpr std::size_t kIdBytesMax = 64U << 10U;
constexpr const char* kMountLock = "lock";

/// Content of regular files; one with several names counts once.
std::uint64_t bytes_below(const fs::path& folder) {
    std::uint64_t bytes = 0;
    // A build that was killed early had not made it yet.
    if (!fs::exists(folder)) return bytes;
    std::set<std::pair<dev_t, ino_t>> seen;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        struct stat status{};
        if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        if (status.st_nlink > 1 && !seen.emplace(status.st_dev, status.st_ino).second) continue;
        bytes += static_cast<std::uint64_t>(status.st_size);
    }
    return bytes;
}

std::optional<struct stat> find_status(const fs::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return status;
}

void list_blobs(const Places& places, const store::BlobStore& blobs, Inventory& inventory) {
    for (const oci::Digest& digest : blobs.list()) {
        const std::string hex{digest.hex()};
        const auto status =
            find_status(places.blobs() / std::string{digest.algorithm()} / hex.substr(0, 2) / hex);
        if (status)
            inventory.blobs.push_back(
                {digest, static_cast<std::uint64_t>(status->st_size), status->st_mtim.tv_sec});
    }
}

/// The lists of entries that LayerIndexes keeps count with their layers.
void list_indexes(const Places& places, Inventory& inventory) {
    if (!fs::exists(places.layer_indexes())) return;
    for (const auto& entry : fs::directory_iterator{places.layer_indexes()}) {
        const auto status = find_status(entry.path());
        const auto digest = oci::Digest::try_parse("sha256:" + entry.path().filename().string());
        if (!status || !digest) continue;
        const auto bytes = static_cast<std::uint64_t>(status->st_size);
        const auto known = std::ranges::find(
            inventory.unpacked, oci::DiffId{*digest}, &Inventory::Unpacked::layer);
        if (known != inventory.unpacked.end()) {
            known->bytes += bytes;
        } else {
            inventory.unpacked.push_back({{*digest}, bytes, status->st_mtim.tv_sec});
        }
    }
}

/// "<trust>/<digits>/<n>", each with its "lock", which has the time of the last use.
void list_mounts(const Places& places, Inventory& inventory) {
    if (!fs::exists(places.cache_mounts())) return;
    for (const auto& trust : fs::directory_iterator{places.cache_mounts()})
        for (const auto& named : fs::directory_iterator{trust.path()})
            for (const auto& one : fs::directory_iterator{named.path()}) {
                const auto lock = find_status(one.path() / kMountLock);
                if (lock)
                    inventory.mounts.push_back(
                        {one.path(),
                         bytes_below(one.path() / "content"),
                         lock->st_mtim.tv_sec,
                         os::find_file(named.path() / "id", kIdBytesMax).value_or("")});
            }
}

void list_unpacked(const Places& places, Inventory& inventory) {
    if (!fs::exists(places.snapshots())) return;
    const store::LayerFolders folders{places.snapshots()};
    for (const oci::DiffId& layer : folders.list()) {
        const fs::path folder = folders.get(layer);
        const auto status = find_status(folder);
        if (!status) continue;
        const auto mark =
            find_status(places.snapshots() / "marks" / std::string{layer.digest.hex()});
        const auto mark_bytes = static_cast<std::uint64_t>(mark ? mark->st_size : 0);
        inventory.unpacked.push_back(
            {layer, bytes_below(folder) + mark_bytes, status->st_ctim.tv_sec});
    }
}

/// Counts who needs a blob or an unpacked layer, while entries go one after another.
class Pruner {
public:
    Pruner(
        const Inventory& inventory, const std::set<oci::Digest>& uses, const PruneOptions& options)
        : inventory_{inventory},
          uses_{uses},
          options_{options} {
        for (const Inventory::Blob& blob : inventory.blobs)
            sizes_.emplace(blob.digest, Item{blob.bytes, blob.last_use, Kind::Blob});
        for (const Inventory::Unpacked& layer : inventory.unpacked)
            unpacked_.emplace(
                layer.layer.digest, Item{layer.bytes, layer.last_use, Kind::Unpacked});
        count_left();
        count_needs();
    }

    PrunePlan plan() {
        collect_candidates();
        std::ranges::stable_sort(candidates_, {}, &Candidate::last_use);
        for (const Candidate& candidate : candidates_) {
            if (options_.before && candidate.last_use >= *options_.before) break;
            if (options_.keep_bytes && left_ <= *options_.keep_bytes) break;
            remove(candidate);
        }
        return std::move(plan_);
    }

private:
    enum class Kind : std::uint8_t { Blob, Unpacked };

    struct Item {
        std::uint64_t bytes;
        std::int64_t last_use;
        Kind kind;
        int needed = 0;
    };

    using Items = std::map<oci::Digest, Item>;

    /// One of the four, by its number in the inventory.
    struct Candidate {
        enum class Kind : std::uint8_t { Step, Image, Blob, Unpacked, Mount } kind;
        std::size_t index = 0;
        std::int64_t last_use = 0;
    };

    static void need(Items& items, const oci::Digest& digest, int by) {
        if (const auto found = items.find(digest); found != items.end()) found->second.needed += by;
    }

    void need_step(const engine::DirectoryStepCache::Listed& step, int by) {
        if (!step.record || !step.record->layer) return;
        need(sizes_, step.record->layer->blob.digest, by);
        need(unpacked_, step.record->layer->diff_id.digest, by);
    }

    void need_image(const Inventory::Image& image, int by) {
        for (const oci::Digest& blob : image.blobs)
            need(sizes_, blob, by);
        for (const oci::Digest& layer : image.layers)
            need(unpacked_, layer, by);
    }

    void count_left() {
        for (const Inventory::CacheMount& mount : inventory_.mounts)
            left_ += mount.bytes;
        if (options_.only_mounts) return;
        for (const auto& [digest, item] : sizes_)
            left_ += item.bytes;
        for (const auto& [digest, item] : unpacked_)
            left_ += item.bytes;
        for (const auto& step : inventory_.steps)
            left_ += step.bytes;
    }

    void count_needs() {
        for (const auto& step : inventory_.steps)
            need_step(step, 1);
        for (const Inventory::Image& image : inventory_.images)
            need_image(image, 1);
        for (const oci::Digest& digest : uses_) {
            need(sizes_, digest, 1);
            need(unpacked_, digest, 1);
        }
    }

    void collect_candidates() {
        using enum Candidate::Kind;
        for (std::size_t i = 0; i < inventory_.mounts.size(); ++i)
            candidates_.push_back({Mount, i, inventory_.mounts[i].last_use});
        if (options_.only_mounts) return;
        for (std::size_t i = 0; i < inventory_.steps.size(); ++i)
            candidates_.push_back({Step, i, inventory_.steps[i].last_use});
        for (std::size_t i = 0; options_.all && i < inventory_.images.size(); ++i) {
            const auto manifest = sizes_.find(inventory_.images[i].manifest);
            if (uses_.contains(inventory_.images[i].manifest)) continue;
            candidates_.push_back(
                {Image, i, manifest == sizes_.end() ? 0 : manifest->second.last_use});
        }
        for (std::size_t i = 0; i < inventory_.blobs.size(); ++i)
            if (sizes_.at(inventory_.blobs[i].digest).needed == 0)
                candidates_.push_back({Blob, i, inventory_.blobs[i].last_use});
        for (std::size_t i = 0; i < inventory_.unpacked.size(); ++i)
            if (unpacked_.at(inventory_.unpacked[i].layer.digest).needed == 0)
                candidates_.push_back({Unpacked, i, inventory_.unpacked[i].last_use});
    }

    void remove(const Candidate& candidate) {
        switch (candidate.kind) {
            case Candidate::Kind::Step: {
                const auto& step = inventory_.steps[candidate.index];
                plan_.steps.push_back(step.key);
                count(step.bytes);
                need_step(step, -1);
                if (step.record && step.record->layer) {
                    release_blob(step.record->layer->blob.digest);
                    release_unpacked(step.record->layer->diff_id.digest);
                }
                return;
            }
            case Candidate::Kind::Image: {
                const Inventory::Image& image = inventory_.images[candidate.index];
                plan_.images.push_back(image.reference);
                need_image(image, -1);
                for (const oci::Digest& blob : image.blobs)
                    release_blob(blob);
                for (const oci::Digest& layer : image.layers)
                    release_unpacked(layer);
                return;
            }
            case Candidate::Kind::Blob:
                release_blob(inventory_.blobs[candidate.index].digest);
                return;
            case Candidate::Kind::Unpacked:
                release_unpacked(inventory_.unpacked[candidate.index].layer.digest);
                return;
            case Candidate::Kind::Mount:
                plan_.mounts.push_back(inventory_.mounts[candidate.index].folder);
                count(inventory_.mounts[candidate.index].bytes);
                return;
        }
    }

    /// Takes it away when nobody needs it any more.
    void release_blob(const oci::Digest& digest) {
        const auto found = sizes_.find(digest);
        if (found == sizes_.end() || found->second.needed > 0) return;
        plan_.blobs.push_back(digest);
        count(found->second.bytes);
        sizes_.erase(found);
    }

    void release_unpacked(const oci::Digest& digest) {
        const auto found = unpacked_.find(digest);
        if (found == unpacked_.end() || found->second.needed > 0) return;
        plan_.unpacked.push_back({digest});
        count(found->second.bytes);
        unpacked_.erase(found);
    }

    void count(std::uint64_t bytes) {
        plan_.bytes += bytes;
        left_ -= bytes;
    }

    const Inventory& inventory_;
    const std::set<oci::Digest>& uses_;
    const PruneOptions& options_;
    Items sizes_;
    Items unpacked_;
    std::vector<Candidate> candidates_;
    std::uint64_t left_ = 0;
    PrunePlan plan_;
};

/// Of a manifest, or of an index and what is below it. A layer, and an image that is not whole, have none.
void add_parts(
    const store::BlobStore& blobs, const oci::Digest& digest, int depth, Inventory::Image& image) {
    try {
        const std::string bytes = store::read_blob(blobs, digest, kDocumentBytesMax);
        const json::Value document = json::parse(bytes);
        const json::Reader reader{document, "manifest"};
        if (reader.has("manifests") && depth < kIndexDepthMax) {
            const oci::Index index =
                oci::parse_index(bytes, reader.get_string_or("mediaType", oci::kMediaTypeIndex));
            for (const oci::Descriptor& one : index.manifests) {
                image.blobs.insert(one.digest);
                add_parts(blobs, one.digest, depth + 1, image);
            }
        }
        if (!reader.has("config")) return;
        const oci::Manifest parsed =
            oci::parse_manifest(bytes, reader.get_string_or("mediaType", oci::kMediaTypeManifest));
        image.blobs.insert(parsed.config.digest);
        for (const oci::Descriptor& layer : parsed.layers)
            image.blobs.insert(layer.digest);
        for (const oci::DiffId& layer :
             oci::parse_image_config(
                 store::read_blob(blobs, parsed.config.digest, kDocumentBytesMax))
                 .diff_ids)
            image.layers.insert(layer.digest);
    } catch (const Error&) {
        return;
    }
}

}  // namespace

Inventory::Image image_parts(
    const store::BlobStore& blobs, const std::string& reference, const oci::Digest& manifest) {
    Inventory::Image image{reference, manifest, {manifest}, {}};
    add_parts(blobs, manifest, 0, image);
    return image;
}

Records count_records(const Places& places) {
    Records records;
    const std::set<fs::path> counted_elsewhere{
        places.blobs(),
        places.steps(),
        places.layer_indexes(),
        places.snapshots(),
        places.leases()};
    std::error_code failure;
    for (auto entry = fs::recursive_directory_iterator{places.root, failure};
         entry != fs::recursive_directory_iterator{};
         entry.increment(failure)) {
        // Slots of cache mounts hold what RUN made; beside them is only what they are called.
        if (counted_elsewhere.contains(entry->path())
            || entry->path().parent_path().parent_path().parent_path() == places.cache_mounts())
            entry.disable_recursion_pending();
        const auto status = find_status(entry->path());
        if (!status || !S_ISREG(status->st_mode)) continue;
        ++records.count;
        records.bytes += static_cast<std::uint64_t>(status->st_size);
    }
    return records;
}

Inventory take_inventory(
    const Places& places, const LocalImages& images, const store::BlobStore& blobs) {
    Inventory inventory;
    for (const LocalImages::Named& named : images.list())
        inventory.images.push_back(image_parts(blobs, named.reference, named.manifest.digest));
    inventory.steps = engine::DirectoryStepCache{places.steps()}.list();
    list_blobs(places, blobs, inventory);
    list_unpacked(places, inventory);
    list_indexes(places, inventory);
    list_mounts(places, inventory);
    inventory.records = count_records(places);
    return inventory;
}

std::vector<Usage> summarize(const Inventory& inventory) {
    std::set<oci::Digest> of_images;
    for (const Inventory::Image& image : inventory.images)
        of_images.insert(image.blobs.begin(), image.blobs.end());
    std::set<oci::Digest> of_steps;
    Usage images{.kind = "images", .count = inventory.images.size()};
    Usage steps{.kind = "steps", .count = inventory.steps.size()};
    for (const auto& step : inventory.steps) {
        steps.bytes += step.bytes;
        if (step.record && step.record->layer) of_steps.insert(step.record->layer->blob.digest);
    }
    Usage unpacked{.kind = "unpacked", .count = inventory.unpacked.size()};
    for (const Inventory::Unpacked& layer : inventory.unpacked)
        unpacked.bytes += layer.bytes;
    Usage mounts{.kind = "mounts", .count = inventory.mounts.size()};
    for (const Inventory::CacheMount& mount : inventory.mounts)
        mounts.bytes += mount.bytes;
    const Usage records{
        .kind = "records", .count = inventory.records.count, .bytes = inventory.records.bytes};
    Usage other{.kind = "other"};
    for (const Inventory::Blob& blob : inventory.blobs) {
        if (of_images.contains(blob.digest)) {
            images.bytes += blob.bytes;
        } else if (of_steps.contains(blob.digest)) {
            steps.bytes += blob.bytes;
        } else {
            ++other.count;
            other.bytes += blob.bytes;
        }
    }
    return {images, steps, unpacked, mounts, records, other};
}

PrunePlan plan_prune(
    const Inventory& inventory, const std::set<oci::Digest>& uses, const PruneOptions& options) {
    return Pruner{inventory, uses, options}.plan();
}

}  // namespace nacre::cli::build
