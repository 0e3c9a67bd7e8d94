// Fork and exec without surprises. The parent may have many threads, so between fork and exec the child may
// use async-signal-safe functions only: every string and array is made before. All signals are blocked across
// the fork, so that no handler of the parent runs in the child. A step that fails in the child is reported
// as (step, errno) through a pipe that closes on exec: an empty pipe means that the program runs.
#include "os/spawn.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/supervise.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace nacre::os {
namespace {

constexpr std::array<std::string_view, 6> kSearchPath = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
constexpr int kSpawnFailedExit = 127;

enum class Step : std::uint8_t {
    Session,
    Supervision,
    ParentDeath,
    ParentGone,
    Mounts,
    Directory,
    Descriptors,
    Signals,
    Execute
};

struct Failure {
    Step step = Step::Execute;
    int error_number = 0;
};

struct Redirection {
    int target = -1;
    int source = -1;
};

struct Attachment {
    int mount = -1;
    const char* place = nullptr;
};

/// What the child needs, made before the fork.
struct Plan {
    std::string program;
    std::vector<char*> argv;
    std::vector<char*> environment;
    const char* directory = nullptr;
    std::vector<Redirection> redirections;
    std::vector<Attachment> attachments;
    std::vector<const char*> hidden;
    bool dies_with_parent = true;
    pid_t parent = -1;
    int report = -1;
    int lifeline = -1;  ///< of the supervisor, when there is one
    Orphans orphans = Orphans::Left;
};

std::vector<char*> c_strings(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts)
        pointers.push_back(
            const_cast<char*>(text.c_str()));  // execve() takes them, and writes nothing
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void give_up(const Plan& plan, Step step, int error_number) noexcept {
    const Failure failure{step, error_number};
    [[maybe_unused]] const ssize_t written = ::write(plan.report, &failure, sizeof failure);
    ::_exit(kSpawnFailedExit);
}

void reset_signals(const Plan& plan) noexcept {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        // The C library keeps 32 and 33 for itself and refuses them.
        if (::sigaction(number, &action, nullptr) != 0 && errno != EINVAL)
            give_up(plan, Step::Signals, errno);
    }
    sigset_t none;
    ::sigemptyset(&none);
    if (const int error = ::pthread_sigmask(SIG_SETMASK, &none, nullptr); error != 0)
        give_up(plan, Step::Signals, error);
}

void follow_parent(const Plan& plan, pid_t parent) noexcept {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, Step::ParentDeath, errno);
    // A parent that ended before prctl() sends no signal.
    if (::getppid() != parent) give_up(plan, Step::ParentGone, ESRCH);
}

