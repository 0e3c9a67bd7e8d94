#pragma once

#include "base/log.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

#include <functional>
#include <string>

namespace nacre::test {

/// A handler made of a function.
class FunctionHandler final : public http::Handler {
public:
    using Function = std::function<http::Response(const http::Request&)>;

    explicit FunctionHandler(Function function) : function_{std::move(function)} {}

    http::Response handle(const http::Request& request) override { return function_(request); }

private:
    Function function_;
};

/// A server on a free port of the loopback interface and a client for it.
class HttpFixture {
public:
    explicit HttpFixture(http::Handler& handler, const http::ServerConfig& config = {})
        : server{config, handler, Log{log}} {}

    std::string url(const std::string& target) const {
        return "http://127.0.0.1:" + std::to_string(server.port()) + target;
    }

    http::ClientResponse exchange(http::ClientRequest request) {
        request.url = url(request.url);
        return client.exchange(request, {});
    }

    http::ClientResponse get(const std::string& target) { return exchange({.url = target}); }

    MemoryLogSink log;
    http::Server server;
    http::CurlClient client{"nacre-test"};
};

}  // namespace nacre::test
