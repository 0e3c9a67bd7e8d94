#pragma once

#include "base/log.hpp"
#include "http/message.hpp"
#include "http/tls.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace nacre::http {

/// Answers requests. Called from several worker threads at once; may block. An Error that leaves it becomes an
/// answer by its code (400, 401, 403, 404, 409, 413, 500, 503) with the message as text.
class Handler {
public:
    virtual ~Handler() = default;
    virtual Response handle(const Request& request) = 0;
};

struct ServerConfig {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: the kernel chooses, see Server::port()
    unsigned loop_threads = 1;
    unsigned worker_threads = 16;   ///< handlers that may run at once
    unsigned reader_threads = 16;   ///< sources of answers that may be read at once
    std::size_t queue_limit = 256;  ///< requests waiting for a worker; more get 503
    std::size_t connections_max = 2000;
    std::size_t header_bytes_max = 64U << 10U;
    std::chrono::seconds idle_limit{60};  ///< a connection that sends nothing is closed
    std::optional<TlsConfig> tls;         ///< 1.2 and 1.3; without it connections are not encrypted
};

/// HTTP/1.1 on one address (libmicrohttpd). The loop threads do I/O only, handlers run on a bounded pool of
/// workers. Request bodies are streamed with back-pressure, so memory does not grow with their size.
class Server {
public:
    /// Listens at once; throws SystemError when the address is in use, Error{InvalidArgument} for certificates that cannot
    /// be used. `handler` and `log` outlive it.
    Server(const ServerConfig& config, Handler& handler, Log log);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// Stops taking connections, requests the stop of running handlers, and joins.
    ~Server();

    std::uint16_t port() const noexcept;

    /// Other certificates for the connections that begin from now on; those that are open go on. Only for a server that
    /// was made with TLS; it asks clients for certificates if it did before. Thread-safe. Throws Error{InvalidArgument},
    /// and keeps the old ones then.
    void replace_certificates(const TlsConfig& tls);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nacre::http
