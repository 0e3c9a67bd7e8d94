#pragma once

#include "store/image_names.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace nacre::store::contract {

/// One implementation under test, with whatever it needs to live.
class ImageNamesFixture {
public:
    virtual ~ImageNamesFixture() = default;
    virtual ImageNames& names() = 0;
};

struct ImageNamesImplementation {
    std::string name;
    std::function<std::unique_ptr<ImageNamesFixture>()> make;

    friend std::ostream& operator<<(std::ostream& out, const ImageNamesImplementation& self) {
        return out << self.name;
    }
};

/// What every ImageNames promises. An implementation joins by INSTANTIATE_TEST_SUITE_P.
class ImageNamesContract : public testing::TestWithParam<ImageNamesImplementation> {
protected:
    ImageNames& names() { return fixture_->names(); }

private:
    std::unique_ptr<ImageNamesFixture> fixture_ = GetParam().make();
};

}  // namespace nacre::store::contract
