#include "distgit/file_access_list.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"

#include <chrono>

namespace nacre::distgit {
namespace {

constexpr std::size_t kAccessBytesMax = 4U << 20U;
constexpr std::chrono::seconds kLockWaitMax{10};
constexpr std::string_view kLockFile = "nacre-access.lock";

Error missing(const RepositoryName& repository) {
    return Error{ErrorCode::NotFound, "no such repository: '" + repository.str() + "'"};
}

}  // namespace

std::filesystem::path FileAccessList::folder_of(const RepositoryName& repository) const {
    return root_ / repository.space() / (repository.name() + ".git");
}

std::optional<Access> FileAccessList::find(const RepositoryName& repository) const {
    const auto text = os::find_file(folder_of(repository) / kAccessFile, kAccessBytesMax);
    if (!text) return std::nullopt;
    return with_context(
        "repository '" + repository.str() + "'", [&] { return parse_access(*text); });
}

void FileAccessList::set(const RepositoryName& repository, const std::string& user, Acl acl) {
    const auto folder = folder_of(repository);
    if (!std::filesystem::exists(folder / kAccessFile)) throw missing(repository);
    const auto lock = os::FileLock::acquire(folder / kLockFile, kLockWaitMax, {});
    std::optional<Access> access = find(repository);
    if (!access) throw missing(repository);
    set_acl(*access, user, acl);
    os::write_file_atomically(folder / kAccessFile, render(*access));
}

}  // namespace nacre::distgit
