#include "api/distgit/detail/cgi_process.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace nacre::api::distgit::detail {
namespace {

constexpr std::size_t kBlockBytes = 64U << 10U;
/// Output that is kept while input is still being sent: progress messages of a push.
constexpr std::size_t kEarlyBytesMax = 4U << 20U;
constexpr std::size_t kErrorBytesMax = 4U << 10U;
/// Neither input taken nor output given for so long: the program hangs.
constexpr std::chrono::milliseconds kSilenceMax{std::chrono::minutes{10}};
constexpr std::chrono::seconds kExitWaitMax{10};
/// For a program whose client went away: a push finishes, or removes what it received so far.
constexpr std::chrono::seconds kCleanUpMax{5};
/// More than a push says; a fetch, which leaves nothing behind, soon passes it.
constexpr std::size_t kCleanUpBytesMax = 256U << 10U;

void set_non_blocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        throw SystemError{errno, "cannot set up a pipe"};
}

struct SocketPair {
    os::UniqueFd ours;
    os::UniqueFd theirs;
};

/// Input goes through a socket: a write to a program that closed it is an error then, and no signal.
SocketPair make_input() {
    std::array<int, 2> fds{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0)
        throw SystemError{errno, "cannot create a socket pair"};
    return {os::UniqueFd{fds[0]}, os::UniqueFd{fds[1]}};
}

/// Waits until all who could write to `output` have ended, within limits.
void await_end(int output) noexcept {
    const SystemClock clock;
    const SteadyTime last = clock.steady_now() + kCleanUpMax;
    std::array<std::byte, kErrorBytesMax> block{};
    std::size_t size = 0;
    while (size < kCleanUpBytesMax) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(last - clock.steady_now());
        pollfd wait{output, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) return;
        const ssize_t count = ::read(output, block.data(), block.size());
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return;
        size += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
}

/// Nothing would block, or -1 at the end.
ssize_t read_some(int fd, std::span<std::byte> buffer) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) return count;
    if (count == 0) return -1;
    if (errno == EAGAIN || errno == EINTR) return 0;
    throw SystemError{errno, "cannot read from git http-backend"};
}

}  // namespace

CgiProcess::CgiProcess(os::ProcessRunner& runner, const os::Command& command, std::stop_token stop)
    : stopped_{std::move(stop)} {
    SocketPair input = make_input();
    os::Pipe output = os::make_pipe();
    os::Pipe errors = os::make_pipe();
    for (const int fd : {input.ours.get(), output.read_end.get(), errors.read_end.get()})
        set_non_blocking(fd);
    child_ = runner.start(
        command,
        {.in = input.theirs.get(), .out = output.write_end.get(), .err = errors.write_end.get()});
    input_ = std::move(input.ours);
    output_ = std::move(output.read_end);
    errors_ = std::move(errors.read_end);
}

CgiProcess::~CgiProcess() {
    if (!child_) return;
    // git leaves the folder with what a push received when a signal ends it (tmp-objdir.c), but not at the end of input.
    input_.reset();
    if (output_) await_end(output_.get());
}

/// Waits until something can be done and does it. Returns whether input can be written.
bool CgiProcess::step(Want want) {
    if (want == Want::Room && early_.size() > kEarlyBytesMax)
        throw Error{
            ErrorCode::ResourceExhausted,
            "git http-backend wrote more than " + std::to_string(kEarlyBytesMax)
                + " bytes before it had read the request"};
    std::array<pollfd, 4> waits{
        {{stopped_.get(), POLLIN, 0},
         {want == Want::Room ? input_.get() : -1, POLLOUT, 0},
         {output_.get(), POLLIN, 0},
         {errors_.get(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(kSilenceMax.count()));
    if (ready < 0 && errno != EINTR) throw SystemError{errno, "cannot wait for git http-backend"};
    if (ready == 0) throw Error{ErrorCode::DeadlineExceeded, "git http-backend hangs"};
    if (ready < 0) return false;
    if (waits[0].revents != 0) throw Cancelled{};
    if (waits[2].revents != 0) collect_output();
    if (waits[3].revents != 0) collect_errors();
    return waits[1].revents != 0;
}

void CgiProcess::collect_output() {
    std::array<std::byte, kBlockBytes> block{};
    const ssize_t count = read_some(output_.get(), block);
    if (count < 0) output_.reset();
    if (count > 0) early_.append(as_text(Bytes{block}.first(static_cast<std::size_t>(count))));
}

void CgiProcess::collect_errors() {
    std::array<std::byte, kErrorBytesMax> block{};
    const ssize_t count = read_some(errors_.get(), block);
    if (count < 0) errors_.reset();
    if (count <= 0) return;
    error_text_.append(as_text(Bytes{block}.first(static_cast<std::size_t>(count))));
    if (error_text_.size() > kErrorBytesMax)
        error_text_.erase(0, error_text_.size() - kErrorBytesMax);
}

void CgiProcess::write_some(Bytes& rest) {
    const ssize_t count = ::send(input_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count >= 0) {
        rest = rest.subspan(static_cast<std::size_t>(count));
    } else if (errno == EPIPE || errno == ECONNRESET) {
        // It has made up its mind: the answer says why.
        input_.reset();
    } else if (errno != EAGAIN && errno != EINTR) {
        throw SystemError{errno, "cannot write to git http-backend"};
    }
}

void CgiProcess::send(ByteSource& body) {
    std::array<std::byte, kBlockBytes> block{};
    while (input_) {
        const std::size_t count = body.read(block);
        if (count == 0) break;
        Bytes rest = Bytes{block}.first(count);
        while (!rest.empty() && input_)
            if (step(Want::Room)) write_some(rest);
    }
    input_.reset();
}

CgiHead CgiProcess::read_head() {
    for (;;) {
        if (auto head = find_cgi_head(early_)) {
            early_.erase(0, head->bytes);
            return std::move(*head);
        }
        if (!output_) break;
        step(Want::Output);
    }
    finish();
    throw Error{
        ErrorCode::Internal,
        "git http-backend " + status_.describe()
            + " without an answer: " + sanitize_utf8(trim(error_text_))};
}

std::size_t CgiProcess::read(std::span<std::byte> buffer) {
    while (early_.empty() && output_)
        step(Want::Output);
    if (early_.empty()) {
        finish();
        if (status_.signal != 0)
            throw Error{ErrorCode::Internal, "git http-backend " + status_.describe()};
        return 0;
    }
    const std::size_t count = std::min(buffer.size(), early_.size());
    std::ranges::copy(as_bytes(std::string_view{early_}.substr(0, count)), buffer.begin());
    early_.erase(0, count);
    return count;
}

void CgiProcess::finish() {
    if (!child_) return;
    if (errors_) collect_errors();
    const auto status = child_->wait_for(kExitWaitMax);
    status_ = status.value_or(os::ExitStatus{.code = 0, .signal = SIGKILL});
    child_.reset();
}

}  // namespace nacre::api::distgit::detail
