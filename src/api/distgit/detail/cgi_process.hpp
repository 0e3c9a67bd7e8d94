#pragma once

#include "api/distgit/cgi.hpp"
#include "base/bytes.hpp"
#include "os/process.hpp"
#include "os/stop_fd.hpp"
#include "os/unique_fd.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace nacre::api::distgit::detail {

/// A running CGI program. What it writes while it still reads is kept, within a limit, so that neither side waits
/// for the other for ever. The destructor ends the input, lets the program end by itself for
/// some seconds or bytes, and kills the process group. One thread at a time.
class CgiProcess final {
public:
    CgiProcess(os::ProcessRunner& runner, const os::Command& command, std::stop_token stop);
    CgiProcess(const CgiProcess&) = delete;
    CgiProcess& operator=(const CgiProcess&) = delete;
    ~CgiProcess();

    /// Gives it all of `body`, then the end of its input. Throws what `body` throws, Cancelled, Error{DeadlineExceeded}.
    void send(ByteSource& body);

    /// Waits for the head of its answer. Throws Error{Internal} when it ends without one, with what it wrote to its
    /// standard error.
    CgiHead read_head();

    /// Of the body: 0 at the end. Throws Error{Internal} when a signal ended the program.
    std::size_t read(std::span<std::byte> buffer);

private:
    enum class Want : unsigned char { Output, Room };

    bool step(Want want);
    void write_some(Bytes& rest);
    void collect_output();
    void collect_errors();
    void finish();

    os::StopFd stopped_;
    os::UniqueFd input_;
    os::UniqueFd output_;
    os::UniqueFd errors_;
    std::unique_ptr<os::ChildProcess> child_;
    std::string early_;
    std::string error_text_;  ///< the last bytes of its standard error
    os::ExitStatus status_;
};

}  // namespace nacre::api::distgit::detail
