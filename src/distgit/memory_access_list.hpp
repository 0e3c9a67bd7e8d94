#pragma once

#include "base/guarded.hpp"
#include "distgit/access.hpp"

#include <map>

namespace nacre::distgit {

/// Keeps access in memory: for tests.
class MemoryAccessList final : public AccessList {
public:
    void add(const RepositoryName& repository, const Access& access);

    std::optional<Access> find(const RepositoryName& repository) const override;
    void set(const RepositoryName& repository, const std::string& user, Acl acl) override;

private:
    mutable Guarded<std::map<RepositoryName, Access>> access_;
};

}  // namespace nacre::distgit
