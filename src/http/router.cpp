#include "http/router.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace nacre::http {
namespace {

bool matches(std::string_view prefix, std::string_view path) noexcept {
    if (!path.starts_with(prefix)) return false;
    return prefix.empty() || prefix.ends_with('/') || path.size() == prefix.size()
           || path[prefix.size()] == '/';
}

}  // namespace

void Router::add(std::string_view prefix, Handler& handler) {
    routes_.emplace_back(prefix, &handler);
    std::stable_sort(routes_.begin(), routes_.end(), [](const auto& a, const auto& b) {
        return a.first.size() > b.first.size();
    });
}

Response Router::handle(const Request& request) {
    for (const auto& [prefix, handler] : routes_)
        if (matches(prefix, request.path)) return handler->handle(request);
    return Response::plain(404, "there is nothing at " + quoted(request.path) + "\n");
}

}  // namespace nacre::http
