#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/task/commands.hpp"
#include "cli/task_watch.hpp"
#include "koji/fault.hpp"
#include "koji/fields.hpp"
#include "os/signals.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

namespace nacre::cli::task {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kWholeLog = "container-build.log";
constexpr std::int64_t kLogPieceBytes = 256 << 10;
/// Prompt while things happen, easy on the hub while they do not.
constexpr milliseconds kPollLeast{40};
constexpr milliseconds kPollMost{1000};

/// One log of a task, read by offset as it grows.
class LogFollower {
public:
    LogFollower(client::KojiSession& hub, std::int64_t task) : hub_{hub}, task_{task} {}

    /// What has come since the last time; empty when nothing has.
    std::string read_new() {
        std::string text;
        while (exists_ || look()) {
            koji::Struct range;
            range.set("offset", offset_);
            range.set("size", kLogPieceBytes);
            const koji::Value piece =
                hub_.call("downloadTaskOutput", koji::Array{task_, kWholeLog}, range);
            const std::string bytes =
                piece.if_string() == nullptr ? "" : from_base64(*piece.if_string());
            if (bytes.empty()) break;
            offset_ += static_cast<std::int64_t>(bytes.size());
            text += bytes;
        }
        return text;
    }

private:
    bool look() {
        const koji::Value names = hub_.call("listTaskOutput", koji::Array{task_}, {});
        if (const koji::Array* list = names.if_array())
            exists_ = std::ranges::find(*list, koji::Value{kWholeLog}) != list->end();
        return exists_;
    }

    client::KojiSession& hub_;
    std::int64_t task_;
    std::int64_t offset_ = 0;
    bool exists_ = false;
};

class HostNames {
public:
    explicit HostNames(client::KojiSession& hub) : hub_{hub} {}

    std::string of(const koji::Struct& row) {
        const auto id = koji::find_integer(row, "host_id");
        if (!id) return {};
        const auto known = names_.find(*id);
        if (known != names_.end()) return known->second;
        const koji::Value host = hub_.call("getHost", koji::Array{*id}, {});
        const koji::Struct* fields = host.if_struct();
        return names_[*id] =
                   fields == nullptr ? "" : koji::find_string(*fields, "name").value_or("");
    }

private:
    client::KojiSession& hub_;
    std::map<std::int64_t, std::string> names_;
};

/// The fault of a failed task, "BuildError: text"; empty for one that did not fail.
std::string cause_of(client::KojiSession& hub, std::int64_t task) {
    try {
        hub.call("getTaskResult", koji::Array{task}, {});
        return {};
    } catch (const koji::Fault& fault) {
        return std::string{koji::class_name(fault.fault_code())} + ": " + fault.what();
    }
}

void report(const Session& session, const std::string& summary, const std::string& cause) {
    if (!cause.empty()) session.err.write(as_bytes("FAILED: " + std::string{trim(cause)} + "\n"));
    session.print("\n" + summary);
}

}  // namespace

int watch(const Session& session, const WatchOptions& options) {
    const Profile profile = session.profile();
    client::KojiSession hub = session.connect(profile);
    session.print("Watching tasks (this may be safely interrupted)...\n");
    TaskWatch watch;
    LogFollower log{hub, options.task};
    HostNames hosts{hub};
    milliseconds wait = kPollLeast;
    while (true) {
        const koji::Value row = hub.call("getTaskInfo", koji::Array{options.task}, {});
        if (row.is_nil())
            throw Error{ErrorCode::NotFound, "No such task: #" + std::to_string(options.task)};
        // The log first: when the task has ended, all of its log is there, and belongs before its end.
        const std::string lines = options.quiet ? "" : log.read_new();
        const std::string states =
            watch.update(koji::get_struct(row), hosts.of(koji::get_struct(row)));
        session.print(lines + states);
        if (watch.is_finished()) break;
        wait = lines.empty() && states.empty() ? std::min(wait * 2, kPollMost) : kPollLeast;
        if (session.stop.stop_requested()) {
            session.print(
                "\nTasks still running. You can continue to watch with the 'nacre watch "
                + std::to_string(options.task) + "' command.\n");
            return 1;
        }
        os::wait_for_stop(session.stop, wait);
    }
    report(session, watch.summary(), watch.has_succeeded() ? "" : cause_of(hub, options.task));
    return watch.has_succeeded() ? 0 : 1;
}

int cancel(const Session& session, std::int64_t task) {
    const Profile profile = session.profile();
    client::KojiSession hub = session.log_in(profile);
    hub.call("cancelTask", koji::Array{task}, {});
    hub.logout();
    session.print("task " + std::to_string(task) + " is cancelled\n");
    return 0;
}

}  // namespace nacre::cli::task
