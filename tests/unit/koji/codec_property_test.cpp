#include "base/text.hpp"
#include "koji/codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace nacre::koji {
namespace {

/// Of each container: three levels of them are a thousand values.
constexpr int kSizeMax = 10;

/// Text that XML can carry: what cannot be is replaced on the way out, so it does not come back equal.
rc::Gen<std::string> texts() {
    return rc::gen::map(rc::gen::arbitrary<std::string>(), [](const std::string& text) {
        return sanitize_utf8(text);
    });
}

rc::Gen<Value> scalars() {
    return rc::gen::oneOf(
        rc::gen::just(Value{}),
        rc::gen::map(rc::gen::arbitrary<bool>(), [](bool flag) { return Value{flag}; }),
        rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Value{n}; }),
        rc::gen::map(rc::gen::arbitrary<double>(), [](double n) { return Value{n}; }),
        rc::gen::map(texts(), [](const std::string& text) { return Value{text}; }));
}

rc::Gen<Value> values(int depth) {
    if (depth == 0) return scalars();
    const auto inner = values(depth - 1);
    const auto arrays = rc::gen::map(
        rc::gen::container<std::vector<Value>>(inner), [](Array items) { return Value{items}; });
    const auto structs = rc::gen::map(
        rc::gen::container<std::vector<std::pair<std::string, Value>>>(
            rc::gen::pair(texts(), inner)),
        [](const std::vector<std::pair<std::string, Value>>& members) {
            Struct result;
            for (const auto& [name, value] : members)
                result.set(name, value);
            return Value{result};
        });
    return rc::gen::oneOf(scalars(), arrays, structs);
}

TEST(KojiCodecProperty, WhatIsWrittenIsReadBackEqual) {
    EXPECT_TRUE(rc::check([] {
        const Array params =
            *rc::gen::resize(kSizeMax, rc::gen::container<std::vector<Value>>(values(2)));
        const Call call = parse_call(render_call("method", params));
        RC_ASSERT(call.params == params);
    }));
}

TEST(KojiCodecProperty, DoublesComeBackExactly) {
    EXPECT_TRUE(rc::check([](double value) {
        RC_PRE(std::isfinite(value));
        RC_ASSERT(parse_response(render_response(value)) == Value{value});
    }));
}

TEST(KojiCodecProperty, AnyBytesInATextGiveAWellFormedMessage) {
    EXPECT_TRUE(rc::check([](const std::string& bytes) {
        const Value back = parse_response(render_response(bytes));
        RC_ASSERT(back.if_string() != nullptr);
    }));
}

}  // namespace
}  // namespace nacre::koji
