#include "http/detail/exchange.hpp"

#include "base/error.hpp"

#include <microhttpd.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace nacre::http::detail {
namespace {

/// Of a request body that waits for the handler, and of an answer that waits for the client.
constexpr std::size_t kBufferBytes = 256U << 10U;
constexpr std::size_t kReadBytes = 64U << 10U;
/// Reads of a source before another exchange gets the reader.
constexpr int kReadsPerTurnMax = 16;
/// Of a body that the handler did not want; a client that sends more is disconnected.
constexpr std::uint64_t kDiscardBytesMax = 256U << 20U;

}  // namespace

Exchange::Exchange(std::uint64_t id, std::string target) : id_{id}, flow_{kBufferBytes} {
    request_.target = std::move(target);
    request_.body = &body_;
    request_.stop = stop_.get_token();
}

Exchange::~Exchange() = default;

// The two calls into the library take its own lock, never a callback: they are safe under ours, and
// only together with the flag is the state of the connection known.
void Exchange::suspend(Flow& flow, MHD_Connection* connection) {
    ::MHD_suspend_connection(connection);
    flow.suspended = connection;
}

void Exchange::resume(Flow& flow) {
    if (MHD_Connection* connection = std::exchange(flow.suspended, nullptr))
        ::MHD_resume_connection(connection);
}

Verdict Exchange::wait_or_dispatch(Flow& flow, MHD_Connection* connection) {
    suspend(flow, connection);
    return std::exchange(flow.dispatched, true) ? Verdict::Wait : Verdict::Dispatch;
}

void Exchange::begin_body(int socket) {
    const std::uint64_t expected = request_.content_length.value_or(kBufferBytes);
    const auto capacity = std::clamp<std::uint64_t>(expected, 1, kBufferBytes);
    auto flow = flow_.lock();
    flow->socket = socket;
    flow->body = Ring{static_cast<std::size_t>(capacity)};
}

Verdict Exchange::await_continue(MHD_Connection* connection) {
    auto flow = flow_.lock();
    if (flow->response) return Verdict::Reply;
    if (flow->abandoned) return Verdict::Close;
    if (flow->dispatched && !flow->awaits_continue) return Verdict::GoOn;
    flow->awaits_continue = true;
    return wait_or_dispatch(*flow, connection);
}

Exchange::Taken Exchange::take_body(MHD_Connection* connection, Bytes bytes) {
    Taken taken;
    {
        auto flow = flow_.lock();
        if (flow->abandoned) return {0, Verdict::Close};
        // The library goes through all chunks that it has, although the connection was suspended.
        if (flow->suspended != nullptr) return {0, Verdict::Wait};
        if (flow->completed) {
            flow->discarded_bytes += bytes.size();
            const bool too_much = flow->discarded_bytes > kDiscardBytesMax;
            return {bytes.size(), too_much ? Verdict::Close : Verdict::GoOn};
        }
        taken.bytes = flow->body.write(bytes);
        flow->body_bytes += taken.bytes;
        if (taken.bytes < bytes.size()) taken.verdict = wait_or_dispatch(*flow, connection);
    }
    changed_.notify_all();
    return taken;
}

Verdict Exchange::end_body(MHD_Connection* connection) {
    Verdict verdict = Verdict::Reply;
    {
        auto flow = flow_.lock();
        flow->body_ended = true;
        if (!flow->response)
            verdict = flow->abandoned ? Verdict::Close : wait_or_dispatch(*flow, connection);
    }
    changed_.notify_all();
    return verdict;
}

Response Exchange::take_response() {
    auto flow = flow_.lock();
    Response response = std::move(*flow->response);
    flow->response.reset();
    return response;
}

bool Exchange::has_source() {
    return flow_.lock()->source != nullptr;
}

Exchange::Piece Exchange::read_response(MHD_Connection* connection, std::span<std::byte> buffer) {
    auto flow = flow_.lock();
    Piece piece;
    piece.bytes = flow->out.read(buffer);
    const bool wants_more = !flow->source_ended && flow->out.free() >= kBufferBytes / 2;
    if (piece.bytes > 0) {
        piece.stream = Stream::Bytes;
    } else if (flow->abandoned || flow->closing || flow->source_failed) {
        return piece;
    } else if (flow->source_ended) {
        piece.stream = Stream::End;
    } else {
        piece.stream = Stream::Wait;
        suspend(*flow, connection);
    }
    if (wants_more) piece.fill = !std::exchange(flow->fill_pending, true);
    return piece;
}

