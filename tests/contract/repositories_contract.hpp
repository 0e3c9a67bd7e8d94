#pragma once

#include "base/clock.hpp"
#include "distgit/repositories.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::distgit::contract {

/// One implementation under test, without repositories, with the default namespaces.
class RepositoriesFixture {
public:
    virtual ~RepositoriesFixture() = default;
    virtual Repositories& repositories() = 0;

protected:
    ManualClock clock_{from_unix_seconds(1'790'000'000)};
};

struct RepositoriesImplementation {
    std::string name;
    std::function<std::unique_ptr<RepositoriesFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const RepositoriesImplementation& self) {
        return out << self.name;
    }
};

/// What every Repositories promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class RepositoriesContract : public testing::TestWithParam<RepositoriesImplementation> {
protected:
    Repositories& repositories() { return fixture_->repositories(); }

    Repository create(const RepositoryName& name) {
        return repositories().create(name, {"alice", "A web server"}, {});
    }

    const RepositoryName httpd_ = RepositoryName::parse("container/httpd");
    const RepositoryName other_ = RepositoryName::parse("rpms/other");

private:
    std::unique_ptr<RepositoriesFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::distgit::contract
