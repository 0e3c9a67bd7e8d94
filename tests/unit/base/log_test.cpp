#include "base/log.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(Log, QuotesValuesThatCouldForgeARecord) {
    MemoryLogSink sink;
    const Log log{sink};
    log.info("task.assigned", {{"task", 7}, {"host", "a b\ninfo forged"}, {"empty", ""}});
    EXPECT_EQ(
        sink.lines(),
        std::vector<std::string>{"info task.assigned task=7 host='a b\\ninfo forged' empty=''"});
}

}  // namespace
}  // namespace nacre
