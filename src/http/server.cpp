#include "http/server.hpp"

#include "base/error.hpp"
#include "base/queue.hpp"
#include "base/text.hpp"
#include "base/thread_group.hpp"
#include "http/detail/exchange.hpp"
#include "http/detail/peer_watch.hpp"
#include "http/detail/tls_port.hpp"
#include "http/errors.hpp"
#include "http/target.hpp"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace nacre::http {
namespace {

using detail::Exchange;
using detail::Verdict;
using ExchangePtr = std::shared_ptr<Exchange>;

/// Beside the header fields the library keeps its read and write buffers in a connection's memory.
constexpr std::size_t kConnectionBufferBytes = 64U << 10U;
constexpr std::size_t kConnectionStepBytes = 16U << 10U;
constexpr std::size_t kReplyBlockBytes = 128U << 10U;
/// The library's own order, without what nobody should speak any more.
constexpr const char* kTlsPriorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";
/// What a stopping server gives answers that are on their way.
constexpr std::chrono::milliseconds kDrainLimit{1000};

struct DaemonCloser {
    void operator()(MHD_Daemon* daemon) const noexcept { ::MHD_stop_daemon(daemon); }
};

struct ReplyCloser {
    void operator()(MHD_Response* reply) const noexcept { ::MHD_destroy_response(reply); }
};

using DaemonPtr = std::unique_ptr<MHD_Daemon, DaemonCloser>;
using ReplyPtr = std::unique_ptr<MHD_Response, ReplyCloser>;

struct SocketAddress {
    sockaddr_storage storage{};
    bool is_v6 = false;
};

SocketAddress parse_address(const std::string& text, std::uint16_t port) {
    SocketAddress address;
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        std::memcpy(&address.storage, &v4, sizeof v4);
        return address;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1)
        throw Error{
            ErrorCode::InvalidArgument,
            "cannot listen on " + quoted(text) + ": expected an IPv4 or IPv6 address"};
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.is_v6 = true;
    return address;
}

std::string render_peer(MHD_Connection* connection) {
    const MHD_ConnectionInfo* info =
        ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == nullptr || info->client_addr == nullptr) return {};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const sockaddr* address = info->client_addr;
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return text.data();
}

int socket_of(MHD_Connection* connection) noexcept {
    const MHD_ConnectionInfo* info =
        ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == nullptr ? -1 : info->connect_fd;
}

MHD_Result collect_header(void* headers, MHD_ValueKind, const char* name, const char* value) {
    try {
        static_cast<Headers*>(headers)->add(name, value == nullptr ? "" : value);
        return MHD_YES;
    } catch (...) {
        return MHD_NO;
    }
}

void drop_text(void* text) {
    const std::unique_ptr<std::string> owned{static_cast<std::string*>(text)};
}

std::size_t header_bytes(const Request& request) noexcept {
    std::size_t bytes = request.target.size();
    for (const auto& [name, value] : request.headers.fields())
        bytes += name.size() + value.size();
    return bytes;
}

Response stopping_response() {
    Response response = Response::plain(503, "the service is stopping\n");
    response.headers.set("Connection", "close");
    return response;
}

Response busy_response() {
    Response response =
        Response::plain(503, "too many requests are waiting\nhint: try again in a few seconds\n");
    response.headers.set("Retry-After", "2");
    return response;
}

}  // namespace

struct Server::State {
    struct Live {
        std::unordered_map<std::uint64_t, ExchangePtr> exchanges;
        bool closing = false;
    };

    struct Stream;

    State(const ServerConfig& settings, Handler& target, Log destination)
        : config{settings},
          handler{target},
          log{destination},
          requests{settings.queue_limit},
          fills{2 * settings.connections_max} {
        if (settings.tls) tls = std::make_unique<detail::TlsPort>(*settings.tls);
    }

    void start();
    std::vector<MHD_OptionItem> tls_options();
    void listen();
    void stop();

