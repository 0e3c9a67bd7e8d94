#include "base/streams.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>

#include <array>
#include <vector>

namespace nacre {
namespace {

/// Remembers how it was written to.
class Pieces final : public ByteSink {
public:
    void write(Bytes bytes) override {
        sizes.push_back(bytes.size());
        text += as_text(bytes);
    }

    std::vector<std::size_t> sizes;
    std::string text;
};

TEST(BufferedSink, JoinsSmallWritesAndKeepsTheOrder) {
    Pieces pieces;
    BufferedSink buffered{pieces};
    const std::string large(BufferedSink::kBufferBytes, 'x');
    buffered.write(as_bytes("a"));
    buffered.write(as_bytes("b"));
    EXPECT_TRUE(pieces.sizes.empty());
    buffered.write(as_bytes(large));
    buffered.write(as_bytes("c"));
    buffered.flush();
    EXPECT_THAT(pieces.sizes, testing::ElementsAre(2, large.size(), 1));
    EXPECT_EQ(pieces.text, "ab" + large + "c");
}

TEST(BufferedSink, KeepsNoMoreThanItsBuffer) {
    Pieces pieces;
    BufferedSink buffered{pieces};
    const std::string half(BufferedSink::kBufferBytes / 2 + 1, 'x');
    buffered.write(as_bytes(half));
    buffered.write(as_bytes(half));
    EXPECT_THAT(pieces.sizes, testing::ElementsAre(half.size()));
}

TEST(StoppableSink, WritesUntilTheStopIsRequested) {
    Pieces pieces;
    std::stop_source stop;
    StoppableSink sink{pieces, stop.get_token()};
    sink.write(as_bytes("a"));
    stop.request_stop();
    EXPECT_THROW(sink.write(as_bytes("b")), Cancelled);
    EXPECT_EQ(pieces.text, "a");
}

TEST(OwningSource, OutlivesTheTextItWasMadeOf) {
    auto text = std::make_unique<std::string>("short");
    OwningSource source{*text};
    text.reset();
    std::array<std::byte, 10> buffer{};
    EXPECT_EQ(source.read(buffer), 5U);
    EXPECT_EQ(as_text(std::span{buffer}.first(5)), "short");
    EXPECT_EQ(source.read(buffer), 0U);
}

}  // namespace
}  // namespace nacre
