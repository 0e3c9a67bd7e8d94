#pragma once

#include "base/guarded.hpp"
#include "http/detail/ring.hpp"
#include "http/message.hpp"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

struct MHD_Connection;

namespace nacre::http::detail {

/// What the loop thread does next with a connection.
enum class Verdict : std::uint8_t {
    GoOn,      ///< the library continues
    Reply,     ///< a response is ready: take_response()
    Wait,      ///< the connection is suspended until another thread resumes it
    Dispatch,  ///< as Wait, and a worker has to be given the request
    Close      ///< the service stops: break the connection
};

/// One request and its answer, shared by the loop thread that owns the connection, the worker that runs the
/// handler, and the reader that reads the source of the answer. A connection is suspended whenever its loop
/// thread would have to wait for one of the others; who takes `suspended` out of the flow resumes it.
class Exchange {
public:
    Exchange(std::uint64_t id, std::string target);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    std::uint64_t id() const noexcept { return id_; }

    /// The loop thread fills it before the request is dispatched; the worker reads it.
    Request& request() noexcept { return request_; }

    // For the loop thread.

    enum class Stage : std::uint8_t { New, Head, Body };
    Stage stage = Stage::New;

    /// The request is complete but for its body.
    void begin_body(int socket);
    /// Of a client that waits for "100 Continue": the handler decides whether the body is wanted.
    Verdict await_continue(MHD_Connection* connection);

    struct Taken {
        std::size_t bytes = 0;
        Verdict verdict = Verdict::GoOn;
    };

    Taken take_body(MHD_Connection* connection, Bytes bytes);
    Verdict end_body(MHD_Connection* connection);
    Response take_response();
    bool has_source();

    enum class Stream : std::uint8_t { Bytes, Wait, End, Failed };

    struct Piece {
        Stream stream = Stream::Failed;
        std::size_t bytes = 0;
        bool fill = false;  ///< a reader has to be given the exchange
    };

    Piece read_response(MHD_Connection* connection, std::span<std::byte> buffer);
    /// The connection is done with this exchange. Returns whether a reader has to drop the source.
    bool finish();

    // For workers.

    std::size_t read_body(std::span<std::byte> buffer);
    void complete(Response response);

    // For readers.

    /// Reads the source of the answer while there is room. Returns whether it wants another turn. `failure` is
    /// set when the source failed.
    bool fill(std::string& failure);

    // For any thread.

    /// The client closed its side of the connection: the handler is asked to end, and the library to look at the
    /// connection. May be called again.
    void peer_closed();
    /// The service stops: the handler is asked to end.
    void close() noexcept;
    /// Nobody will complete this exchange any more.
    void abandon();

private:
    struct Flow {
        explicit Flow(std::size_t capacity) : body{capacity}, out{capacity} {}

        int socket = -1;
        MHD_Connection* suspended = nullptr;
        Ring body;
        Ring out;
        std::uint64_t body_bytes = 0;
        std::uint64_t discarded_bytes = 0;
        bool awaits_continue = false;
        bool dispatched = false;
        bool body_ended = false;
        bool completed = false;
        bool closing = false;
        bool abandoned = false;
        bool gone = false;
        std::optional<Response> response;
        std::unique_ptr<ByteSource> source;
        bool source_ended = false;
        bool source_failed = false;
        bool fill_pending = false;
    };

    class Body final : public ByteSource {
    public:
        explicit Body(Exchange& exchange) : exchange_{exchange} {}

        std::size_t read(std::span<std::byte> buffer) override {
            return exchange_.read_body(buffer);
        }

    private:
        Exchange& exchange_;
    };

    static void suspend(Flow& flow, MHD_Connection* connection);
    static void resume(Flow& flow);
    static Verdict wait_or_dispatch(Flow& flow, MHD_Connection* connection);
    std::size_t read_source(ByteSource& source, std::span<std::byte> buffer, std::string& failure);

    const std::uint64_t id_;
    Body body_{*this};
    Request request_;
    std::stop_source stop_;
    Guarded<Flow> flow_;
    std::condition_variable_any changed_;
};

}  // namespace nacre::http::detail