    // What the library calls, on loop threads. Nothing may be thrown through it.
    static void* on_target(void* cls, const char* target, MHD_Connection* connection) noexcept;
    MHD_Result on_request(
        const void* context,
        MHD_Connection* connection,
        const char* method,
        const char* upload,
        std::size_t* upload_size) noexcept;
    static void on_connection(
        void* cls,
        MHD_Connection* connection,
        void** record,
        MHD_ConnectionNotificationCode what) noexcept;
    static ssize_t on_read(void* cls, std::uint64_t at, char* buffer, std::size_t size) noexcept;
    static void on_read_end(void* cls) noexcept;
    static void on_end(
        void* cls,
        MHD_Connection* connection,
        void** context,
        MHD_RequestTerminationCode how) noexcept;

    // On loop threads.
    MHD_Result advance(
        const ExchangePtr& exchange,
        MHD_Connection* connection,
        const char* upload,
        std::size_t& upload_size);
    std::optional<Response> begin(
        const ExchangePtr& exchange, MHD_Connection* connection, const char* method);
    MHD_Result act(const ExchangePtr& exchange, MHD_Connection* connection, Verdict verdict);
    MHD_Result reply(const ExchangePtr& exchange, MHD_Connection* connection, Response response);
    ReplyPtr make_reply(
        const ExchangePtr& exchange, MHD_Connection* connection, Response& response);
    void end(const ExchangePtr& exchange, MHD_Connection* connection);
    void schedule_fill(const ExchangePtr& exchange);

    // On workers, readers and the watcher.
    Response respond(const Request& request);
    void work(const std::stop_token& stop);
    void read(const std::stop_token& stop);
    bool peer_gone(std::uint64_t id);
    std::vector<ExchangePtr> live_exchanges();

    const ServerConfig config;
    Handler& handler;
    Log log;
    Queue<ExchangePtr> requests;
    Queue<ExchangePtr> fills;
    Guarded<Live> live;
    std::condition_variable_any live_changed;
    std::atomic<std::uint64_t> last_id{0};
    std::atomic<bool> closing{false};
    std::uint16_t port = 0;
    std::unique_ptr<detail::TlsPort> tls;
    detail::PeerWatch watch;
    ThreadGroup watchers;
    ThreadGroup workers;
    ThreadGroup readers;
    DaemonPtr daemon;
};

/// What the library carries for an answer that is read from a source.
struct Server::State::Stream {
    State& state;
    ExchangePtr exchange;
    MHD_Connection* connection;
    std::optional<std::uint64_t> size;
};

void Server::State::on_connection(
    void* cls,
    MHD_Connection* /*connection*/,
    void** record,
    MHD_ConnectionNotificationCode what) noexcept {
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        detail::TlsPort::forget(*record);
        *record = nullptr;
        return;
    }
    try {
        *record = static_cast<State*>(cls)->tls->remember();
    } catch (...) {
        // Without a record the handshake fails.
        *record = nullptr;
    }
}

void* Server::State::on_target(void* cls, const char* target, MHD_Connection*) noexcept {
    try {
        auto& state = *static_cast<State*>(cls);
        auto exchange = std::make_shared<Exchange>(++state.last_id, target);
        return std::make_unique<ExchangePtr>(std::move(exchange)).release();
    } catch (...) {
        return nullptr;
    }
}

MHD_Result Server::State::on_request(
    const void* context,
    MHD_Connection* connection,
    const char* method,
    const char* upload,
    std::size_t* upload_size) noexcept {
    if (context == nullptr) return MHD_NO;
    const ExchangePtr& exchange = *static_cast<const ExchangePtr*>(context);
    try {
        if (exchange->stage == Exchange::Stage::New) {
            exchange->stage = Exchange::Stage::Head;
            if (auto refusal = begin(exchange, connection, method))
                return reply(exchange, connection, std::move(*refusal));
        }
        return advance(exchange, connection, upload, *upload_size);
    } catch (const std::exception& error) {
        log.error("http.connection_failed", {{"error", error.what()}});
    } catch (...) {
        log.error("http.connection_failed", {{"error", "unknown"}});
    }
    return MHD_NO;
}

