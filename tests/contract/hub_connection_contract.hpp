#pragma once

#include "builder/hub_connection.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::builder::contract {

/// A hub with a host, and a connection of that host to it.
class HubConnectionFixture {
public:
    virtual ~HubConnectionFixture() = default;
    virtual HubConnection& connection() = 0;
};

struct HubConnectionKind {
    std::string name;
    std::function<std::unique_ptr<HubConnectionFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const HubConnectionKind& self) {
        return out << self.name;
    }
};

/// What every HubConnection promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class HubConnectionContract : public testing::TestWithParam<HubConnectionKind> {
protected:
    HubConnection& hub() { return fixture_->connection(); }

private:
    std::unique_ptr<HubConnectionFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::builder::contract