void arrange_mounts(const Plan& plan) noexcept {
    if (plan.attachments.empty() && plan.hidden.empty()) return;
    if (::unshare(CLONE_NEWNS) != 0
        || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        give_up(plan, Step::Mounts, errno);
    for (const Attachment& one : plan.attachments)
        if (::move_mount(one.mount, "", AT_FDCWD, one.place, MOVE_MOUNT_F_EMPTY_PATH) != 0)
            give_up(plan, Step::Mounts, errno);
    for (const char* place : plan.hidden)
        if (::umount2(place, MNT_DETACH) != 0) give_up(plan, Step::Mounts, errno);
}

/// Returns in a second child; the first one stays in between.
void fork_below_supervisor(const Plan& plan) noexcept {
    if (const int error = adopt_orphans(); error != 0) give_up(plan, Step::Supervision, error);
    const pid_t supervisor = ::getpid();
    // Unlike fork(), it takes no lock that another thread may have held.
    const pid_t pid = ::_Fork();
    if (pid < 0) give_up(plan, Step::Supervision, errno);
    if (pid > 0) supervise(pid, plan.lifeline, plan.orphans);
    follow_parent(plan, supervisor);
}

[[noreturn]] void run_child(const Plan& plan) noexcept {
    if (::setsid() < 0) give_up(plan, Step::Session, errno);
    if (plan.lifeline >= 0)
        fork_below_supervisor(plan);
    else if (plan.dies_with_parent)
        follow_parent(plan, plan.parent);
    arrange_mounts(plan);
    if (plan.directory != nullptr && ::chdir(plan.directory) != 0)
        give_up(plan, Step::Directory, errno);
    // All sources lie above all targets, and dup2() clears the flag on the target.
    if (::syscall(SYS_close_range, 0U, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        give_up(plan, Step::Descriptors, errno);
    for (const Redirection& redirection : plan.redirections)
        if (::dup2(redirection.source, redirection.target) < 0)
            give_up(plan, Step::Descriptors, errno);
    reset_signals(plan);
    ::execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
    give_up(plan, Step::Execute, errno);
}

std::string describe_failure(const Command& command, const Plan& plan, Step step) {
    std::string what = "cannot start " + quoted(plan.program);
    switch (step) {
        case Step::Session:
            return what + ": no session of its own";
        case Step::Supervision:
            return what + ": no supervisor";
        case Step::ParentDeath:
        case Step::ParentGone:
            return what + ": the starting process ended";
        case Step::Mounts:
            return what + ": cannot arrange its mounts";
        case Step::Directory:
            return what + " in folder " + quoted(command.directory.string());
        case Step::Descriptors:
            return what + ": cannot arrange its descriptors";
        case Step::Signals:
            return what + ": cannot reset its signals";
        case Step::Execute:
            break;
    }
    return what;
}

/// Copies of the descriptors above every number that the child wants to fill.
class RaisedDescriptors {
public:
    RaisedDescriptors(const Command& command, const Stdio& stdio, int report, int lifeline)
        : floor_{floor_of(command)},
          null_{open_file("/dev/null", O_RDWR)},
          report_{duplicate(report)},
          lifeline_{lifeline < 0 ? -1 : duplicate(lifeline)} {
        raise(0, stdio.in);
        raise(1, stdio.out);
        raise(2, stdio.err);
        for (const auto& [target, source] : command.descriptors)
            raise(target, source);
    }

    const std::vector<Redirection>& redirections() const noexcept { return redirections_; }

    int report() const noexcept { return report_; }

    /// -1 when there is none.
    int lifeline() const noexcept { return lifeline_; }

private:
    static int floor_of(const Command& command) {
        int floor = 3;
        for (const auto& [target, source] : command.descriptors)
            floor = std::max(floor, target + 1);
        return floor;
    }

    void raise(int target, int source) {
        redirections_.push_back({target, duplicate(source < 0 ? null_.get() : source)});
    }

    int duplicate(int source) {
        UniqueFd copy{::fcntl(source, F_DUPFD_CLOEXEC, floor_)};
        if (!copy) throw SystemError{errno, "cannot duplicate a descriptor for a new process"};
        copies_.push_back(std::move(copy));
        return copies_.back().get();
    }

    int floor_;
    UniqueFd null_;
    std::vector<UniqueFd> copies_;
    std::vector<Redirection> redirections_;
    int report_;
    int lifeline_;
};

/// Blocks all signals of this thread while it lives.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_ = {};
};

pid_t fork_child(const Plan& plan) {
    const SignalsBlocked blocked;
    const pid_t pid = ::fork();
    if (pid == 0) run_child(plan);
    if (pid < 0) throw SystemError{errno, "cannot start " + quoted(plan.program)};
    return pid;
}

void reap(pid_t pid) noexcept {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

/// Nothing when the program was executed, which closed the child's end.
std::optional<Failure> read_failure(int fd) noexcept {
    Failure failure;
    ssize_t count = 0;
    do {
        count = ::read(fd, &failure, sizeof failure);
    } while (count < 0 && errno == EINTR);
    if (count != static_cast<ssize_t>(sizeof failure)) return std::nullopt;
    return failure;
}

struct Lifeline {
    UniqueFd ours;
    UniqueFd theirs;
};

/// Sockets, because writing to one whose peer is gone needs not raise SIGPIPE.
Lifeline make_lifeline() {
    if (::access(kChildrenFile, R_OK) != 0)
        throw SystemError{
            errno, std::string{"cannot list child processes in '"} + kChildrenFile + "'"};
    std::array<int, 2> ends = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw SystemError{errno, "cannot create a pair of sockets"};
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

bool is_executable(const std::string& path) noexcept {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)
           && ::access(path.c_str(), X_OK) == 0;
}

void require_no_nul(const std::vector<std::string>& texts, std::string_view what) {
    for (const std::string& text : texts)
        if (text.find('\0') != std::string::npos)
            throw Error{
                ErrorCode::InvalidArgument,
                std::string{what} + " " + quoted(text) + " contains a NUL byte"};
}

}  // namespace

std::string find_program(const Command& command) {
    if (command.argv.empty() || command.argv.front().empty())
        throw Error{ErrorCode::InvalidArgument, "no program was named to be run"};
    const std::string& name = command.argv.front();
    if (name.find('/') != std::string::npos) return name;
    for (const std::string_view folder : kSearchPath) {
        std::string path = std::string{folder} + "/" + name;
        if (is_executable(path)) return path;
    }
    throw Error{
        ErrorCode::NotFound,
        "program " + quoted(name) + " was not found in "
            + join({kSearchPath.begin(), kSearchPath.end()}, ":")}
        .with_hint("install the package that has it");
}

Spawned spawn(const Command& command, const Stdio& stdio) {
    require_no_nul(command.argv, "argument");
    require_no_nul(command.environment, "environment variable");
    Plan plan;
    plan.program = find_program(command);
    plan.argv = c_strings(command.argv);
    plan.environment = c_strings(command.environment);
    if (!command.directory.empty()) plan.directory = command.directory.c_str();
    for (const auto& [mount, place] : command.mounts)
        plan.attachments.push_back({mount, place.c_str()});
    for (const std::filesystem::path& place : command.hidden_mounts)
        plan.hidden.push_back(place.c_str());
    Pipe report = make_pipe();
    Lifeline lifeline = command.orphans != Orphans::Left ? make_lifeline() : Lifeline{};
    pid_t pid = -1;
    {
        const RaisedDescriptors descriptors{
            command, stdio, report.write_end.get(), lifeline.theirs.get()};
        plan.lifeline = descriptors.lifeline();
        plan.orphans = command.orphans;
        plan.redirections = descriptors.redirections();
        plan.report = descriptors.report();
        plan.dies_with_parent = command.dies_with_parent;
        plan.parent = ::getpid();
        pid = fork_child(plan);
    }
    report.write_end.reset();
    lifeline.theirs.reset();
    if (const std::optional<Failure> failure = read_failure(report.read_end.get())) {
        reap(pid);
        throw SystemError{failure->error_number, describe_failure(command, plan, failure->step)};
    }
    Spawned child{
        pid,
        UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))},
        std::move(lifeline.ours)};
    if (child.pidfd) return child;
    const int error_number = errno;
    // A supervisor kills what is below it when the lifeline is closed.
    if (child.lifeline)
        child.lifeline.reset();
    else
        ::kill(pid, SIGKILL);
    reap(pid);
    throw SystemError{error_number, "cannot watch the process " + quoted(plan.program)};
}

}  // namespace nacre::os
