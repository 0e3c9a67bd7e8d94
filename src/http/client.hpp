#pragma once

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace nacre::http {

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;  ///< sent when `body_source` is null
    ByteSource* body_source = nullptr;
    std::optional<std::uint64_t> body_size;  ///< of `body_source`
    std::chrono::milliseconds connect_limit{10'000};
    std::chrono::milliseconds idle_limit{60'000};  ///< without a byte in either direction
    std::size_t response_limit = 64U << 20U;       ///< of the collected body; more is an error
    ByteSink* response_sink = nullptr;  ///< gets the body of a 2xx answer instead, without limit
    bool follow_redirects = true;       ///< for GET and HEAD; credentials do not go to another host
};

struct ClientResponse {
    int status = 0;
    Headers headers;
    std::string body;
};

/// Thread-safe.
class Client {
public:
    virtual ~Client() = default;

    /// Any status is an answer. Throws Error{Unavailable} when the peer cannot be reached or breaks off,
    /// Error{DeadlineExceeded}, Error{ResourceExhausted}, Cancelled.
    virtual ClientResponse exchange(const ClientRequest& request, std::stop_token stop) = 0;
};

/// libcurl, with connections kept alive between requests. Honours the usual proxy variables.
class CurlClient final : public Client {
public:
    explicit CurlClient(std::string user_agent);
    ~CurlClient() override;

    ClientResponse exchange(const ClientRequest& request, std::stop_token stop) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::http
