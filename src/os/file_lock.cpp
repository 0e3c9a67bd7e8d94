#include "os/file_lock.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/stop_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace nacre::os {
namespace {

// The kernel has no wait for a lock that ends on a descriptor: ask again, at growing intervals.
constexpr std::chrono::milliseconds kFirstPause{1};
constexpr std::chrono::milliseconds kLongestPause{50};

bool try_lock(int fd, const std::filesystem::path& path, LockMode mode) {
    struct flock lock = {};
    lock.l_type = mode == LockMode::Exclusive ? F_WRLCK : F_RDLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    throw SystemError{errno, "cannot lock " + quoted(path.string())};
}

bool is_at(const UniqueFd& fd, const std::filesystem::path& path) {
    struct stat open{};
    struct stat named{};
    return ::fstat(fd.get(), &open) == 0 && ::stat(path.c_str(), &named) == 0
           && open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace

std::optional<FileLock> FileLock::try_acquire(const std::filesystem::path& path, LockMode mode) {
    UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    if (!try_lock(fd.get(), path, mode)) return std::nullopt;
    return FileLock{std::move(fd)};
}

FileLock FileLock::acquire(
    const std::filesystem::path& path,
    std::chrono::milliseconds limit,
    std::stop_token stop,
    Afterwards afterwards,
    LockMode mode) {
    const SystemClock clock;
    const SteadyTime deadline = clock.steady_now() + limit;
    UniqueFd fd = open_file(path, O_RDWR | O_CREAT);
    const StopFd stopped{stop};
    std::chrono::milliseconds pause = kFirstPause;
    while (true) {
        if (try_lock(fd.get(), path, mode)) {
            if (afterwards == Afterwards::Keep) return FileLock{std::move(fd)};
            if (is_at(fd, path)) return FileLock{std::move(fd), path};
            // Who held it removed it: what others will lock is another file now.
            fd = open_file(path, O_RDWR | O_CREAT);
            continue;
        }
        if (clock.steady_now() >= deadline)
            throw Error{
                ErrorCode::DeadlineExceeded,
                "cannot lock " + quoted(path.string()) + ": somebody else has held it for "
                    + std::to_string(limit.count()) + " ms"};
        pollfd wait{stopped.get(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(pause.count())) > 0) throw Cancelled{};
        pause = std::min(pause * 2, kLongestPause);
    }
}

FileLock::~FileLock() {
    // While the lock is held: who waits for it looks whether its file is still there.
    if (fd_ && !removed_.empty()) ::unlink(removed_.c_str());
}

}  // namespace nacre::os
