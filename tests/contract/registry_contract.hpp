#pragma once

#include "registry/registry.hpp"
#include "store/memory_blob_store.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::registry::contract {

/// One implementation under test, with a registry to talk to that is empty and takes everything.
class RegistryFixture {
public:
    virtual ~RegistryFixture() = default;
    virtual Registry& registry() = 0;
    /// "host:port"
    virtual std::string address() const = 0;

    /// Why this cannot run here; empty when it can.
    virtual std::string obstacle() const { return ""; }
};

struct RegistryImplementation {
    std::string name;
    std::function<std::unique_ptr<RegistryFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const RegistryImplementation& self) {
        return out << self.name;
    }
};

/// What every Registry promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class RegistryContract : public testing::TestWithParam<RegistryImplementation> {
protected:
    void SetUp() override {
        if (const std::string obstacle = fixture_->obstacle(); !obstacle.empty())
            GTEST_SKIP() << obstacle;
    }

    Registry& registry() { return fixture_->registry(); }

    Repository repository(const std::string& name) const {
        return {.registry = fixture_->address(), .name = name};
    }

    oci::Reference tagged(const std::string& name, const std::string& image_tag) const;
    oci::Reference by_digest(const std::string& name, const oci::Digest& digest) const;
    /// Uploads a blob with this content.
    oci::Descriptor put_blob(const std::string& name, const std::string& content);
    /// Uploads the parts of an image of one layer; the manifest is not put.
    Document prepare_image(const std::string& name, const std::string& layer);
    /// The whole blob.
    std::string read(const std::string& name, const oci::Descriptor& blob);

    store::MemoryBlobStore blobs_;

private:
    std::unique_ptr<RegistryFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::registry::contract
