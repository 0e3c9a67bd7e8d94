#include "builder/journal.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace nacre::builder {
namespace {

class JournalTest : public testing::Test {
protected:
    std::filesystem::path file() const { return folder_.path() / "journal"; }

    void append(const std::string& text) const { std::ofstream{file(), std::ios::app} << text; }

private:
    test::TempDir folder_;
};

TEST_F(JournalTest, RunsAStepOnceOverRestarts) {
    int runs = 0;
    const auto step = [&] {
        ++runs;
        return json::Value{"result"};
    };
    EXPECT_EQ(Journal{file()}.once("reserve", step), json::Value{"result"});
    EXPECT_EQ(Journal{file()}.once("reserve", step), json::Value{"result"});
    EXPECT_EQ(runs, 1);
}

TEST_F(JournalTest, KnowsAStepThatWasInterrupted) {
    {
        Journal journal{file()};
        EXPECT_FALSE(journal.was_begun("import"));
        EXPECT_THROW(
            journal.once(
                "import", []() -> json::Value { throw Error{ErrorCode::Unavailable, "killed"}; }),
            Error);
    }
    Journal journal{file()};
    EXPECT_TRUE(journal.was_begun("import"));
    EXPECT_EQ(journal.find_done("import"), std::nullopt);
    journal.once("import", [] { return json::Value{}; });
    EXPECT_FALSE(journal.was_begun("import"));
    EXPECT_EQ(Journal{file()}.find_done("import"), json::Value{});
}

TEST_F(JournalTest, ForgetsALineThatACrashCutShort) {
    Journal{file()}.once("one", [] { return json::Value{1}; });
    append(R"({"step":"two","state":"do)");
    Journal journal{file()};
    EXPECT_EQ(journal.find_done("one"), json::Value{1});
    EXPECT_FALSE(journal.was_begun("two"));
    journal.once("two", [] { return json::Value{2}; });
    EXPECT_EQ(Journal{file()}.find_done("two"), json::Value{2});
}

TEST_F(JournalTest, RefusesADamagedLine) {
    append("not json\n");
    EXPECT_THROW(Journal{file()}, Error);
}

TEST_F(JournalTest, CountsRuns) {
    EXPECT_EQ(Journal{file()}.start_run(), 1);
    EXPECT_EQ(Journal{file()}.start_run(), 2);
}

}  // namespace
}  // namespace nacre::builder
