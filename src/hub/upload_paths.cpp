#include "hub/upload_paths.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/task_files.hpp"
#include "koji/fault.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::hub {

void check_relative_path(std::string_view path) {
    const auto parts = split(path, '/');
    bool fine = !path.empty() && path.find('\0') == std::string_view::npos
                && parts.size() <= kUploadDepthMax;
    for (const std::string& part : parts)
        fine = fine && !part.empty() && part != "." && part != "..";
    if (!fine)
        throw koji::Fault{
            koji::FaultCode::GenericError, "Invalid upload directory: " + quoted(path)};
}

os::UniqueFd open_below(int root, std::string_view path, int flags, mode_t mode) {
    ::open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const std::string name{path};
    const long fd = ::syscall(SYS_openat2, root, name.c_str(), &how, sizeof how);
    if (fd >= 0) return os::UniqueFd{static_cast<int>(fd)};
    if (errno == ENOENT && (flags & O_CREAT) == 0) return os::UniqueFd{};
    if (errno == ELOOP || errno == EXDEV || errno == ENOTDIR)
        throw koji::Fault{
            koji::FaultCode::GenericError, "destination is not a plain path: " + quoted(path)};
    throw SystemError{errno, "cannot open " + quoted(path) + " in the work folder"};
}

os::UniqueFd open_folder_below(int root, std::string_view path, Missing missing) {
    check_relative_path(path);
    if (missing == Missing::Refuse) return open_below(root, path, O_RDONLY | O_DIRECTORY);
    os::UniqueFd folder = open_below(root, ".", O_RDONLY | O_DIRECTORY);
    for (const std::string& part : split(path, '/')) {
        if (::mkdirat(folder.get(), part.c_str(), 0755) != 0 && errno != EEXIST)
            throw SystemError{errno, "cannot make folder " + quoted(path) + " in the work folder"};
        folder = open_below(folder.get(), part, O_RDONLY | O_DIRECTORY);
    }
    return folder;
}

}  // namespace nacre::hub
