#include "backend/worker_spec.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::backend {
namespace {

WorkerSpec read(const std::string& text) {
    StringSource source{text};
    return read_worker_spec(source);
}

TEST(WorkerSpec, IsReadAsItWasWritten) {
    const WorkerSpec spec{
        .task_id = 7,
        .hub_url = "http://127.0.0.1:8080/kojihub",
        .session_id = 12,
        .session_key = "1-\"abc\"\n",
        .data_root = "/data"};
    const std::string text = render(spec);
    EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
    const WorkerSpec copy = read(text);
    EXPECT_EQ(copy.task_id, spec.task_id);
    EXPECT_EQ(copy.hub_url, spec.hub_url);
    EXPECT_EQ(copy.session_id, spec.session_id);
    EXPECT_EQ(copy.session_key, spec.session_key);
    EXPECT_EQ(copy.data_root, spec.data_root);
}

TEST(WorkerSpec, ARefusalDoesNotQuoteTheKey) {
    for (const std::string text :
         {"", "{\"session_key\":\"hush\"", "{\"session_key\":\"hush\"}", "[]"}) {
        const Error error = test::error_of([&] { return read(text); });
        EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
        EXPECT_THAT(error.describe(), testing::HasSubstr("worker's specification"));
        EXPECT_THAT(error.describe(), testing::Not(testing::HasSubstr("hush")));
    }
}

TEST(WorkerSpec, RefusesWhatIsTooLong) {
    const Error error = test::error_of([] { return read(std::string(70'000, ' ')); });
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::backend