ssize_t Server::State::on_read(
    void* cls, std::uint64_t at, char* buffer, std::size_t size) noexcept {
    auto& stream = *static_cast<Stream*>(cls);
    try {
        const auto piece = stream.exchange->read_response(
            stream.connection, std::as_writable_bytes(std::span{buffer, size}));
        if (piece.fill) stream.state.schedule_fill(stream.exchange);
        switch (piece.stream) {
            case Exchange::Stream::Bytes:
                return static_cast<ssize_t>(piece.bytes);
            case Exchange::Stream::Wait:
                return 0;
            case Exchange::Stream::Failed:
                break;
            case Exchange::Stream::End:
                if (!stream.size || at == *stream.size) return MHD_CONTENT_READER_END_OF_STREAM;
                stream.state.log.error(
                    "http.answer_too_short", {{"path", stream.exchange->request().path}});
        }
    } catch (...) {
        stream.state.log.error("http.answer_failed", {{"path", stream.exchange->request().path}});
    }
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

void Server::State::on_read_end(void* cls) noexcept {
    const std::unique_ptr<Stream> stream{static_cast<Stream*>(cls)};
}

void Server::State::on_end(
    void* cls,
    MHD_Connection* connection,
    void** context,
    MHD_RequestTerminationCode /*how*/) noexcept {
    const std::unique_ptr<ExchangePtr> exchange{static_cast<ExchangePtr*>(*context)};
    *context = nullptr;
    if (exchange == nullptr) return;
    auto& state = *static_cast<State*>(cls);
    try {
        state.end(*exchange, connection);
    } catch (...) {
        state.log.error("http.connection_failed", {{"error", "cannot end a request"}});
    }
}

MHD_Result Server::State::advance(
    const ExchangePtr& exchange,
    MHD_Connection* connection,
    const char* upload,
    std::size_t& upload_size) {
    if (exchange->stage == Exchange::Stage::Head) {
        const Verdict verdict = exchange->request().headers.find("Expect")
                                    ? exchange->await_continue(connection)
                                    : Verdict::GoOn;
        if (verdict == Verdict::GoOn) exchange->stage = Exchange::Stage::Body;
        return act(exchange, connection, verdict);
    }
    if (upload_size == 0) return act(exchange, connection, exchange->end_body(connection));
    const Exchange::Taken taken =
        exchange->take_body(connection, as_bytes(std::string_view{upload, upload_size}));
    upload_size -= taken.bytes;
    return act(exchange, connection, taken.verdict);
}

/// Completes the request from its head; an answer when it is refused.
std::optional<Response> Server::State::begin(
    const ExchangePtr& exchange, MHD_Connection* connection, const char* method) {
    Request& request = exchange->request();
    request.method = to_upper(method);
    request.peer = render_peer(connection);
    ::MHD_get_connection_values(connection, MHD_HEADER_KIND, &collect_header, &request.headers);
    if (tls != nullptr) request.certificate = detail::TlsPort::find_client(connection);
    request.local_host = request.headers.find("Host").value_or("");
    if (header_bytes(request) > config.header_bytes_max)
        return Response::plain(
            431,
            "header fields have more than " + std::to_string(config.header_bytes_max) + " bytes\n");
    auto target = parse_target(request.target);
    if (!target)
        return Response::plain(400, "invalid request target " + quoted(request.target) + "\n");
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    const bool chunked = request.headers.find("Transfer-Encoding").has_value();
    if (const auto length = request.headers.find("Content-Length"); length && !chunked)
        if (const auto value = parse_integer(*length); value && *value >= 0)
            request.content_length = static_cast<std::uint64_t>(*value);
    exchange->begin_body(socket_of(connection));
    {
        auto now = live.lock();
        if (now->closing) return stopping_response();
        now->exchanges.emplace(exchange->id(), exchange);
    }
    watch.add(socket_of(connection), exchange->id());
    return std::nullopt;
}

MHD_Result Server::State::act(
    const ExchangePtr& exchange, MHD_Connection* connection, Verdict verdict) {
    switch (verdict) {
        case Verdict::GoOn:
        case Verdict::Wait:
            return MHD_YES;
        case Verdict::Close:
            return MHD_NO;
        case Verdict::Reply:
            return reply(exchange, connection, exchange->take_response());
        case Verdict::Dispatch:
            break;
    }
    if (!requests.try_push(exchange)) {
        log.warning("http.overloaded", {{"path", exchange->request().path}});
        exchange->complete(busy_response());
    }
    return MHD_YES;
}

MHD_Result Server::State::reply(
    const ExchangePtr& exchange, MHD_Connection* connection, Response response) {
    const int status = response.status;
    const ReplyPtr answer = make_reply(exchange, connection, response);
    if (answer == nullptr) return MHD_NO;
    for (const auto& [name, value] : response.headers.fields()) {
        // The library writes the framing itself.
        if (equals_ignoring_case(name, "Content-Length")) continue;
        if (::MHD_add_response_header(answer.get(), name.c_str(), value.c_str()) == MHD_NO)
            log.error("http.header_refused", {{"name", name}, {"value", quoted(value)}});
    }
    const Request& request = exchange->request();
    log.debug(
        "http.answered", {{"method", request.method}, {"path", request.path}, {"status", status}});
    return ::MHD_queue_response(connection, static_cast<unsigned>(status), answer.get());
}

ReplyPtr Server::State::make_reply(
    const ExchangePtr& exchange, MHD_Connection* connection, Response& response) {
    const bool streamed = exchange->has_source() || response.source_size.has_value();
    if (!streamed) {
        auto text = std::make_unique<std::string>(std::move(response.text));
        ReplyPtr answer{::MHD_create_response_from_buffer_with_free_callback_cls(
            text->size(), text->data(), &drop_text, text.get())};
        if (answer != nullptr) static_cast<void>(text.release());
        return answer;
    }
    auto stream =
        std::make_unique<Stream>(Stream{*this, exchange, connection, response.source_size});
    ReplyPtr answer{::MHD_create_response_from_callback(
        response.source_size.value_or(MHD_SIZE_UNKNOWN),
        kReplyBlockBytes,
        &on_read,
        stream.get(),
        &on_read_end)};
    if (answer != nullptr) static_cast<void>(stream.release());
    return answer;
}

void Server::State::end(const ExchangePtr& exchange, MHD_Connection* connection) {
    watch.remove(socket_of(connection));
    if (exchange->finish()) schedule_fill(exchange);
    {
        auto now = live.lock();
        now->exchanges.erase(exchange->id());
        if (!now->exchanges.empty()) return;
    }
    live_changed.notify_all();
}

void Server::State::schedule_fill(const ExchangePtr& exchange) {
    if (fills.try_push(exchange)) return;
    log.error("http.readers_overloaded", {{"path", exchange->request().path}});
    exchange->abandon();
}

Response Server::State::respond(const Request& request) {
    if (closing) return stopping_response();
    const auto failed = [&](const std::string& text, const std::string& where) {
        log.error(
            "request.failed",
            {{"method", request.method},
             {"path", request.path},
             {"error", text},
             {"where", where}});
    };
    try {
        return handler.handle(request);
    } catch (const Cancelled&) {
        return stopping_response();
    } catch (const Error& error) {
        if (status_of(error.code()) >= 500)
            failed(
                error.describe(),
                std::string{error.where().file} + ":" + std::to_string(error.where().line));
        return error_response(error);
    } catch (const std::exception& error) {
        failed(error.what(), "");
    } catch (...) {
        failed("unknown exception", "");
    }
    return error_response(Error{ErrorCode::Internal, "request failed"});
}

void Server::State::work(const std::stop_token& stop) {
    while (auto exchange = requests.pop(stop))
        (*exchange)->complete(respond((*exchange)->request()));
}

void Server::State::read(const std::stop_token& stop) {
    while (auto exchange = fills.pop(stop)) {
        std::string failure;
        if ((*exchange)->fill(failure)) schedule_fill(*exchange);
        if (!failure.empty())
            log.error(
                "http.answer_failed", {{"path", (*exchange)->request().path}, {"error", failure}});
    }
}

bool Server::State::peer_gone(std::uint64_t id) {
    ExchangePtr exchange;
    {
        auto now = live.lock();
        const auto found = now->exchanges.find(id);
        if (found == now->exchanges.end()) return false;
        exchange = found->second;
    }
    exchange->peer_closed();
    return true;
}

std::vector<ExchangePtr> Server::State::live_exchanges() {
    std::vector<ExchangePtr> all;
    auto now = live.lock();
    for (const auto& [id, exchange] : now->exchanges)
        all.push_back(exchange);
    return all;
}

void Server::State::start() {
    watchers.start("http-watch", [this](const std::stop_token& stop) {
        watch.run(stop, [this](std::uint64_t id) { return peer_gone(id); });
    });
    for (unsigned i = 0; i < config.worker_threads; ++i)
        workers.start("http-work", [this](const std::stop_token& stop) { work(stop); });
    for (unsigned i = 0; i < config.reader_threads; ++i)
        readers.start("http-read", [this](const std::stop_token& stop) { read(stop); });
    listen();
}

std::vector<MHD_OptionItem> Server::State::tls_options() {
    std::vector<MHD_OptionItem> options;
    if (tls != nullptr) {
        const auto pointer = [](const char* text) { return const_cast<char*>(text); };
        options.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, pointer(kTlsPriorities)});
        options.push_back(
            {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, detail::TlsPort::certificate_callback()});
        if (!tls->asked_authorities().empty())
            options.push_back(
                {MHD_OPTION_HTTPS_MEM_TRUST, 0, pointer(tls->asked_authorities().c_str())});
        options.push_back(
            {MHD_OPTION_NOTIFY_CONNECTION,
             reinterpret_cast<std::intptr_t>(&State::on_connection),
             this});
    }
    options.push_back({MHD_OPTION_END, 0, nullptr});
    return options;
}

