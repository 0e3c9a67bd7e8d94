#include "store/layer_folders.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <stop_token>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMarkMax = 256;
/// Under the lock are renames only, but for what sweep() finds.
constexpr std::chrono::milliseconds kLockWaitMax{60'000};
constexpr int kSessionTriesMax = 16;
constexpr std::string_view kSynced = "synced";
constexpr std::string_view kSessionPrefix = "tmp-";
constexpr const char* kSessionLock = "lock";
constexpr fs::perms kPassable{0711};

std::string read_boot_id() {
    return std::string{trim(os::read_file("/proc/sys/kernel/random/boot_id", kMarkMax))};
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::optional<oci::DiffId> parse_hex(const std::string& hex) {
    for (const char* algorithm : {"sha256:", "sha512:"})
        if (auto digest = oci::Digest::try_parse(algorithm + hex)) return oci::DiffId{*digest};
    return std::nullopt;
}

std::string hex_of(const oci::DiffId& diff_id) {
    return std::string{diff_id.digest.hex()};
}

}  // namespace

LayerFolders::LayerFolders(fs::path root) : root_{std::move(root)}, boot_id_{read_boot_id()} {
    for (const char* folder : {"layers", "marks", "active", "empty"})
        os::ensure_directory(root_ / folder);
    // A sweep in another process may take a folder before it is locked; then the next one is tried.
    for (int i = 0; i < kSessionTriesMax && !session_lock_; ++i) {
        std::string name = root_ / "active"
                           / (std::string{kSessionPrefix} + std::to_string(::getpid()) + "-XXXXXX");
        if (::mkdtemp(name.data()) == nullptr)
            throw SystemError{
                errno, "cannot make a folder for work in " + nacre::quoted(root_.string())};
        session_ = name;
        // A container of other users reaches its root through here.
        fs::permissions(session_, kPassable);
        try {
            session_lock_ = os::FileLock::try_acquire(session_ / kSessionLock);
        } catch (const SystemError& error) {
            if (error.error_number() != ENOENT) throw;
        }
    }
    if (!session_lock_)
        throw Error{
            ErrorCode::Unavailable,
            "cannot lock a folder for work in " + nacre::quoted(root_.string())};
}

LayerFolders::~LayerFolders() {
    ::unlink((session_ / kSessionLock).c_str());
    // Not empty when somebody forgot a folder: the next sweep finds it unlocked.
    ::rmdir(session_.c_str());
}

os::FileLock LayerFolders::lock() const {
    return os::FileLock::acquire(root_ / "lock", kLockWaitMax, std::stop_token{});
}

bool LayerFolders::is_trusted(const std::string& hex) const {
    const auto content = os::find_file(mark(hex), kMarkMax);
    return content && (*content == kSynced || content->starts_with(boot_id_));
}

bool LayerFolders::has(const oci::DiffId& diff_id) const {
    const std::string hex = hex_of(diff_id);
    return is_trusted(hex) && fs::is_directory(layer(hex));
}

fs::path LayerFolders::get(const oci::DiffId& diff_id) const {
    if (!has(diff_id))
        throw Error{ErrorCode::NotFound, "no unpacked layer " + diff_id.digest.str()};
    return layer(hex_of(diff_id));
}

void LayerFolders::commit(const oci::DiffId& diff_id, const fs::path& folder) {
    const std::string hex = hex_of(diff_id);
    {
        const os::FileLock held = lock();
        if (!has(diff_id)) {
            discard_layer(hex);
            // The mark is written first, and says more than the boot so that sync() knows a layer made again.
            os::write_file_atomically(
                mark(hex),
                boot_id_ + " " + session_.filename().string() + " " + std::to_string(next_++),
                os::Durability::Buffered);
            if (::rename(folder.c_str(), layer(hex).c_str()) != 0)
                throw SystemError{
                    errno,
                    "cannot move the unpacked layer to " + nacre::quoted(layer(hex).string())};
            return;
        }
    }
    os::remove_tree(folder);
}

void LayerFolders::discard_layer(const std::string& hex) {
    // Renamed first: what is half removed must not be under the name of a layer.
    const fs::path trash = session_ / ("trash-" + std::to_string(next_++));
    if (::rename(layer(hex).c_str(), trash.c_str()) == 0) {
        os::remove_tree(trash);
    } else if (errno != ENOENT) {
        throw SystemError{errno, "cannot remove the layer " + nacre::quoted(layer(hex).string())};
    }
    ::unlink(mark(hex).c_str());
}

bool LayerFolders::remove(const oci::DiffId& diff_id) {
    const os::FileLock held = lock();
    const bool had = has(diff_id);
    discard_layer(hex_of(diff_id));
    return had;
}

std::vector<oci::DiffId> LayerFolders::list() const {
    std::vector<oci::DiffId> result;
    for (const std::string& hex : names_in(root_ / "layers"))
        if (const auto diff_id = parse_hex(hex); diff_id && has(*diff_id))
            result.push_back(*diff_id);
    std::ranges::sort(result);
    return result;
}

void LayerFolders::sync() {
    std::map<std::string, std::string> unsynced;
    for (const std::string& hex : names_in(root_ / "marks"))
        if (auto content = os::find_file(mark(hex), kMarkMax);
            content && content->starts_with(boot_id_))
            unsynced.emplace(hex, std::move(*content));
    if (unsynced.empty()) return;
    const os::UniqueFd root = os::open_file(root_, O_RDONLY | O_DIRECTORY);
    const auto write_back = [&] {
        if (::syncfs(root.get()) != 0)
            throw SystemError{errno, "cannot write back " + nacre::quoted(root_.string())};
    };
    write_back();
    {
        const os::FileLock held = lock();
        for (const auto& [hex, content] : unsynced)
            if (os::find_file(mark(hex), kMarkMax) == content)
                os::write_file_atomically(mark(hex), kSynced, os::Durability::Buffered);
    }
    write_back();
}

fs::path LayerFolders::make_active() {
    fs::path folder = session_ / std::to_string(next_++);
    if (::mkdir(folder.c_str(), 0700) != 0)
        throw SystemError{errno, "cannot make the folder " + nacre::quoted(folder.string())};
    fs::permissions(folder, kPassable);
    return folder;
}

int LayerFolders::sweep(const std::function<void(const fs::path&)>& release) {
    int swept = 0;
    for (const std::string& name : names_in(root_ / "active")) {
        const fs::path session = root_ / "active" / name;
        if (!name.starts_with(kSessionPrefix) || session == session_) continue;
        std::optional<os::FileLock> dead;
        try {
            dead = os::FileLock::try_acquire(session / kSessionLock);
        } catch (const SystemError& error) {
            if (error.error_number() != ENOENT) throw;  // its owner just removed it
        }
        if (!dead) continue;
        for (const std::string& work : names_in(session))
            if (work != kSessionLock) {
                release(session / work);
                ++swept;
            }
        os::remove_tree(session);
    }
    const os::FileLock held = lock();
    for (const std::string& hex : names_in(root_ / "layers")) {
        if (is_trusted(hex)) continue;
        discard_layer(hex);
        ++swept;
    }
    return swept;
}

}  // namespace nacre::store
