#pragma once

#include "api/distgit/callers.hpp"
#include "distgit/access.hpp"
#include "distgit/repositories.hpp"
#include "http/server.hpp"

namespace nacre::api::distgit {

/// The part of Pagure's API that tools for dist-git use, at "/api/0": POST new (administrators), GET NS/NAME, GET
/// NS/NAME/git/branches, POST NS/NAME/git/modifyacls (administrators and the repository's). Errors are
/// {"error": TEXT, "error_code": CODE}. Thread-safe.
class PagureHandler final : public http::Handler {
public:
    struct Parts {
        nacre::distgit::Repositories& repositories;
        nacre::distgit::AccessList& access;
        const Callers& callers;
    };

    explicit PagureHandler(const Parts& parts) : parts_{parts} {}

    http::Response handle(const http::Request& request) override;

private:
    http::Response answer(const http::Request& request);
    http::Response make_project(const http::Request& request, const std::string& user);
    http::Response show_project(const nacre::distgit::RepositoryName& name) const;
    http::Response show_branches(
        const nacre::distgit::RepositoryName& name, const http::Request& request) const;
    http::Response modify_acls(
        const nacre::distgit::RepositoryName& name,
        const http::Request& request,
        const std::string& user);
    std::string require_caller(const http::Request& request) const;

    Parts parts_;
};

/// The fields of an application/x-www-form-urlencoded text, in their order. Throws Error{InvalidArgument}.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);

}  // namespace nacre::api::distgit
