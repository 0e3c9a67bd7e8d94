#include "hub/bell.hpp"

#include <array>
#include <utility>

namespace nacre::hub {
namespace {

constexpr std::array kNames{
    std::pair{&Bells::work, std::string_view{"work"}},
    std::pair{&Bells::tasks, std::string_view{"tasks"}},
    std::pair{&Bells::publications, std::string_view{"publications"}}};

}  // namespace

void Bell::ring() {
    ++*count_.lock();
    changed_.notify_all();
}

std::uint64_t Bell::count() const {
    return *count_.lock();
}

std::uint64_t Bell::wait(
    std::uint64_t seen, std::chrono::nanoseconds limit, const std::stop_token& stop) {
    auto count = count_.lock();
    count.wait_for(changed_, stop, limit, [seen](std::uint64_t now) { return now != seen; });
    return *count;
}

std::string_view name_of(Bell Bells::* bell) noexcept {
    for (const auto& [known, name] : kNames)
        if (known == bell) return name;
    return {};
}

void ring(Bells& bells, std::string_view name) {
    for (const auto& [bell, known] : kNames)
        if (known == name) (bells.*bell).ring();
}

void ring_all(Bells& bells) {
    for (const auto& [bell, name] : kNames)
        (bells.*bell).ring();
}

}  // namespace nacre::hub
