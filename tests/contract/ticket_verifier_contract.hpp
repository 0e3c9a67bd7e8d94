#pragma once

#include "auth/ticket_verifier.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::auth::contract {

/// One implementation under test, and the realm that it trusts.
class TicketVerifierFixture {
public:
    virtual ~TicketVerifierFixture() = default;
    virtual TicketVerifier& verifier() = 0;
    /// A fresh token of "alice@EXAMPLE.TEST".
    virtual std::string make_token() = 0;
};

struct TicketVerifierImplementation {
    std::string name;
    /// Null where it cannot run, with the reason printed.
    std::function<std::unique_ptr<TicketVerifierFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const TicketVerifierImplementation& self) {
        return out << self.name;
    }
};

/// What every TicketVerifier promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class TicketVerifierContract : public testing::TestWithParam<TicketVerifierImplementation> {
protected:
    void SetUp() override {
        fixture_ = GetParam().make();
        if (!fixture_) GTEST_SKIP() << GetParam().name << ": its programs are not installed";
    }

    std::unique_ptr<TicketVerifierFixture> fixture_;
};

}  // namespace nacre::auth::contract
