#pragma once

#include "store/blob_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::store::contract {

/// One implementation under test, with whatever it needs to live (a folder, a server, ...).
class BlobStoreFixture {
public:
    virtual ~BlobStoreFixture() = default;
    virtual BlobStore& store() = 0;
};

struct BlobStoreImplementation {
    std::string name;
    std::function<std::unique_ptr<BlobStoreFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const BlobStoreImplementation& self) {
        return out << self.name;
    }
};

/// What every BlobStore promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class BlobStoreContract : public testing::TestWithParam<BlobStoreImplementation> {
protected:
    BlobStore& store() { return fixture_->store(); }

    void put(const std::string& content, const oci::Digest& digest);

private:
    std::unique_ptr<BlobStoreFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::store::contract