void Server::State::listen() {
    const SocketAddress address = parse_address(config.address, config.port);
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    if (address.is_v6) flags |= MHD_USE_IPv6;
    if (tls != nullptr) flags |= MHD_USE_TLS;
    std::vector<MHD_OptionItem> more = tls_options();
    const auto* where = static_cast<const void*>(&address.storage);
    const MHD_AccessHandlerCallback handle = [](void* cls,
                                                MHD_Connection* connection,
                                                const char* /*url*/,
                                                const char* method,
                                                const char* /*version*/,
                                                const char* upload,
                                                std::size_t* upload_size,
                                                void** context) noexcept {
        return static_cast<State*>(cls)->on_request(
            *context, connection, method, upload, upload_size);
    };
    errno = 0;
    daemon.reset(::MHD_start_daemon(
        flags,
        config.port,
        nullptr,
        nullptr,
        handle,
        this,
        MHD_OPTION_SOCK_ADDR,
        where,
        MHD_OPTION_URI_LOG_CALLBACK,
        &on_target,
        this,
        MHD_OPTION_NOTIFY_COMPLETED,
        &on_end,
        this,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        config.header_bytes_max + kConnectionBufferBytes,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
        kConnectionStepBytes,
        MHD_OPTION_CONNECTION_LIMIT,
        static_cast<unsigned>(config.connections_max),
        MHD_OPTION_CONNECTION_TIMEOUT,
        static_cast<unsigned>(config.idle_limit.count()),
        MHD_OPTION_THREAD_POOL_SIZE,
        config.loop_threads > 1 ? config.loop_threads : 0U,
        MHD_OPTION_ARRAY,
        more.data(),
        MHD_OPTION_END));
    if (daemon == nullptr)
        throw SystemError{
            errno, "cannot listen on " + config.address + ":" + std::to_string(config.port)};
    port = ::MHD_get_daemon_info(daemon.get(), MHD_DAEMON_INFO_BIND_PORT)->port;
}

