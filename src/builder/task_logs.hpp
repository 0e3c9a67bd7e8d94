#pragma once

#include "base/bytes.hpp"
#include "base/guarded.hpp"
#include "base/thread_group.hpp"
#include "builder/hub_connection.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <string>

namespace nacre::builder {

/// The log files of a task, shipped to the hub while they grow. Writers only append to memory; one thread
/// ("log-shipper") uploads in order, with offsets, so nothing is lost or repeated when the hub is away for a while.
/// A file that an earlier run of the task began is continued. Writing is thread-safe.
class TaskLogs {
public:
    /// `connection` is used by the shipping thread only, and outlives the object. `folder` is the hub's
    /// upload folder of the task.
    TaskLogs(HubConnection& connection, std::string folder);
    TaskLogs(const TaskLogs&) = delete;
    TaskLogs& operator=(const TaskLogs&) = delete;
    /// Drops what was not shipped yet; see close().
    ~TaskLogs();

    /// Appends to file `name`. Waits while more than kPendingBytesMax are unshipped. Throws what the shipping
    /// thread met when it gave up.
    void append(const std::string& name, Bytes bytes);

    /// Ships everything and ends the thread. Throws what the shipping thread met.
    void close();

private:
    struct Chunk {
        std::string name;
        std::string bytes;
    };

    struct State {
        std::deque<Chunk> pending;
        std::size_t pending_bytes = 0;
        bool shipping = false;
        bool closing = false;
        std::exception_ptr failure;
    };

    void ship(const std::stop_token& stop);
    void upload(const Chunk& chunk);

    HubConnection& connection_;
    const std::string folder_;
    std::map<std::string, std::uint64_t> offsets_;  ///< of the shipping thread
    Guarded<State> state_;
    std::condition_variable_any changed_;
    ThreadGroup threads_;
};

/// One file of the logs as a sink. The logs outlive it.
class TaskLogSink final : public ByteSink {
public:
    TaskLogSink(TaskLogs& logs, std::string name) : logs_{logs}, name_{std::move(name)} {}

    void write(Bytes bytes) override { logs_.append(name_, bytes); }

private:
    TaskLogs& logs_;
    std::string name_;
};

}  // namespace nacre::builder