bool Exchange::finish() {
    bool drop = false;
    bool completed = false;
    {
        auto flow = flow_.lock();
        flow->gone = true;
        flow->suspended = nullptr;
        completed = flow->completed;
        flow->out.release();
        if (flow->source) drop = !std::exchange(flow->fill_pending, true);
    }
    changed_.notify_all();
    if (!completed || drop) stop_.request_stop();
    return drop;
}

std::size_t Exchange::read_body(std::span<std::byte> buffer) {
    auto flow = flow_.lock();
    if (std::exchange(flow->awaits_continue, false)) resume(*flow);
    flow.wait(changed_, std::stop_token{}, [](const Flow& f) {
        return f.body.size() > 0 || f.body_ended || f.gone || f.closing;
    });
    if (const std::size_t count = flow->body.read(buffer)) {
        const bool has_room = flow->body.free() >= flow->body.capacity() / 2;
        if (has_room && !flow->body_ended) resume(*flow);
        return count;
    }
    if (flow->body_ended) return 0;
    if (flow->closing) throw Cancelled{};
    throw Error{
        ErrorCode::Unavailable,
        "the client broke off after " + std::to_string(flow->body_bytes) + " bytes of the body"};
}

void Exchange::complete(Response response) {
    if (request_.method == "HEAD") response.source.reset();
    auto flow = flow_.lock();
    flow->completed = true;
    flow->body.release();
    if (flow->gone) return;
    flow->source = std::move(response.source);
    flow->source_ended = flow->source == nullptr;
    flow->response.emplace(std::move(response));
    resume(*flow);
}

std::size_t Exchange::read_source(
    ByteSource& source, std::span<std::byte> buffer, std::string& failure) {
    try {
        return source.read(buffer);
    } catch (const Error& error) {
        failure = error.describe();
    } catch (const std::exception& error) {
        failure = error.what();
    }
    return 0;
}

bool Exchange::fill(std::string& failure) {
    // Declared first: a source that is dropped here may wait for a process, which must not be under the lock.
    std::unique_ptr<ByteSource> source;
    std::vector<std::byte> buffer(kReadBytes);
    source = std::move(flow_.lock()->source);
    for (int turn = 0; turn < kReadsPerTurnMax; ++turn) {
        std::size_t room = 0;
        {
            auto flow = flow_.lock();
            if (source == nullptr || flow->gone || flow->closing || flow->abandoned) {
                flow->source_failed = true;
                resume(*flow);
                return false;
            }
            room = std::min(buffer.size(), flow->out.free());
            if (room == 0) {
                flow->source = std::move(source);
                flow->fill_pending = false;
                return false;
            }
        }
        const std::size_t count = read_source(*source, std::span{buffer}.first(room), failure);
        auto flow = flow_.lock();
        if (!flow->gone) flow->out.write(Bytes{buffer}.first(count));
        flow->source_failed = !failure.empty();
        flow->source_ended = count == 0;
        resume(*flow);
        if (count == 0) return false;
    }
    flow_.lock()->source = std::move(source);
    return true;
}

// The library polls edge-triggered, and takes a short read for the end of what there is: of data and an end that
// arrive together it never sees the end. Shutting the finished direction down once more makes another edge. What
// was received stays readable. An edge before the data was read is lost too, so the watcher comes again. The socket
// is ours until finish(), which needs the lock.
void Exchange::peer_closed() {
    {
        auto flow = flow_.lock();
        if (!flow->gone) ::shutdown(flow->socket, SHUT_RD);
    }
    stop_.request_stop();
}

void Exchange::close() noexcept {
    flow_.lock()->closing = true;
    changed_.notify_all();
    stop_.request_stop();
}

void Exchange::abandon() {
    auto flow = flow_.lock();
    flow->abandoned = true;
    resume(*flow);
}

}  // namespace nacre::http::detail
