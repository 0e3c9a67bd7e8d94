#pragma once

#include "http/server.hpp"
#include "web/facts.hpp"

namespace nacre::web {

/// The pages below "/koji": the index, "taskinfo?taskID=N" and "buildinfo?buildID=N", with the addresses that Koji's
/// clients print. No page has a script; the pages of running tasks and builds load themselves again. `facts` outlives it.
class Pages final : public http::Handler {
public:
    explicit Pages(const Facts& facts) : facts_{facts} {}

    http::Response handle(const http::Request& request) override;

private:
    http::Response task_page(const http::Request& request) const;
    http::Response build_page(const http::Request& request) const;

    const Facts& facts_;
};

}  // namespace nacre::web
