#include "api/distgit/pagure_handler.hpp"

#include "base/clock.hpp"
#include "distgit/file_access_list.hpp"
#include "distgit/git_repositories.hpp"
#include "json/value.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

#include "support.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::api::distgit {
namespace {

using nacre::distgit::RepositoryName;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kEncoded = "application/x-www-form-urlencoded";

class PagureHandlerTest : public testing::Test {
protected:
    PagureHandlerTest() { test::add_users(authenticator_); }

    json::Value call(test::TestRequest& request, int status = 200) {
        const http::Response response = handler_.handle(request.get());
        EXPECT_EQ(response.status, status) << response.text;
        EXPECT_EQ(response.headers.find("Content-Type"), "application/json");
        return json::parse(response.text);
    }

    json::Value get(const std::string& path, int status = 200) {
        test::TestRequest request{"GET", path};
        return call(request, status);
    }

    json::Value post(
        const std::string& path,
        const std::string& user,
        const std::string& form,
        int status = 200) {
        test::TestRequest request{"POST", path};
        request.body(kEncoded, form);
        if (!user.empty()) request.as(user);
        return call(request, status);
    }

    json::Value create(int status = 200) {
        return post(
            "/api/0/new",
            "root",
            "namespace=container&name=httpd&description=A+web+server",
            status);
    }

    static std::string code_of(const json::Value& answer) {
        return json::Reader{answer, ""}.get_string("error_code");
    }

    static std::string error_of(const json::Value& answer) {
        return json::Reader{answer, ""}.get_string("error");
    }

    nacre::test::TempDir root_;
    os::SystemProcessRunner runner_;
    ManualClock clock_{from_unix_seconds(1'790'000'000)};
    nacre::distgit::GitRepositories repositories_{{.root = root_.path()}, runner_, clock_};
    nacre::distgit::FileAccessList access_{root_.path()};
    auth::StaticAuthenticator authenticator_;
    test::FixedAdministrators administrators_;
    Callers callers_{authenticator_, administrators_};
    PagureHandler handler_{{repositories_, access_, callers_}};
};

TEST_F(PagureHandlerTest, CreatesARepositoryAndShowsIt) {
    const json::Value made = create();
    EXPECT_EQ(json::Reader(made, "").get_string("message"), "Project \"container/httpd\" created");
    EXPECT_EQ(
        json::render(get("/api/0/container/httpd")),
        R"({"name":"httpd","namespace":"container","fullname":"container/httpd",)"
        R"("url_path":"container/httpd","description":"A web server","date_created":"1790000000",)"
        R"("user":{"name":"root","fullname":"root"},)"
        R"("access_users":{"owner":["root"],"admin":[],"commit":[],"ticket":[]}})");
}

TEST_F(PagureHandlerTest, ListsBranches) {
    create();
    EXPECT_EQ(
        json::render(get("/api/0/container/httpd/git/branches")),
        R"({"branches":["main"],"total_branches":1})");
    const json::Value answer = get("/api/0/container/httpd/git/branches?with_commits=1");
    EXPECT_EQ(
        json::Reader(answer, "").get_object("branches").get_string("main"),
        repositories_.resolve(RepositoryName::parse("container/httpd"), "main", {}));
}

TEST_F(PagureHandlerTest, ChangesRights) {
    create();
    const std::string path = "/api/0/container/httpd/git/modifyacls";
    const auto users = [](const json::Value& answer, const char* acl) {
        return json::Reader{answer, ""}.get_object("access_users").get_strings(acl);
    };
    EXPECT_THAT(
        users(post(path, "root", "user_type=user&name=alice&acl=admin"), "admin"),
        ElementsAre("alice"));
    EXPECT_THAT(
        users(post(path, "alice", "user_type=user&name=eve&acl=commit"), "commit"),
        ElementsAre("eve"));
    EXPECT_EQ(
        code_of(post(path, "eve", "user_type=user&name=eve&acl=admin", 403)), "ENOTHIGHENOUGH");
    EXPECT_THAT(users(post(path, "eve", "user_type=user&name=eve"), "commit"), ElementsAre());
    EXPECT_EQ(code_of(post(path, "alice", "user_type=user&name=root&acl=none", 400)), "ENOCODE");
}

TEST_F(PagureHandlerTest, AsksWhoCallsAndWhetherHeMay) {
    test::TestRequest anonymous{"POST", "/api/0/new"};
    const http::Response response = handler_.handle(anonymous.get());
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Basic realm=\"Nacre dist-git\"");
    EXPECT_EQ(code_of(json::parse(response.text)), "EINVALIDTOK");
    const json::Value refused =
        post("/api/0/new", "alice", "namespace=container&name=x&description=y", 403);
    EXPECT_THAT(error_of(refused), HasSubstr("user 'alice' may not make repositories"));
    create();
    EXPECT_EQ(
        code_of(post(
            "/api/0/container/httpd/git/modifyacls",
            "eve",
            "user_type=user&name=alice&acl=commit",
            403)),
        "ENOTHIGHENOUGH");
}

TEST_F(PagureHandlerTest, NamesWhatIsWrong) {
    create();
    EXPECT_THAT(error_of(create(400)), HasSubstr("'container/httpd' exists already"));
    EXPECT_EQ(
        json::render(post("/api/0/new", "root", "namespace=container&description=x", 400)),
        R"({"error":"field 'name' is missing","error_code":"EINVALIDREQ"})");
    EXPECT_THAT(
        error_of(post("/api/0/new", "root", "namespace=evil&name=x&description=y", 400)),
        HasSubstr("allowed are container, flatpaks, modules, rpms, tests"));
    EXPECT_THAT(
        error_of(post("/api/0/new", "root", "namespace=container&name=../x&description=y", 400)),
        HasSubstr("'../x'"));
    const std::string path = "/api/0/container/httpd/git/modifyacls";
    EXPECT_EQ(code_of(post(path, "root", "user_type=user&name=nobody&acl=commit", 404)), "ENOUSER");
    EXPECT_EQ(code_of(post(path, "root", "user_type=group&name=x", 400)), "EINVALIDREQ");
    EXPECT_EQ(code_of(post(path, "root", "user_type=user&name=eve&acl=all", 400)), "EINVALIDREQ");
    EXPECT_EQ(code_of(post(path, "root", "a=%zz", 400)), "EINVALIDREQ");
}

TEST_F(PagureHandlerTest, SaysWhatIsNotThere) {
    for (const char* path :
         {"/api/0/container/httpd",
          "/api/0/container/httpd/git/branches",
          "/api/0/x",
          "/api/0/new",
          "/api/0/container/httpd/issues",
          "/api/0"})
        EXPECT_EQ(code_of(get(path, 404)), "ENOPROJECT") << path;
    EXPECT_EQ(
        code_of(
            post("/api/0/container/httpd/git/modifyacls", "root", "user_type=user&name=eve", 404)),
        "ENOPROJECT");
    EXPECT_EQ(code_of(get("/api/0/container/..%2f..", 400)), "EINVALIDREQ");
}

}  // namespace
}  // namespace nacre::api::distgit
