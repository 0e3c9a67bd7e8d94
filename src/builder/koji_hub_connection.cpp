#include "builder/koji_hub_connection.hpp"

#include <utility>

namespace nacre::builder {

koji::Value KojiHubConnection::call(std::string_view method, koji::Array arguments) {
    return session_.call(method, std::move(arguments));
}

void KojiHubConnection::upload(
    std::string_view folder, std::string_view name, std::uint64_t offset, Bytes bytes) {
    session_.upload({std::string{folder}, std::string{name}}, offset, bytes);
}

}  // namespace nacre::builder
