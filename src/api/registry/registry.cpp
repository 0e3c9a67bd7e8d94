#include "api/registry/registry.hpp"

#include "api/registry/detail/blobs.hpp"
#include "api/registry/detail/manifests.hpp"
#include "api/registry/detail/refusal.hpp"
#include "api/registry/detail/route.hpp"
#include "base/text.hpp"
#include "json/value.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace nacre::api::registry {
namespace {

using detail::Refusal;
using detail::Route;
using detail::RouteKind;

[[noreturn]] void refuse_method(const http::Request& request) {
    throw Refusal{
        405,
        "UNSUPPORTED",
        request.method + " is not supported for " + nacre::quoted(request.path)};
}

bool is_read(const http::Request& request) noexcept {
    return request.method == "GET" || request.method == "HEAD";
}

/// One page of sorted names (distribution-spec, "Listing Tags").
struct Page {
    json::Array names;
    std::string link;  ///< to the next page; empty on the last one
};

Page cut_page(
    const http::Request& request, const std::vector<std::string>& all, std::size_t names_max) {
    std::size_t count = names_max;
    if (const auto text = request.find_query("n")) {
        const auto wanted = parse_integer(*text);
        if (!wanted || *wanted < 0)
            throw Refusal{
                400,
                "PAGINATION_NUMBER_INVALID",
                "expected a number for 'n', found " + nacre::quoted(*text)};
        count = std::min(count, static_cast<std::size_t>(*wanted));
    }
    const auto last = request.find_query("last");
    auto next = last ? std::upper_bound(all.begin(), all.end(), *last) : all.begin();
    Page page;
    for (; next != all.end() && page.names.size() < count; ++next)
        page.names.emplace_back(*next);
    if (next != all.end() && count > 0)
        page.link = "<" + request.path + "?n=" + std::to_string(count)
                    + "&last=" + http::percent_encode(*std::prev(next)) + ">; rel=\"next\"";
    return page;
}

http::Response page_response(json::Object document, const Page& page) {
    http::Response response = http::Response::json(200, json::render(std::move(document)));
    if (!page.link.empty()) response.headers.set("Link", page.link);
    return response;
}

}  // namespace

struct Registry::State {
    State(const RegistryParts& given, const RegistryLimits& bounds)
        : parts{given},
          limits{bounds},
          manifests{given},
          blobs{given, bounds} {}

    http::Response route(const http::Request& request);
    http::Response ping(const http::Request& request) const;
    http::Response catalog(const http::Request& request) const;
    http::Response tags(const http::Request& request, const std::string& repository) const;
    http::Response change(const http::Request& request, const Route& route);
    http::Response change_upload(const http::Request& request, const Route& route);

    RegistryParts parts;
    RegistryLimits limits;
    detail::Manifests manifests;
    detail::Blobs blobs;
};

http::Response Registry::State::ping(const http::Request& request) const {
    const bool anonymous = !request.headers.find("Authorization").has_value();
    if (anonymous && parts.policy.asks_for_credentials())
        throw Error{ErrorCode::Unauthenticated, "pushing needs credentials, pulling does not"};
    parts.policy.check_credentials(request);
    return http::Response::json(200, "{}");
}

http::Response Registry::State::catalog(const http::Request& request) const {
    Page page = cut_page(request, parts.names.repositories(), limits.tags_per_page_max);
    json::Object document;
    document.set("repositories", std::move(page.names));
    return page_response(std::move(document), page);
}

http::Response Registry::State::tags(
    const http::Request& request, const std::string& repository) const {
    const std::vector<std::string> all = parts.names.tags(repository);
    if (all.empty() && parts.names.manifests(repository).empty())
        throw Refusal{404, "NAME_UNKNOWN", "there is no repository " + nacre::quoted(repository)};
    Page page = cut_page(request, all, limits.tags_per_page_max);
    json::Object document;
    document.set("name", repository);
    document.set("tags", std::move(page.names));
    return page_response(std::move(document), page);
}

http::Response Registry::State::change_upload(const http::Request& request, const Route& route) {
    if (request.method == "PATCH") return blobs.append(request, route.repository, route.reference);
    if (request.method == "PUT") return blobs.finish(request, route.repository, route.reference);
    if (request.method == "DELETE") return blobs.cancel(route.repository, route.reference);
    refuse_method(request);
}

http::Response Registry::State::change(const http::Request& request, const Route& route) {
    if (route.kind == RouteKind::Ping || route.kind == RouteKind::Catalog) refuse_method(request);
    parts.policy.check_push(request, route.repository);
    if (route.kind == RouteKind::Upload) return change_upload(request, route);
    if (route.kind == RouteKind::Uploads && request.method == "POST")
        return blobs.start(request, route.repository);
    if (route.kind == RouteKind::Manifest && request.method == "PUT")
        return manifests.put(request, route.repository, route.reference);
    if (route.kind == RouteKind::Manifest && request.method == "DELETE")
        return manifests.remove(route.repository, route.reference);
    refuse_method(request);
}

http::Response Registry::State::route(const http::Request& request) {
    const Route route = detail::parse_route(request.path);
    if (!is_read(request)) return change(request, route);
    switch (route.kind) {
        case RouteKind::Ping:
            return ping(request);
        case RouteKind::Catalog:
            return catalog(request);
        case RouteKind::Manifest:
            return manifests.get(request, route.repository, route.reference);
        case RouteKind::Blob:
            return blobs.get(request, route.reference);
        case RouteKind::Tags:
            return tags(request, route.repository);
        case RouteKind::Referrers:
            return manifests.referrers(request, route.repository, route.reference);
        case RouteKind::Upload:
            parts.policy.check_push(request, route.repository);
            return blobs.status(route.repository, route.reference);
        case RouteKind::Uploads:
            break;
    }
    refuse_method(request);
}

Registry::Registry(const RegistryParts& parts, const RegistryLimits& limits)
    : state_{std::make_unique<State>(parts, limits)} {}

Registry::~Registry() = default;

http::Response Registry::handle(const http::Request& request) {
    http::Response response;
    try {
        response = state_->route(request);
    } catch (const Refusal& refusal) {
        response = detail::render(refusal);
    } catch (const Error& error) {
        response = detail::render_or_rethrow(error);
    }
    response.headers.set("Docker-Distribution-API-Version", "registry/2.0");
    return response;
}

}  // namespace nacre::api::registry
