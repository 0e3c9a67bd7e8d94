#include "web/render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace nacre::web {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kAttack = "<script>alert('\"x\"')</script>&amp;";

/// Compares with a golden file; NACRE_ACCEPT=1 rewrites it.
void expect_golden(const std::string& name, const std::string& html) {
    const std::string path = NACRE_SOURCE_DIR "/tests/golden/web/" + name;
    if (std::getenv("NACRE_ACCEPT") != nullptr) std::ofstream{path, std::ios::binary} << html;
    std::ifstream file{path, std::ios::binary};
    const std::string golden{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_EQ(html, golden) << path;
}

WallTime at(std::int64_t minute) {
    return from_unix_seconds(1795508222 + 60 * minute);
}

TaskFacts make_task() {
    TaskFacts task;
    task.id = 7;
    task.method = "buildContainer";
    task.label = "httpd, candidate";
    task.state = "OPEN";
    task.owner = "alice";
    task.host = "builder1";
    task.arch = "noarch";
    task.created = at(0);
    task.started = at(1);
    return task;
}

TaskDetails make_task_details() {
    TaskDetails details;
    details.task = make_task();
    details.request =
        "git+https://git.example.org/container/httpd#abc\ncandidate\n{\"scratch\": false}";
    details.logs = {{"build.log", "/kojifiles/work/tasks/7/7/build.log"}};
    TaskFacts child = make_task();
    child.id = 8;
    child.label = "";
    child.parent = 7;
    child.arch = "x86_64";
    details.children = {child};
    return details;
}

BuildDetails make_build_details() {
    BuildDetails details;
    details.build = {3, "httpd-2.4-1", "COMPLETE", "alice", at(0), at(5)};
    details.source = "git+https://git.example.org/container/httpd#abc";
    details.task = 7;
    details.pull_specs = {"registry.example.org/httpd:2.4-1"};
    details.archives = {
        {{"httpd-2.4-1.x86_64.tar.gz", "/kojifiles/packages/httpd/2.4/1/images/x.tar.gz"},
         "tar",
         1234567,
         "sha256:" + std::string(64, 'a')}};
    details.tags = {"f44-candidate", "f44"};
    details.component_count = 181;
    return details;
}

TEST(Render, ShowsAnIndex) {
    expect_golden("index.html", render_index({make_task()}, {make_build_details().build}));
    expect_golden("index_empty.html", render_index({}, {}));
}

TEST(Render, ShowsATask) {
    const LogTail log{"build.log", "STEP 1/2: FROM busybox\nSTEP 2/2: RUN true\n", true};
    expect_golden("task_open.html", render_task(make_task_details(), log));
    TaskDetails failed = make_task_details();
    failed.task.state = "FAILED";
    failed.task.completed = at(3);
    failed.task.host = "";
    failed.result = "RUN exited with 7";
    failed.children.clear();
    failed.logs.clear();
    failed.build = 3;
    expect_golden("task_failed.html", render_task(failed, std::nullopt));
}

TEST(Render, ShowsABuild) {
    expect_golden("build.html", render_build(make_build_details()));
    BuildDetails running;
    running.build = {4, "httpd-2.4-2", "BUILDING", "alice", at(0), std::nullopt};
    expect_golden("build_running.html", render_build(running));
}

TEST(Render, LoadsOnlyThePagesOfWhatStillRunsAgain) {
    TaskDetails details = make_task_details();
    EXPECT_THAT(render_task(details, std::nullopt), HasSubstr("http-equiv=\"refresh\""));
    details.task.state = "CLOSED";
    EXPECT_THAT(render_task(details, std::nullopt), Not(HasSubstr("http-equiv=\"refresh\"")));
    EXPECT_THAT(render_build(make_build_details()), Not(HasSubstr("http-equiv=\"refresh\"")));
}

TEST(Render, ShowsWhateverATaskSaysAsText) {
    TaskDetails details;
    details.task = {1, kAttack, kAttack, kAttack, kAttack, kAttack, kAttack};
    details.request = kAttack;
    details.result = kAttack;
    details.children = {details.task};
    details.logs = {{kAttack, "/" + kAttack}, {"evil", "javascript:alert(1)"}};
    const std::string html = render_task(details, LogTail{kAttack, kAttack});
    EXPECT_THAT(html, Not(HasSubstr("<script")));
    EXPECT_THAT(html, Not(HasSubstr("&amp;amp;amp;"))) << "escaped once, not twice";
    EXPECT_THAT(html, HasSubstr("&amp;amp;"));
    EXPECT_THAT(html, Not(HasSubstr("javascript:")));
    EXPECT_THAT(html, Not(HasSubstr("'\"")));
}

TEST(Render, ShowsWhateverABuildSaysAsText) {
    BuildDetails details;
    details.build = {1, kAttack, kAttack, kAttack, std::nullopt, std::nullopt};
    details.source = kAttack;
    details.pull_specs = {kAttack};
    details.archives = {{{kAttack, "//elsewhere.example.org/"}, kAttack, 1, kAttack}};
    details.tags = {kAttack};
    for (const std::string& html :
         {render_build(details),
          render_index({}, {details.build}),
          render_message(kAttack, kAttack)}) {
        EXPECT_THAT(html, Not(HasSubstr("<script")));
        EXPECT_THAT(html, Not(HasSubstr("elsewhere")));
    }
}

TEST(Render, DoesNotReadTemplatesOutOfData) {
    TaskDetails details = make_task_details();
    details.request = "{{owner}} {{{owner}}} {{#refresh}}";
    EXPECT_THAT(
        render_task(details, std::nullopt),
        HasSubstr("<pre>{{owner}} {{{owner}}} {{#refresh}}</pre>"));
    details.children[0].owner = "{{{request}}}";
    EXPECT_THAT(render_task(details, std::nullopt), HasSubstr("<td>{{{request}}}</td>"));
}

TEST(Render, ReplacesBytesThatAreNoText) {
    EXPECT_THAT(render_message("a", std::string{"\x1b[31m\xff\0x", 9}), HasSubstr("\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace nacre::web
