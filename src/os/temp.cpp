#include "os/temp.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace nacre::os {
namespace {

constexpr std::string_view kNamePrefix = "tmp-";
constexpr int kNamesMax = 100000;

void remove_quietly(const std::filesystem::path& path) noexcept {
    if (path.empty()) return;
    try {
        remove_tree(path);
    } catch (const std::exception&) {  // sweep_temporaries() of the next start finds it
        return;
    }
}

/// The lock of a folder; nothing when another process holds it, or the folder is gone.
UniqueFd try_lock(const std::filesystem::path& path) noexcept {
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
    return fd;
}

}  // namespace

TempDir::TempDir(const std::filesystem::path& parent, std::string_view prefix) {
    const std::string start =
        std::string{kNamePrefix} + std::string{prefix} + "-" + std::to_string(::getpid()) + "-";
    for (int number = 0; number < kNamesMax; ++number) {
        std::filesystem::path path = parent / (start + std::to_string(number));
        if (::mkdir(path.c_str(), S_IRWXU) == 0) {
            lock_ = try_lock(path);
            // A sweep came between the two steps: another name then.
            if (!lock_) continue;
            path_ = std::move(path);
            return;
        }
        if (errno != EEXIST)
            throw SystemError{errno, "cannot create folder " + quoted(path.string())};
    }
    throw Error{
        ErrorCode::ResourceExhausted,
        "cannot create a temporary folder in " + quoted(parent.string()) + ": "
            + std::to_string(kNamesMax) + " are there already"};
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_{std::exchange(other.path_, {})},
      lock_{std::move(other.lock_)} {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
    if (this != &other) {
        remove_quietly(path_);
        path_ = std::exchange(other.path_, {});
        lock_ = std::move(other.lock_);
    }
    return *this;
}

TempDir::~TempDir() {
    remove_quietly(path_);
}

std::filesystem::path TempDir::keep() noexcept {
    lock_.reset();
    return std::exchange(path_, {});
}

int sweep_temporaries(const std::filesystem::path& parent) {
    std::vector<std::string> names;
    Directory folder = Directory::open(parent);
    while (auto entry = folder.next())
        if (entry->name.starts_with(kNamePrefix)) names.push_back(std::move(entry->name));
    int removed = 0;
    for (const std::string& name : names) {
        const UniqueFd lock = try_lock(parent / name);
        if (!lock) continue;
        remove_tree(parent / name);
        ++removed;
    }
    return removed;
}

}  // namespace nacre::os
