#pragma once

#include "publish/publisher.hpp"
#include "store/memory_blob_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::publish::contract {

/// One implementation under test, with whatever it needs to live. `blobs` outlives it.
class PublisherFixture {
public:
    virtual ~PublisherFixture() = default;
    virtual Publisher& publisher() = 0;
};

struct PublisherImplementation {
    std::string name;
    std::function<std::unique_ptr<PublisherFixture>(const store::BlobStore& blobs)> make;

    friend std::ostream& operator<<(std::ostream& out, const PublisherImplementation& self) {
        return out << self.name;
    }
};

/// What every Publisher promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class PublisherContract : public testing::TestWithParam<PublisherImplementation> {
protected:
    Publisher& publisher() { return fixture_->publisher(); }

    /// An image of one layer with this content.
    Publication publication(const std::string& layer);

private:
    store::MemoryBlobStore blobs_;
    std::unique_ptr<PublisherFixture> fixture_ = GetParam().make(blobs_);
};

}  // namespace nacre::publish::contract
