#pragma once

#include "source/remote_address.hpp"
#include "source/tree.hpp"

#include <memory>
#include <stop_token>

namespace nacre::source {

/// Gets what ADD names by an address. A build without one refuses such steps. Thread-safe. Every implementation passes
/// tests/contract/remote_sources_contract.cpp.
class RemoteSources {
public:
    virtual ~RemoteSources() = default;

    /// For a UrlAddress a tree with the one file of its name: mode 0600, the time of Last-Modified or 0, the checksum
    /// verified. For a GitAddress the folder of the commit, with the commit's time, and ".git" when it is to be kept. The
    /// tree owns what was fetched. Throws Error{NotFound}, Error{Unavailable}, Error{PermissionDenied}, Error{DataCorrupt} for
    /// another checksum, Error{ResourceExhausted} for more than the limit, Error{DeadlineExceeded}, Cancelled; messages
    /// hold no credentials.
    virtual std::unique_ptr<Tree> fetch(const RemoteAddress& address, std::stop_token stop) = 0;
};

}  // namespace nacre::source
