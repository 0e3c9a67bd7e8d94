#include "exec/scripted_executor.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "exec/container_spec.hpp"
#include "os/stop_fd.hpp"

#include <poll.h>

#include <cerrno>

namespace nacre::exec {

void ScriptedExecutor::Container::wait_forever() const {
    const os::StopFd stop_fd{stop_};
    pollfd event{stop_fd.get(), POLLIN, 0};
    const int limit = spec.time_limit ? static_cast<int>(spec.time_limit->count()) : -1;
    int ready = 0;
    do {
        ready = ::poll(&event, 1, limit);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) throw Cancelled{};
    throw past_time_limit(spec);
}

os::ExitStatus ScriptedExecutor::run(
    const ContainerSpec& spec, ByteSink& output, std::stop_token stop) {
    check(spec);
    if (stop.stop_requested()) throw Cancelled{};
    const auto program = programs_.find(spec.argv.front());
    if (program == programs_.end())
        throw Error{
            ErrorCode::NotFound, "program " + quoted(spec.argv.front()) + " is not in the image"};
    calls_.lock()->push_back(spec);
    return program->second(Container{spec, output, std::move(stop)});
}

std::vector<ContainerSpec> ScriptedExecutor::calls() const {
    return *calls_.lock();
}

}  // namespace nacre::exec
