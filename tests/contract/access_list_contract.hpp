#pragma once

#include "distgit/access.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::distgit::contract {

/// One implementation under test. It has the repository "container/httpd" of "alice", and no other.
class AccessListFixture {
public:
    virtual ~AccessListFixture() = default;
    virtual AccessList& list() = 0;
};

struct AccessListImplementation {
    std::string name;
    std::function<std::unique_ptr<AccessListFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const AccessListImplementation& self) {
        return out << self.name;
    }
};

/// What every AccessList promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class AccessListContract : public testing::TestWithParam<AccessListImplementation> {
protected:
    AccessList& list() { return fixture_->list(); }

    const RepositoryName httpd_ = RepositoryName::parse("container/httpd");
    const RepositoryName other_ = RepositoryName::parse("container/other");

private:
    std::unique_ptr<AccessListFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::distgit::contract
