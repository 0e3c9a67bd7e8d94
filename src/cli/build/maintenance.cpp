#include "archive/digester.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/exit_status.hpp"
#include "base/text.hpp"
#include "cli/build/build_state.hpp"
#include "cli/build/commands.hpp"
#include "cli/build/inventory.hpp"
#include "cli/build/words.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"
#include "store/layer_folders.hpp"
#include "store/lease.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace nacre::cli::build {
namespace {

constexpr std::size_t kReadBytes = 1U << 20U;

/// The stores as they are on disk, without a lease: what a collection looks at is not used.
struct OpenStores {
    explicit OpenStores(const Places& its_places)
        : places{its_places},
          blobs{places.blobs()},
          names{places.images()},
          images{names, blobs} {}

    Inventory take_inventory() const { return build::take_inventory(places, images, blobs); }

    const Places& places;
    store::DirectoryBlobStore blobs;
    store::DirectoryImageNames names;
    LocalImages images;
};

Places ready_places(const Surroundings& around) {
    Places places = find_places(around.environment);
    places.ensure();
    return places;
}

std::string render_table(const std::vector<Usage>& usages) {
    std::string text = fmt::format("{:<10} {:>8} {:>16}\n", "KIND", "COUNT", "BYTES");
    std::uint64_t total = 0;
    for (const Usage& usage : usages) {
        text += fmt::format("{:<10} {:>8} {:>16}\n", usage.kind, usage.count, usage.bytes);
        total += usage.bytes;
    }
    return text + fmt::format("{:<10} {:>8} {:>16}\n", "total", "", total);
}

std::string render_json(const std::vector<Usage>& usages) {
    json::Object object;
    for (const Usage& usage : usages) {
        json::Object one;
        one.set("count", static_cast<std::int64_t>(usage.count));
        one.set("bytes", static_cast<std::int64_t>(usage.bytes));
        object.set(usage.kind, std::move(one));
    }
    return json::render(std::move(object)) + "\n";
}

/// An id is what a Dockerfile says: in quotes, without anything that a terminal would obey.
std::string render_table(const std::vector<Inventory::CacheMount>& mounts) {
    std::string text = fmt::format("{:>16} {:<20} {}\n", "BYTES", "LAST USE", "ID");
    for (const Inventory::CacheMount& mount : mounts)
        text += fmt::format(
            "{:>16} {:<20} {}\n",
            mount.bytes,
            render_rfc3339(from_unix_seconds(mount.last_use)),
            json::render(json::Value{sanitize_utf8(mount.id)}));
    return text;
}

std::string render_json(const std::vector<Inventory::CacheMount>& mounts) {
    json::Array listed;
    for (const Inventory::CacheMount& mount : mounts) {
        json::Object one;
        one.set("id", sanitize_utf8(mount.id));
        one.set("bytes", static_cast<std::int64_t>(mount.bytes));
        one.set("last_use", mount.last_use);
        listed.emplace_back(std::move(one));
    }
    json::Object object;
    object.set("mounts", std::move(listed));
    return json::render(std::move(object)) + "\n";
}

PruneOptions read_options(const PruneWords& words) {
    PruneOptions options{
        .all = words.all, .before = {}, .keep_bytes = {}, .only_mounts = words.cache_mounts};
    if (words.all && words.cache_mounts)
        throw Error{ErrorCode::InvalidArgument, "--all and --cache-mounts exclude each other"};
    const SystemClock clock;
    for (const std::string& filter : words.filters) {
        const auto [name, value] = split_pair(filter);
        if (name != "until")
            throw Error{
                ErrorCode::InvalidArgument,
                "--filter " + quoted(filter) + ": needed is until=AGE, such as until=24h"};
        options.before =
            to_unix_seconds(clock.wall_now()) - parse_age(value, "--filter until").count();
    }
    if (!words.keep_storage.empty())
        options.keep_bytes = parse_bytes(words.keep_storage, "--keep-storage");
    return options;
}

/// What running builds use consists of more than they looked at: the layers of an image that they are FROM.
std::set<oci::Digest> expand_uses(
    const std::set<oci::Digest>& uses, const store::BlobStore& blobs) {
    std::set<oci::Digest> all = uses;
    for (const oci::Digest& digest : uses) {
        const Inventory::Image image = image_parts(blobs, "", digest);
        all.insert(image.blobs.begin(), image.blobs.end());
        all.insert(image.layers.begin(), image.layers.end());
    }
    return all;
}

/// Who runs with it holds its lock.
bool is_in_use(const Inventory::CacheMount& mount) {
    return !os::FileLock::try_acquire(mount.folder / "lock");
}

void remove_all(const PrunePlan& plan, OpenStores& stores) {
    // Names first and content last: what is interrupted leaves nothing that refers to what is gone.
    for (const std::string& image : plan.images)
        stores.images.forget(oci::Reference::parse(image));
    engine::DirectoryStepCache steps{stores.places.steps()};
    for (const engine::StepKey& key : plan.steps)
        steps.remove(key);
    for (const oci::Digest& blob : plan.blobs)
        stores.blobs.remove(blob);
    for (const std::filesystem::path& mount : plan.mounts)
        if (const auto lock = os::FileLock::try_acquire(mount / "lock")) os::remove_tree(mount);
    if (plan.unpacked.empty()) return;
    for (const oci::DiffId& layer : plan.unpacked)
        std::filesystem::remove(stores.places.layer_indexes() / std::string{layer.digest.hex()});
    if (!std::filesystem::exists(stores.places.snapshots())) return;
    store::LayerFolders folders{stores.places.snapshots()};
    for (const oci::DiffId& layer : plan.unpacked)
        folders.remove(layer);
}

/// What a blob's bytes are digested to; nothing when it was removed meanwhile.
std::optional<std::string> find_hex(
    const store::BlobStore& blobs, const oci::Digest& digest, const std::stop_token& stop) {
    try {
        const auto content = blobs.open(digest, 0);
        archive::Digester digester{archive::algorithm_of_digest(digest.algorithm())};
        std::vector<std::byte> buffer(kReadBytes);
        while (const std::size_t count = content->read(buffer)) {
            if (stop.stop_requested()) throw Cancelled{};
            digester.update(std::span{buffer}.first(count));
        }
        return digester.finish_hex();
    } catch (const Error& error) {
        if (error.code() == ErrorCode::NotFound) return std::nullopt;
        throw;
    }
}

std::vector<std::string> find_damage(
    const Inventory& inventory, const OpenStores& stores, const std::stop_token& stop) {
    std::vector<std::string> found;
    std::set<oci::Digest> present;
    for (const Inventory::Blob& blob : inventory.blobs) {
        const auto hex = find_hex(stores.blobs, blob.digest, stop);
        if (!hex) continue;
        present.insert(blob.digest);
        if (*hex != blob.digest.hex())
            found.push_back(
                "blob " + blob.digest.str() + " is damaged: its bytes have the digest " + *hex);
    }
    for (const Inventory::Image& image : inventory.images)
        for (const oci::Digest& part : image.blobs)
            // A layer of another registry is fetched when it is needed.
            if (!present.contains(part)
                && !std::filesystem::exists(stores.places.origins() / std::string{part.hex()}))
                found.push_back("image " + quoted(image.reference) + " lacks blob " + part.str());
    for (const auto& step : inventory.steps)
        if (!step.record) found.push_back("the record of step " + step.key.hex + " is damaged");
    return found;
}

/// They save reading files again, and are small.
void forget_digests(const Places& places, std::optional<std::int64_t> before) {
    for (const auto& entry : std::filesystem::directory_iterator{places.digests()}) {
        struct stat status{};
        if (::lstat(entry.path().c_str(), &status) == 0
            && (!before || status.st_mtim.tv_sec < *before))
            ::unlink(entry.path().c_str());
    }
}

}  // namespace

