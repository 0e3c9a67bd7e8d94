#include "builder/task_logs.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace nacre::builder {
namespace {

/// A build that writes faster than the hub takes is slowed down instead of filling the memory.
constexpr std::size_t kPendingBytesMax = 4U << 20U;
/// One upload: large enough to be cheap, small enough to show up at once.
constexpr std::size_t kChunkBytesMax = 256U << 10U;

}  // namespace

TaskLogs::TaskLogs(HubConnection& connection, std::string folder)
    : connection_{connection},
      folder_{std::move(folder)} {
    threads_.start("log-shipper", [this](const std::stop_token& stop) { ship(stop); });
}

TaskLogs::~TaskLogs() {
    threads_.join();
}

void TaskLogs::append(const std::string& name, Bytes bytes) {
    {
        auto state = state_.lock();
        state.wait(changed_, {}, [](const State& s) {
            return s.failure != nullptr || s.pending_bytes < kPendingBytesMax;
        });
        if (state->failure) std::rethrow_exception(state->failure);
        const bool continues = !state->pending.empty() && state->pending.back().name == name
                               && state->pending.back().bytes.size() < kChunkBytesMax;
        if (!continues) state->pending.push_back({name, {}});
        state->pending.back().bytes += as_text(bytes);
        state->pending_bytes += bytes.size();
    }
    changed_.notify_all();
}

void TaskLogs::close() {
    state_.lock()->closing = true;
    changed_.notify_all();
    {
        auto state = state_.lock();
        state.wait(changed_, {}, [](const State& s) {
            return s.failure != nullptr || (s.pending.empty() && !s.shipping);
        });
    }
    threads_.join();
    if (const std::exception_ptr failure = state_.lock()->failure) std::rethrow_exception(failure);
}

void TaskLogs::ship(const std::stop_token& stop) {
    while (true) {
        std::optional<Chunk> chunk;
        {
            auto state = state_.lock();
            state.wait(
                changed_, stop, [](const State& s) { return !s.pending.empty() || s.closing; });
            if (stop.stop_requested() || state->pending.empty()) return;
            chunk = std::move(state->pending.front());
            state->pending.pop_front();
            state->shipping = true;
        }
        std::exception_ptr failure;
        try {
            upload(*chunk);
        } catch (const std::exception&) {
            failure = std::current_exception();
        }
        {
            auto state = state_.lock();
            state->shipping = false;
            state->pending_bytes -= chunk->bytes.size();
            state->failure = failure;
        }
        changed_.notify_all();
        if (failure) return;
    }
}

void TaskLogs::upload(const Chunk& chunk) {
    auto offset = offsets_.find(chunk.name);
    if (offset == offsets_.end()) {
        std::uint64_t size = 0;
        const koji::Value known = connection_.call("checkUpload", {folder_, chunk.name});
        if (const koji::Struct* file = known.if_struct())
            if (const koji::Value* found = file->find("size");
                found != nullptr && found->if_integer())
                size = static_cast<std::uint64_t>(*found->if_integer());
        offset = offsets_.emplace(chunk.name, size).first;
    }
    Bytes rest = as_bytes(chunk.bytes);
    while (!rest.empty()) {
        const Bytes piece = rest.first(std::min(rest.size(), kChunkBytesMax));
        connection_.upload(folder_, chunk.name, offset->second, piece);
        offset->second += piece.size();
        rest = rest.subspan(piece.size());
    }
}

}  // namespace nacre::builder
