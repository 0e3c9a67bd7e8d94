#include "cli/task_watch.hpp"

#include <gtest/gtest.h>

namespace nacre::cli {
namespace {

koji::Struct row(koji::TaskState state) {
    koji::Struct fields;
    fields.set("id", 12);
    fields.set("method", "buildContainer");
    fields.set("arch", "noarch");
    fields.set("state", static_cast<std::int64_t>(state));
    return fields;
}

TEST(TaskWatch, SpeaksAsKojisClientDoes) {
    TaskWatch watch;
    EXPECT_EQ(watch.update(row(koji::TaskState::Free), ""), "12 buildContainer (noarch): free\n");
    EXPECT_EQ(watch.update(row(koji::TaskState::Free), ""), "");
    EXPECT_EQ(
        watch.update(row(koji::TaskState::Open), "localhost"),
        "12 buildContainer (noarch): free -> open (localhost)\n");
    EXPECT_FALSE(watch.is_finished());
    EXPECT_EQ(
        watch.update(row(koji::TaskState::Closed), "localhost"),
        "12 buildContainer (noarch): open -> closed\n  0 free  0 open  1 done  0 failed\n");
    EXPECT_TRUE(watch.is_finished());
    EXPECT_TRUE(watch.has_succeeded());
    EXPECT_EQ(watch.summary(), "12 buildContainer (noarch) completed successfully\n");
}

TEST(TaskWatch, TellsFailedFromCanceled) {
    TaskWatch failed;
    failed.update(row(koji::TaskState::Open), "h");
    EXPECT_EQ(
        failed.update(row(koji::TaskState::Failed), "h"),
        "12 buildContainer (noarch): open -> FAILED\n  0 free  0 open  0 done  1 failed\n");
    EXPECT_FALSE(failed.has_succeeded());
    EXPECT_EQ(failed.summary(), "12 buildContainer (noarch) failed\n");
    TaskWatch canceled;
    canceled.update(row(koji::TaskState::Canceled), "h");
    EXPECT_EQ(canceled.summary(), "12 buildContainer (noarch) was canceled\n");
}

}  // namespace
}  // namespace nacre::cli
