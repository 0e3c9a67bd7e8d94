#include "backend/local_backend.hpp"

#include "os/file.hpp"

#include <signal.h>

#include <utility>

namespace nacre::backend {
namespace {

constexpr std::chrono::milliseconds kEndStep{1000};

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
        child_.reset();
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
        while (!wait_for(kEndStep)) {
        }
    }

private:
    void finish() noexcept {
        if (!std::exchange(finished_, true) && clean_up_) clean_up_(spec_);
    }

    std::unique_ptr<os::ChildProcess> child_;
    const WorkerSpec spec_;
    const std::function<void(const WorkerSpec&)> clean_up_;
    bool finished_ = false;
};

}  // namespace

LocalBackend::LocalBackend(LocalBackendConfig config, os::ProcessRunner& runner)
    : config_{std::move(config)},
      runner_{runner} {}

std::unique_ptr<Worker> LocalBackend::submit(const WorkerSpec& spec) {
    os::Command command{.argv = config_.program, .environment = os::minimal_environment()};
    command.environment.insert(
        command.environment.end(), config_.environment.begin(), config_.environment.end());
    command.orphans = os::Orphans::Killed;
    const os::UniqueFd input = os::open_memory_file(render(spec));
    auto child =
        runner_.start(command, {.in = input.get(), .out = config_.log_fd, .err = config_.log_fd});
    return std::make_unique<LocalWorker>(std::move(child), spec, config_.clean_up);
}

}  // namespace nacre::backend
