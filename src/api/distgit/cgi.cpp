#include "api/distgit/cgi.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/stop_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace nacre::api::distgit {
namespace {

constexpr std::size_t kChunkBytes = 64U << 10U;
constexpr std::size_t kHeaderBytesMax = 64U << 10U;
/// What a program may write before it has read all of the request.
constexpr std::size_t kEarlyBytesMax = 64U << 20U;

class EndNotice {
public:
    explicit EndNotice(std::function<void()> ended) : ended_{std::move(ended)} {}

    EndNotice(EndNotice&& other) noexcept : ended_{std::exchange(other.ended_, nullptr)} {}

    EndNotice& operator=(EndNotice&&) = delete;

    ~EndNotice() {
        if (ended_) ended_();
    }

private:
    std::function<void()> ended_;
};

/// The running program with its two pipes. Dropping it kills the program.
class CgiProgram final : public ByteSource {
public:
    CgiProgram(
        os::ProcessRunner& runner,
        const os::Command& command,
        std::stop_token stop,
        std::function<void()> ended)
        : notice_{std::move(ended)},
          stop_{std::move(stop)},
          stop_fd_{stop_} {
        os::Pipe in = os::make_pipe();
        os::Pipe out = os::make_pipe();
        child_ =
            runner.start(command, {.in = in.read_end.get(), .out = out.write_end.get(), .err = -1});
        in_ = std::move(in.write_end);
        out_ = std::move(out.read_end);
        ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
        ::fcntl(out_.get(), F_SETFL, O_NONBLOCK);
    }

    /// Gives the program the whole body; what it writes meanwhile is kept.
    void feed(ByteSource& body) {
        std::vector<std::byte> buffer(kChunkBytes);
        while (in_) {
            const std::size_t count = body.read(buffer);
            if (count == 0) break;
            feed(std::span{buffer}.first(count));
        }
        in_.reset();
    }

    /// Up to the empty line; what follows stays to be read.
    std::string read_header() {
        while (true) {
            const std::size_t crlf = early_.find("\r\n\r\n");
            const std::size_t end = crlf != std::string::npos ? crlf : early_.find("\n\n");
            if (end != std::string::npos) {
                std::string header = early_.substr(0, end);
                early_.erase(0, end + (crlf != std::string::npos ? 4 : 2));
                return header;
            }
            if (early_.size() > kHeaderBytesMax || !collect())
                throw Error{ErrorCode::Internal, "git http-backend did not answer with a header"};
        }
    }

    std::size_t read(std::span<std::byte> buffer) override {
        while (early_.empty())
            if (!collect()) return 0;
        const std::size_t count = std::min(buffer.size(), early_.size());
        std::ranges::copy(as_bytes(std::string_view{early_}.substr(0, count)), buffer.begin());
        early_.erase(0, count);
        return count;
    }

private:
    void feed(Bytes bytes) {
        while (!bytes.empty() && in_) {
            wait(POLLOUT);
            const ssize_t written = ::write(in_.get(), bytes.data(), bytes.size());
            if (written >= 0)
                bytes = bytes.subspan(static_cast<std::size_t>(written));
            else if (errno != EAGAIN && errno != EINTR)
                in_.reset();  // it wants no more: its answer says why
            if (!take() && early_.size() > kEarlyBytesMax)
                throw Error{
                    ErrorCode::ResourceExhausted,
                    "git wrote too much before it had read the request"};
        }
    }

    /// False at the end of the output.
    bool collect() {
        while (out_) {
            wait(0);
            if (take()) return true;
        }
        return false;
    }

    void wait(short input_events) {
        std::array<pollfd, 3> events{
            {{input_events == 0 ? -1 : in_.get(), input_events, 0},
             {out_ ? out_.get() : -1, POLLIN, 0},
             {stop_fd_.get(), POLLIN, 0}}};
        while (::poll(events.data(), events.size(), -1) < 0 && errno == EINTR) {
        }
        if (stop_.stop_requested()) throw Cancelled{};
    }

    /// Takes what is there; false when there is nothing now.
    bool take() {
        if (!out_) return false;
        std::array<char, kChunkBytes> buffer{};
        const ssize_t count = ::read(out_.get(), buffer.data(), buffer.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (count <= 0) {
            out_.reset();
            return false;
        }
        early_.append(buffer.data(), static_cast<std::size_t>(count));
        return true;
    }

    EndNotice notice_;
    std::stop_token stop_;
    os::StopFd stop_fd_;
    std::unique_ptr<os::ChildProcess> child_;
    os::UniqueFd in_;
    os::UniqueFd out_;
    std::string early_;
};

}  // namespace

void parse_cgi_header(std::string_view text, http::Response& response) {
    for (const std::string& raw : split(text, '\n')) {
        const std::string_view line = trim(raw);
        if (line.empty()) continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            throw Error{
                ErrorCode::Internal,
                "git http-backend answered with the header line " + nacre::quoted(line)};
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trim(line.substr(colon + 1));
        if (equals_ignoring_case(name, "Status"))
            response.status = static_cast<int>(parse_integer(value.substr(0, 3)).value_or(500));
        else
            response.headers.add(name, value);
    }
}

http::Response run_cgi(
    os::ProcessRunner& runner,
    const os::Command& command,
    const http::Request& request,
    std::function<void()> ended) {
    auto program = std::make_unique<CgiProgram>(runner, command, request.stop, std::move(ended));
    program->feed(*request.body);
    http::Response response;
    parse_cgi_header(program->read_header(), response);
    response.source = std::move(program);
    return response;
}

}  // namespace nacre::api::distgit
