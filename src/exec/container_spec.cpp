#include "exec/container_spec.hpp"

#include "base/text.hpp"
#include "exec/machine_facts.hpp"

#include <algorithm>

namespace nacre::exec {
namespace {

constexpr std::size_t kIdBytesMax = 64;

}  // namespace

void check(const ContainerSpec& spec) {
    const bool plain = !spec.id.empty() && spec.id.size() <= kIdBytesMax
                       && std::ranges::all_of(spec.id, [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                          });
    if (!plain)
        throw Error{
            ErrorCode::InvalidArgument,
            "container name " + quoted(spec.id) + " needs 1 to 64 of [a-z0-9-]"};
    for (const Ulimit& limit : spec.limits.ulimits)
        if (!find_rlimit(limit.name))
            throw Error{
                ErrorCode::InvalidArgument,
                "there is no limit " + quoted(limit.name) + ", needed one such as 'nofile'"};
    if (spec.argv.empty()) throw Error{ErrorCode::InvalidArgument, "there is no command to run"};
}

Error past_time_limit(const ContainerSpec& spec) {
    return Error{
        ErrorCode::DeadlineExceeded,
        "the step did not end within "
            + std::to_string(spec.time_limit.value_or(std::chrono::milliseconds{}).count())
            + " ms"};
}

}  // namespace nacre::exec
