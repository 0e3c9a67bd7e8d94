#include "base/thread_group.hpp"

#include <pthread.h>

#include <utility>

namespace nacre {
namespace {

constexpr std::size_t kKernelNameBytesMax = 15;

}  // namespace

ThreadGroup::~ThreadGroup() {
    join();
}

void ThreadGroup::start(std::string name, std::function<void(std::stop_token)> body) {
    name.resize(std::min(name.size(), kKernelNameBytesMax));
    threads_.emplace_back(
        [name = std::move(name), body = std::move(body)](const std::stop_token& stop) {
            ::pthread_setname_np(::pthread_self(), name.c_str());
            body(stop);
        });
}

void ThreadGroup::request_stop() noexcept {
    for (std::jthread& thread : threads_)
        thread.request_stop();
}

void ThreadGroup::join() noexcept {
    request_stop();
    for (std::jthread& thread : threads_)
        if (thread.joinable()) thread.join();
    threads_.clear();
}

}  // namespace nacre
