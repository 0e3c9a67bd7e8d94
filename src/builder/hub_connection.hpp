#pragma once

#include "base/bytes.hpp"
#include "koji/value.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::builder {

/// How a worker speaks to a hub: Koji's builder protocol (reference C.4, C.5, C.1.6), by method name, on a host
/// session. Confined to one thread at a time. Every implementation passes tests/contract/hub_connection_contract.cpp.
class HubConnection {
public:
    virtual ~HubConnection() = default;

    /// One call. Throws koji::Fault for a fault, Error{Unavailable} when the hub cannot be reached after
    /// retries; a call that was answered is never applied twice (callnum).
    virtual koji::Value call(std::string_view method, koji::Array arguments) = 0;

    /// Writes `bytes` into file `name` of upload folder `folder` ("tasks/7/10007", "cli-build/x") at `offset`.
    virtual void upload(
        std::string_view folder, std::string_view name, std::uint64_t offset, Bytes bytes) = 0;
};

}  // namespace nacre::builder