int images(const Surroundings& around) {
    const Places places = ready_places(around);
    for (const LocalImages::Named& image : OpenStores{places}.images.list())
        around.print(image.reference + " " + image.manifest.digest.str() + "\n");
    return 0;
}

int du(const DuWords& words, const Surroundings& around) {
    const Places places = ready_places(around);
    const Inventory inventory = OpenStores{places}.take_inventory();
    if (words.cache_mounts) {
        around.print(
            words.as_json ? render_json(inventory.mounts) : render_table(inventory.mounts));
        return 0;
    }
    const std::vector<Usage> usages = summarize(inventory);
    around.print(words.as_json ? render_json(usages) : render_table(usages));
    return 0;
}

int verify(const Surroundings& around) {
    const Places places = ready_places(around);
    os::SystemProcessRunner processes;
    sweep_killed_builds(places, processes);
    const OpenStores stores{places};
    const Inventory inventory = stores.take_inventory();
    const std::vector<std::string> damage = find_damage(inventory, stores, around.stop);
    for (const std::string& one : damage)
        around.print(one + "\n");
    around.print(fmt::format(
        "verified {} blobs, {} images, {} steps: {}\n",
        inventory.blobs.size(),
        inventory.images.size(),
        inventory.steps.size(),
        damage.empty() ? "all whole" : std::to_string(damage.size()) + " damaged"));
    return damage.empty() ? 0 : 1;
}

int prune(const PruneWords& words, const Surroundings& around) {
    PruneOptions options;
    try {
        options = read_options(words);
    } catch (const Error& error) {
        around.err.write(as_bytes("error: " + error.explain() + "\n"));
        return kExitWrongUsage;
    }
    const Places places = ready_places(around);
    os::SystemProcessRunner processes;
    sweep_killed_builds(places, processes);
    OpenStores stores{places};
    const store::Collection collection{places.leases()};
    Inventory inventory = stores.take_inventory();
    std::erase_if(inventory.mounts, is_in_use);
    const PrunePlan plan =
        plan_prune(inventory, expand_uses(collection.uses(), stores.blobs), options);
    remove_all(plan, stores);
    if (!options.keep_bytes && !options.only_mounts) forget_digests(places, options.before);
    const std::uint64_t records =
        inventory.records.bytes - std::min(inventory.records.bytes, count_records(places).bytes);
    around.print(fmt::format(
        "removed {} images, {} steps, {} blobs, {} unpacked layers, {} cache mounts: {} bytes\n",
        plan.images.size(),
        plan.steps.size(),
        plan.blobs.size(),
        plan.unpacked.size(),
        plan.mounts.size(),
        plan.bytes + records));
    return 0;
}

}  // namespace nacre::cli::build
