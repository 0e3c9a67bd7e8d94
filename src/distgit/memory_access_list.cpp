#include "distgit/memory_access_list.hpp"

#include "base/error.hpp"

namespace nacre::distgit {

void MemoryAccessList::add(const RepositoryName& repository, const Access& access) {
    access_.lock()->insert_or_assign(repository, access);
}

std::optional<Access> MemoryAccessList::find(const RepositoryName& repository) const {
    auto access = access_.lock();
    const auto found = access->find(repository);
    if (found == access->end()) return std::nullopt;
    return found->second;
}

void MemoryAccessList::set(const RepositoryName& repository, const std::string& user, Acl acl) {
    auto access = access_.lock();
    const auto found = access->find(repository);
    if (found == access->end())
        throw Error{ErrorCode::NotFound, "no such repository: '" + repository.str() + "'"};
    set_acl(found->second, user, acl);
}

}  // namespace nacre::distgit
