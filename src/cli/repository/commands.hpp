#pragma once

#include "cli/session.hpp"

#include <string>
#include <vector>

namespace nacre::cli::repository {

struct CloneOptions {
    std::string repository;  ///< "container/httpd"
    std::string branch;      ///< empty: the default one
    std::string folder;      ///< empty: the repository's name
    bool anonymous = false;  ///< for reading only
};

/// `git clone`, set up so that git asks us for the user's password when it pushes.
int clone(const Session& session, const CloneOptions& options);

struct RequestOptions {
    std::string repository;  ///< "container/httpd"
    std::string description;
    std::string owner;              ///< who may commit; empty: the caller only
    std::string package;            ///< of the hub; empty: the repository's name
    std::vector<std::string> tags;  ///< whose package lists get the package
};

/// Makes a repository (an administrator's call), gives it an owner, and adds its package to tags.
int request_repo(const Session& session, const RequestOptions& options);

/// git's credential helper protocol (gitcredentials(7)): answers "get" with the profile's user and password for the
/// service's own address, and nothing else.
int credential(const Session& session, const std::string& operation, const std::string& input);

}  // namespace nacre::cli::repository
