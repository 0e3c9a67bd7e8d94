#include "backend/local_backend.hpp"

#include "base/error.hpp"
#include "json/value.hpp"
#include "os/file.hpp"

#include <signal.h>

#include <array>
#include <utility>

namespace nacre::backend {
namespace {

constexpr std::size_t kSpecBytesMax = 64U << 10U;

class LocalWorker final : public Worker {
public:
    LocalWorker(
        std::unique_ptr<os::ChildProcess> child,
        WorkerSpec spec,
        std::function<void(const WorkerSpec&)> clean_up)
        : child_{std::move(child)},
          spec_{std::move(spec)},
          clean_up_{std::move(clean_up)} {}

    LocalWorker(const LocalWorker&) = delete;
    LocalWorker& operator=(const LocalWorker&) = delete;

    ~LocalWorker() override {
        if (ended_) return;
        child_.reset();  // kills and reaps
        finish();
    }

    std::optional<os::ExitStatus> wait_for(std::chrono::milliseconds limit) override {
        auto status = child_->wait_for(limit);
        if (status) finish();
        return status;
    }

    void cancel(std::chrono::milliseconds grace) override {
        child_->signal_group(SIGTERM);
        if (wait_for(grace)) return;
        child_->signal_group(SIGKILL);
        while (!wait_for(std::chrono::milliseconds{1000})) {
        }
    }

private:
    void finish() {
        if (std::exchange(ended_, true)) return;
        if (clean_up_) clean_up_(spec_);
    }

    std::unique_ptr<os::ChildProcess> child_;
    const WorkerSpec spec_;
    const std::function<void(const WorkerSpec&)> clean_up_;
    bool ended_ = false;
};

}  // namespace

LocalBackend::LocalBackend(LocalBackendConfig config, os::ProcessRunner& runner)
    : config_{std::move(config)},
      runner_{runner} {}

std::unique_ptr<Worker> LocalBackend::submit(const WorkerSpec& spec) {
    os::Command command;
    command.argv = config_.program;
    command.environment = os::minimal_environment();
    command.environment.insert(
        command.environment.end(), config_.environment.begin(), config_.environment.end());
    os::Pipe pipe = os::make_pipe();
    auto child = runner_.start(
        command, {.in = pipe.read_end.get(), .out = config_.log_fd, .err = config_.log_fd});
    pipe.read_end.reset();
    auto worker = std::make_unique<LocalWorker>(std::move(child), spec, config_.clean_up);
    os::write_all(pipe.write_end.get(), as_bytes(render(spec)));
    return worker;
}

std::string render(const WorkerSpec& spec) {
    json::Object fields;
    fields.set("task_id", spec.task_id);
    fields.set("hub_url", spec.hub_url);
    fields.set("session_id", spec.session_id);
    fields.set("session_key", spec.session_key);
    fields.set("data_root", spec.data_root);
    return json::render(fields) + "\n";
}

WorkerSpec read_worker_spec(ByteSource& in) {
    std::string text;
    std::array<std::byte, 4096> buffer{};
    while (const std::size_t count = in.read(buffer)) {
        text += as_text(std::span{buffer}.first(count));
        if (text.size() > kSpecBytesMax)
            throw Error{ErrorCode::InvalidArgument, "the worker's specification is too long"};
    }
    const json::Value value = json::parse(text);
    const json::Reader fields{value, "specification"};
    return {
        .task_id = fields.get_integer("task_id"),
        .hub_url = fields.get_string("hub_url"),
        .session_id = fields.get_integer("session_id"),
        .session_key = fields.get_string("session_key"),
        .data_root = fields.get_string("data_root")};
}

}  // namespace nacre::backend
