#include "store/in_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::store {

os::UniqueFd try_open_in_root(int root, const std::string& path, int flags, Links links) noexcept {
    open_how how{};
    how.flags = static_cast<unsigned int>(flags | O_CLOEXEC);
    how.resolve = links == Links::Resolve
                      ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
                      : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const char* const name = path.empty() ? "." : path.c_str();
    // The kernel answers EAGAIN when a rename somewhere keeps it from being sure that '..' stays inside.
    constexpr int kTriesMax = 64;
    long fd = -1;
    for (int i = 0; i < kTriesMax; ++i) {
        fd = ::syscall(SYS_openat2, root, name, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return os::UniqueFd{static_cast<int>(fd)};
}

std::string path_in(int folder, const std::string& name) {
    return "/proc/self/fd/" + std::to_string(folder) + "/" + name;
}

}  // namespace nacre::store
