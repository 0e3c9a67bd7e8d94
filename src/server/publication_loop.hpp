#pragma once

#include "base/log.hpp"
#include "hub/hub.hpp"
#include "publish/publisher.hpp"
#include "store/blob_store.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace nacre::server {

/// Brings tagged builds to a publisher: takes what the hub's outbox holds, one after the other, and writes the receipts
/// into it. A publication that was interrupted is due again, and publishing is idempotent. One thread.
class PublicationLoop {
public:
    /// Builds in a tag that matches one of `tag_globs` are published; others are done without. References outlive it.
    PublicationLoop(
        hub::Hub& hub,
        const store::BlobStore& blobs,
        publish::Publisher& publisher,
        std::vector<std::string> tag_globs,
        Log log);

    /// Until `stop`: the body of a thread.
    void run(const std::stop_token& stop);

    /// Takes the next one that is due; false when there is none.
    bool publish_next();

private:
    std::string publish(const hub::Publication& publication);

    hub::Hub& hub_;
    const store::BlobStore& blobs_;
    publish::Publisher& publisher_;
    const std::vector<std::string> tag_globs_;
    Log log_;
};

}  // namespace nacre::server
