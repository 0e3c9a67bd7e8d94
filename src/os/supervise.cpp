// A process group holds only what did not leave it, and a daemon leaves it on purpose. Cgroups would hold it, but are
// not everywhere delegated to us, and a pid namespace would need privileges and change what the child sees.
// What a child cannot leave is its ancestry: with a subreaper above it, every orphan among its descendants becomes a
// child of the subreaper, which therefore finds them all by killing its children until it has none.
//
// The supervisor is forked, not executed: it runs in a copy of a process that had threads, so it makes system calls
// only and allocates nothing. It closes every descriptor but its lifeline, in order not to keep alive what others watch.
#include "os/supervise.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace nacre::os {
namespace {

constexpr int kLifeline = 0;
constexpr int kSignalExitBase = 128;
constexpr pid_t kEnded = -1;

bool succeeded(const siginfo_t& end) noexcept {
    return end.si_code == CLD_EXITED && end.si_status == 0;
}

/// The children of the supervisor, and the status that it will report.
class Children {
public:
    Children(pid_t program, Orphans orphans) noexcept : program_{program}, orphans_{orphans} {}

    /// Takes what has ended. Without WNOHANG in `options` it waits for one. False when there was none.
    bool take(int options) noexcept {
        siginfo_t info = {};
        if (::waitid(P_ALL, 0, &info, WEXITED | options) != 0) {
            if (errno == EINTR) return true;
            gone_ = true;
            return false;
        }
        if (info.si_pid == 0) return false;
        const bool is_program = info.si_pid == program_;
        const bool counts = is_program || orphans_ == Orphans::Awaited;
        if (counts && (!end_ || succeeded(*end_))) end_ = info;
        // Its number may be given to another process now.
        if (is_program) program_ = kEnded;
        return true;
    }

    /// Whether nothing is left to be waited for.
    bool done() const noexcept {
        return gone_ || (program_ == kEnded && orphans_ != Orphans::Awaited);
    }

    const std::optional<siginfo_t>& end() const noexcept { return end_; }

private:
    pid_t program_;
    Orphans orphans_;
    bool gone_ = false;
    std::optional<siginfo_t> end_;
};

/// Returns early when the lifeline is cut.
void wait_for_ends(Children& children, int signals) noexcept {
    for (;;) {
        while (children.take(WNOHANG)) {
        }
        if (children.done()) return;
        std::array<pollfd, 2> events = {{{kLifeline, POLLIN, 0}, {signals, POLLIN, 0}}};
        if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
        if (events[0].revents != 0) return;
        signalfd_siginfo taken = {};
        [[maybe_unused]] const ssize_t count = ::read(signals, &taken, sizeof taken);
    }
}

void kill_children() noexcept {
    const int list = ::open(kChildrenFile, O_RDONLY | O_CLOEXEC);
    if (list < 0) return;
    std::array<char, 4096> text = {};
    pid_t pid = 0;
    for (;;) {
        const ssize_t count = ::read(list, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(count); ++at) {
            const char c = text[at];
            if (c >= '0' && c <= '9') {
                pid = pid * 10 + (c - '0');
                continue;
            }
            if (pid > 0) ::kill(pid, SIGKILL);
            pid = 0;
        }
    }
    ::close(list);
}

/// Each round ends at least one process, whose children become ours and are in the next list.
void kill_descendants(Children& children) noexcept {
    do {
        kill_children();
    } while (children.take(0));
}

[[noreturn]] void end_as(const siginfo_t& end) noexcept {
    if (end.si_code == CLD_EXITED) ::_exit(end.si_status);
    const rlimit none = {};
    ::setrlimit(RLIMIT_CORE, &none);
    sigset_t all;
    ::signal(end.si_status, SIG_DFL);
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
    ::kill(::getpid(), end.si_status);
    ::_exit(kSignalExitBase + end.si_status);
}

}  // namespace

int adopt_orphans() noexcept {
    return ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno;
}

void supervise(pid_t child, int lifeline, Orphans orphans) noexcept {
    ::prctl(PR_SET_NAME, "nacre-keeper");
    // An ignored SIGCHLD would let the kernel reap, and the status would be lost.
    ::signal(SIGCHLD, SIG_DFL);
    ::dup2(lifeline, kLifeline);
    ::syscall(SYS_close_range, static_cast<unsigned>(kLifeline) + 1, ~0U, 0U);
    // Its folder would keep a file system from being unmounted.
    [[maybe_unused]] const int moved = ::chdir("/");
    sigset_t ends;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGCHLD);
    const int signals = ::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    Children children{child, orphans};
    wait_for_ends(children, signals);
    kill_descendants(children);
    if (children.end()) end_as(*children.end());
    ::_exit(kSignalExitBase + SIGKILL);
}

}  // namespace nacre::os
