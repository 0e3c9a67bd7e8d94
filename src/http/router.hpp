#pragma once

#include "http/server.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::http {

/// Sends a request to the handler with the longest matching path prefix. A prefix matches whole segments: "/v2"
/// takes "/v2" and "/v2/x", not "/v20". Handlers outlive the router. Filled before the server starts.
class Router final : public Handler {
public:
    void add(std::string_view prefix, Handler& handler);

    /// 404 when no prefix matches.
    Response handle(const Request& request) override;

private:
    std::vector<std::pair<std::string, Handler*>> routes_;
};

}  // namespace nacre::http
