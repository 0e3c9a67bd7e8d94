#include "engine/cache_folders.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace nacre::engine {
namespace {

namespace fs = std::filesystem;

/// For a step of another build that has the folder to itself.
constexpr std::chrono::hours kWaitMax{2};
constexpr std::chrono::minutes kMakeWaitMax{10};
/// Folders of their own at one time.
constexpr int kPrivateMax = 64;

std::string name_of(const CacheFolder::Request& request) {
    KeyWriter key;
    key.add(request.mount.id);
    key.add(std::int64_t{request.mount.mode});
    key.add(std::int64_t{request.mount.uid});
    key.add(std::int64_t{request.mount.gid});
    key.add(request.origin);
    if (!request.origin.empty()) key.add(request.mount.source);
    return key.finish().hex;
}

void make_content(const fs::path& slot, const CacheFolder::Request& request) {
    const fs::path made = slot / "new";
    os::remove_tree(made);
    os::ensure_directory(made, 0700);
    if (request.fill) request.fill(made);
    // A folder that was filled has the attributes of what it was filled from.
    if (!request.fill
        && (::chown(made.c_str(), request.mount.uid, request.mount.gid) != 0
            || ::chmod(made.c_str(), request.mount.mode) != 0))
        throw SystemError{errno, "cannot set up the cache folder " + quoted(made.string())};
    fs::rename(made, slot / "content");
}

fs::path ensure_content(
    const fs::path& slot, const CacheFolder::Request& request, const std::stop_token& stop) {
    const os::FileLock making = os::FileLock::acquire(slot / "making", kMakeWaitMax, stop);
    if (!fs::exists(slot / "content")) make_content(slot, request);
    return slot / "content";
}

}  // namespace

CacheFolder CacheFolder::acquire(
    const fs::path& root, const Request& request, const std::stop_token& stop) {
    const char* const tier = request.trust == Trust::Official ? "official" : "scratch";
    const fs::path folder = root / tier / name_of(request);
    for (const fs::path& made : {root, root / tier, folder, folder / "0"})
        os::ensure_directory(made, 0700);
    if (!fs::exists(folder / "id"))
        os::write_file_atomically(folder / "id", request.mount.id, os::Durability::Buffered, 0600);
    const auto hold = [&](const fs::path& slot, os::FileLock lock) {
        ::utimensat(AT_FDCWD, (slot / "lock").c_str(), nullptr, 0);
        return CacheFolder{ensure_content(slot, request, stop), std::move(lock)};
    };
    if (request.mount.sharing != dockerfile::Sharing::Private) {
        const fs::path slot = folder / "0";
        const auto mode = request.mount.sharing == dockerfile::Sharing::Locked
                              ? os::LockMode::Exclusive
                              : os::LockMode::Shared;
        return hold(
            slot,
            os::FileLock::acquire(
                slot / "lock", kWaitMax, stop, os::FileLock::Afterwards::Keep, mode));
    }
    for (int number = 0; number < kPrivateMax; ++number) {
        const fs::path slot = folder / std::to_string(number);
        os::ensure_directory(slot, 0700);
        if (auto lock = os::FileLock::try_acquire(slot / "lock"))
            return hold(slot, *std::move(lock));
    }
    throw Error{
        ErrorCode::ResourceExhausted,
        "cache mount " + quoted(request.mount.id) + " is used by " + std::to_string(kPrivateMax)
            + " steps that want it for themselves"};
}

}  // namespace nacre::engine
