#include "json/value.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace nacre::json {
namespace {

std::string random_text() {
    // Code points below 0x80 only: the text must be UTF-8.
    return *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
}

// NOLINTNEXTLINE(misc-no-recursion)
Value random_value(int depth) {
    switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
        case 0:
            return {};
        case 1:
            return *rc::gen::arbitrary<bool>();
        case 2:
            return *rc::gen::arbitrary<std::int64_t>();
        case 3:
            return *rc::gen::suchThat<double>([](double number) { return std::isfinite(number); });
        case 4:
            return random_text();
        case 5: {
            Array array;
            for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
                array.push_back(random_value(depth - 1));
            return array;
        }
        default: {
            Object object;
            for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
                object.set(random_text(), random_value(depth - 1));
            return object;
        }
    }
}

TEST(JsonProperty, ParsesWhatItRenders) {
    EXPECT_TRUE(rc::check("parse(render(x)) == x", [] {
        const Value value = random_value(4);
        RC_ASSERT(parse(render(value)) == value);
        RC_ASSERT(parse(render_pretty(value)) == value);
    }));
}

}  // namespace
}  // namespace nacre::json
