#include "server/in_process_hub.hpp"

#include <utility>

namespace nacre::server {

InProcessHubConnection::InProcessHubConnection(
    hub::Hub& hub, const api::koji::Dispatcher& dispatcher, const std::string& host_name)
    : dispatcher_{dispatcher} {
    hub::Call call = hub.begin(sql::Access::Write);
    const hub::SessionCredentials credentials = hub.sessions.login(call, host_name, "", {});
    hub.sessions.make_exclusive(call, hub::Force::Yes);
    call.commit();
    session_.id = credentials.id;
    session_.key = credentials.key;
}

api::koji::CallHeaders InProcessHubConnection::next_headers() {
    session_.callnum = callnum_++;
    return {.session = session_, .peer = "", .client = std::nullopt};
}

koji::Value InProcessHubConnection::call(std::string_view method, koji::Array arguments) {
    return dispatcher_.call(next_headers(), method, std::move(arguments));
}

void InProcessHubConnection::upload(
    std::string_view folder, std::string_view name, std::uint64_t offset, Bytes bytes) {
    hub::UploadOptions options;
    options.offset = static_cast<std::int64_t>(offset);
    dispatcher_.upload(
        next_headers(), {std::string{folder}, std::string{name}}, options, as_text(bytes));
}

void BellSignal::wait(std::chrono::milliseconds limit, std::stop_token stop) {
    seen_ = bell_.wait(seen_, limit, stop);
}

}  // namespace nacre::server