// The order matters: handlers are asked to end and joined while their connections stay suspended, so that
// their answers are still sent; only then are the connections resumed that nobody will answer, since the
// library aborts the process when it is stopped with a suspended one.
void Server::State::stop() {
    const int listener = ::MHD_quiesce_daemon(daemon.get());
    closing = true;
    live.lock()->closing = true;
    for (const ExchangePtr& exchange : live_exchanges())
        exchange->close();
    workers.join();
    readers.join();
    for (const ExchangePtr& exchange : live_exchanges())
        exchange->abandon();
    live.lock().wait_for(live_changed, std::stop_token{}, kDrainLimit, [](const Live& now) {
        return now.exchanges.empty();
    });
    daemon.reset();
    watchers.join();
    if (listener >= 0) ::close(listener);
}

Server::Server(const ServerConfig& config, Handler& handler, Log log)
    : state_{std::make_unique<State>(config, handler, log)} {
    state_->start();
}

Server::~Server() {
    state_->stop();
}

void Server::replace_certificates(const TlsConfig& tls) {
    if (state_->tls == nullptr)
        throw Error{ErrorCode::Internal, "a server without TLS has no certificates"};
    state_->tls->replace(tls);
}

std::uint16_t Server::port() const noexcept {
    return state_->port;
}

}  // namespace nacre::http
