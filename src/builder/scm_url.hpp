#pragma once

#include <string>
#include <string_view>

namespace nacre::builder {

/// Where the source of a build is: "git+https://host/git/container/httpd.git?subdir#0123…"
/// (reference C.11). A value that exists is well formed.
struct ScmUrl {
    std::string scheme;      ///< "git", "git+http", "git+https" or "git+ssh"
    std::string user;        ///< may be empty
    std::string host;        ///< "host[:port]"
    std::string repository;  ///< "/git/container/httpd.git", starts with '/', normalised
    std::string subfolder;   ///< of the repository, may be empty
    std::string revision;    ///< the full id of a commit, 40 or 64 lower-case hex digits

    /// Throws koji::Fault{BuildError} that says which part is wrong: a password, parameters, a path with
    /// "..", an unknown scheme, a missing or abbreviated commit.
    static ScmUrl parse(std::string_view text);

    /// What `git clone` takes: the scheme without "git+".
    std::string clone_url() const;

    bool operator==(const ScmUrl&) const = default;
};

}  // namespace nacre::builder
