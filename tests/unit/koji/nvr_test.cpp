#include "koji/nvr.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre::koji {
namespace {

TEST(Nvr, TakesHyphensInTheNameOnly) {
    const Nvr nvr = Nvr::parse("my-web-server-1.0~rc1-5.fc40");
    EXPECT_EQ(nvr.name(), "my-web-server");
    EXPECT_EQ(nvr.version(), "1.0~rc1");
    EXPECT_EQ(nvr.release(), "5.fc40");
    EXPECT_EQ(nvr.str(), "my-web-server-1.0~rc1-5.fc40");
}

TEST(Nvr, RefusesWhatIsNone) {
    for (const std::string_view text :
         {"",
          "a",
          "a-1",
          "-1-2",
          "a--2",
          "a-1-",
          "a/b-1-2",
          "a-1-..",
          "a b-1-2",
          "a-\xC3\xA9-1",
          "--1-2"}) {
        EXPECT_FALSE(Nvr::find(text)) << text;
        EXPECT_THROW(Nvr::parse(text), Error) << text;
    }
}

TEST(Nvr, RefusesFieldsThatWouldLeaveTheirFolder) {
    EXPECT_THROW(Nvr("..", "1", "1"), Error);
    EXPECT_THROW(Nvr("a", "1/2", "1"), Error);
    EXPECT_THROW(Nvr("a", "1", "1-2"), Error);
    EXPECT_THROW(Nvr(std::string(kNvrFieldMax + 1, 'a'), "1", "1"), Error);
    EXPECT_NO_THROW(Nvr(std::string(kNvrFieldMax, 'a'), "1", "1"));
}

}  // namespace
}  // namespace nacre::koji
