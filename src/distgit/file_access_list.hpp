#pragma once

#include "distgit/access.hpp"

#include <filesystem>

namespace nacre::distgit {

/// The file in a bare repository that holds its access.
inline constexpr std::string_view kAccessFile = "nacre-access.json";

/// Keeps the access of `<root>/<namespace>/<name>.git` inside that folder; an exclusive file lock makes changes of several
/// processes follow each other.
class FileAccessList final : public AccessList {
public:
    explicit FileAccessList(std::filesystem::path root) : root_{std::move(root)} {}

    std::optional<Access> find(const RepositoryName& repository) const override;
    void set(const RepositoryName& repository, const std::string& user, Acl acl) override;

private:
    std::filesystem::path folder_of(const RepositoryName& repository) const;

    std::filesystem::path root_;
};

}  // namespace nacre::distgit
