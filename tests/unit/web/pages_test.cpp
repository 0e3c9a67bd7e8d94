#include "web/pages.hpp"

#include "web/memory_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::web {
namespace {

using testing::HasSubstr;

class PagesTest : public testing::Test {
protected:
    PagesTest() {
        TaskDetails task;
        task.task.id = 7;
        task.task.method = "buildContainer";
        task.task.state = "OPEN";
        facts_.put(task);
        facts_.put_log(7, "build.log", std::string(40'000, 'x') + "\nlast line\n");
        BuildDetails build;
        build.build.id = 3;
        build.build.nvr = "httpd-2.4-1";
        facts_.put(build);
    }

    http::Response get(
        const std::string& path, const std::string& name = "", const std::string& value = "") {
        http::Request request;
        request.method = "GET";
        request.path = path;
        if (!name.empty()) request.query.emplace_back(name, value);
        return pages_.handle(request);
    }

    MemoryFacts facts_;
    Pages pages_{facts_};
};

TEST_F(PagesTest, ListTasksAndBuilds) {
    for (const char* path : {"/koji", "/koji/", "/koji/index"}) {
        const auto answer = get(path);
        EXPECT_EQ(answer.status, 200);
        EXPECT_THAT(answer.text, HasSubstr("taskinfo?taskID=7"));
        EXPECT_THAT(answer.text, HasSubstr("httpd-2.4-1"));
    }
}

TEST_F(PagesTest, ShowATaskWithTheEndOfItsLog) {
    const auto answer = get("/koji/taskinfo", "taskID", "7");
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.text, HasSubstr("<pre class=\"log\">last line\n</pre>"));
    EXPECT_THAT(answer.text, HasSubstr("The end of the log."));
}

TEST_F(PagesTest, ShowABuild) {
    EXPECT_THAT(get("/koji/buildinfo", "buildID", "3").text, HasSubstr("Build httpd-2.4-1"));
}

TEST_F(PagesTest, AnswerNotFoundForWhatThereIsNot) {
    EXPECT_EQ(get("/koji/taskinfo", "taskID", "8").status, 404);
    EXPECT_EQ(get("/koji/buildinfo", "buildID", "4").status, 404);
    EXPECT_EQ(get("/koji/other").status, 404);
    EXPECT_EQ(get("/koji/taskinfo").status, 400);
    EXPECT_EQ(get("/koji/taskinfo", "taskID", "seven").status, 400);
}

TEST_F(PagesTest, ForbidScriptsAndFrames) {
    const auto answer = get("/koji/taskinfo", "taskID", "7");
    const std::string policy = answer.headers.find("Content-Security-Policy").value();
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_EQ(get("/koji/style.css").headers.find("Content-Type"), "text/css; charset=utf-8");
}

TEST_F(PagesTest, AreReadOnly) {
    http::Request request;
    request.method = "POST";
    request.path = "/koji/";
    EXPECT_EQ(pages_.handle(request).status, 405);
}

TEST(LogTail, BeginsWithAWholeLine) {
    EXPECT_EQ(cut_tail("x", "one\ntwo\n", 100).text, "one\ntwo\n");
    EXPECT_FALSE(cut_tail("x", "one\ntwo\n", 8).is_cut);
    EXPECT_EQ(cut_tail("x", "one\ntwo\n", 6).text, "two\n");
    EXPECT_EQ(cut_tail("x", "one\ntwo\n", 4).text, "two\n");
    EXPECT_EQ(cut_tail("x", "one long line", 4).text, "line");
    EXPECT_TRUE(cut_tail("x", "one long line", 4).is_cut);
}

}  // namespace
}  // namespace nacre::web
