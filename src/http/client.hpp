#pragma once

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "http/message.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
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

/// An answer whose body is read while it arrives.
struct ClientStream {
    int status = 0;
    Headers headers;
    /// Never null. read() throws what exchange() does. Confined to one thread; the client outlives it.
    std::unique_ptr<ByteSource> body;
};

/// Thread-safe.
class Client {
public:
    virtual ~Client() = default;

    /// Any status is an answer. Throws Error{Unavailable} when the peer cannot be reached or breaks off,
    /// Error{DeadlineExceeded}, Error{ResourceExhausted}, Cancelled.
    virtual ClientResponse exchange(const ClientRequest& request, std::stop_token stop) = 0;

    /// The same, but returns as soon as the fields of the answer are there: for bodies of any size and any status.
    /// `response_limit` and `response_sink` do not matter; a `body_source` outlives the stream. `stop` ends read() too.
    virtual ClientStream open(const ClientRequest& request, std::stop_token stop) = 0;
};

/// Whom a client believes over TLS, and who it says it is.
struct ClientTls {
    std::string authorities_file;  ///< PEM, instead of the system's; empty: the system's
    std::string certificate_file;  ///< PEM, with the key; empty: none
    std::string advice;            ///< the hint for a server that is not believed
};

/// libcurl, with connections kept alive between requests. Honours the usual proxy variables.
class CurlClient final : public Client {
public:
    explicit CurlClient(std::string user_agent, ClientTls tls = {});
    ~CurlClient() override;

    ClientResponse exchange(const ClientRequest& request, std::stop_token stop) override;
    ClientStream open(const ClientRequest& request, std::stop_token stop) override;

private:
    struct State;
    class Stream;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::http
