#include "registry/detail/session.hpp"

#include "base/error.hpp"
#include "base/pause.hpp"
#include "registry/detail/refusal.hpp"

#include <algorithm>

namespace nacre::registry::detail {
namespace {

constexpr int kRedirectsMax = 10;
constexpr std::chrono::milliseconds kPauseMax{30'000};
/// Where the images of "docker.io" are.
constexpr const char* kDockerHubServer = "registry-1.docker.io";

bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

Session::Session(const HttpRegistry::Parts& parts, HttpRegistryOptions options)
    : parts_{parts},
      options_{std::move(options)},
      authorizer_{
          parts.credentials,
          parts.clock,
          [this](const http::ClientRequest& request, const std::stop_token& stop) {
              return repeat([&] { return parts_.http.exchange(request, stop); }, stop);
          }} {}

Transport Session::transport_of(const std::string& registry) const {
    const bool is_plain = is_loopback(registry) || options_.insecure_registries.contains(registry);
    return is_plain ? Transport::Plain : Transport::Tls;
}

Url Session::url(const Repository& repository, const std::string& rest) const {
    const std::string& registry = repository.registry;
    return {
        .scheme = transport_of(registry) == Transport::Plain ? "http" : "https",
        .host = registry == kDockerHub ? kDockerHubServer : registry,
        .target = "/v2/" + repository.name + rest};
}

bool Session::try_pause(ErrorCode failure, int failures, const std::stop_token& stop) {
    if (!is_retryable(failure) || failures >= options_.attempts) return false;
    const Backoff backoff{.first = options_.first_pause, .max = kPauseMax};
    pause(pause_after(backoff, failures - 1, parts_.random), stop);
    return true;
}

http::ClientResponse Session::repeat(
    const std::function<http::ClientResponse()>& attempt, const std::stop_token& stop) {
    for (int failures = 1;; ++failures) {
        try {
            http::ClientResponse response = attempt();
            if (!is_busy(response.status)) return response;
            const auto wanted = find_retry_after(response.headers);
            if (wanted && *wanted > options_.retry_after_max) return response;
            if (!try_pause(ErrorCode::Unavailable, failures, stop)) return response;
            if (wanted) pause(*wanted, stop);
        } catch (const Error& error) {
            if (!try_pause(error.code(), failures, stop)) throw;
        }
    }
}

http::ClientStream Session::follow(
    const Call& call,
    const std::optional<std::string>& authorization,
    const Exchange& exchange) const {
    const Url registry = url(call.scope.repository, "");
    http::ClientRequest request = call.request;
    request.follow_redirects = false;
    const bool may_move = request.method == "GET" || request.method == "HEAD";
    Url target = call.url;
    for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
        const auto body = call.open_body ? call.open_body() : nullptr;
        request.body_source = body.get();
        request.url = target.str();
        request.headers = call.request.headers;
        if (authorization && target.is_same_server(registry))
            request.headers.set("Authorization", *authorization);
        http::ClientStream answer = exchange(request);
        const auto location = answer.headers.find("Location");
        if (!may_move || !is_redirect(answer.status) || !location) return answer;
        target = resolve_location(target, *location);
    }
    throw Error{
        ErrorCode::Unavailable,
        call.what + ": was sent on more than " + std::to_string(kRedirectsMax) + " times"};
}

http::ClientStream Session::perform(
    const Call& call, const Exchange& exchange, const std::stop_token& stop) {
    return with_context(call.what, [&] {
        auto authorization = authorizer_.find(call.scope, stop);
        http::ClientStream answer = follow(call, authorization, exchange);
        if (answer.status != 401) return answer;
        authorization = authorizer_.renew(
            call.scope,
            authorization,
            answer.headers,
            transport_of(call.scope.repository.registry),
            stop);
        answer = follow(call, authorization, exchange);
        if (answer.status == 401)
            throw Error{
                ErrorCode::Unauthenticated,
                "registry '" + call.scope.repository.registry
                    + "' refuses its own token or the credentials (" + call.scope.actions + ")"};
        return answer;
    });
}

http::ClientResponse Session::send(const Call& call, const std::stop_token& stop) {
    const auto attempt = [&] {
        http::ClientResponse response;
        const http::ClientStream head = perform(
            call,
            [&](const http::ClientRequest& request) {
                response = parts_.http.exchange(request, stop);
                return http::ClientStream{
                    .status = response.status, .headers = response.headers, .body = nullptr};
            },
            stop);
        return response;
    };
    return call.open_body ? attempt() : repeat(attempt, stop);
}

http::ClientStream Session::open(const Call& call, const std::stop_token& stop) {
    return perform(
        call,
        [&](const http::ClientRequest& request) { return parts_.http.open(request, stop); },
        stop);
}

}  // namespace nacre::registry::detail
