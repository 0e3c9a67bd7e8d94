#include "api/distgit/lookaside_handler.hpp"

#include "base/clock.hpp"
#include "distgit/memory_access_list.hpp"
#include "distgit/memory_lookaside.hpp"
#include "distgit/memory_repositories.hpp"
#include "support/errors.hpp"

#include "support.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::api::distgit {
namespace {

using nacre::distgit::RepositoryName;
using testing::HasSubstr;

/// Of "foo".
const std::string kSum =
    "f7fbba6e0636f890e56fbbf3283e524c6fa3204ae298382d624741d0dc663832"
    "6e282c41be5e4254d8820772c5518a2c5a8c0c7f7eda19594a7eb539453e1ed7";

struct Field {
    std::string name;
    std::string value;
    std::string file_name = {};
};

std::string multipart(const std::vector<Field>& fields) {
    std::string body;
    for (const Field& field : fields) {
        body += "--XX\r\nContent-Disposition: form-data; name=\"" + field.name + "\"";
        if (!field.file_name.empty()) body += "; filename=\"" + field.file_name + "\"";
        body += "\r\n\r\n" + field.value + "\r\n";
    }
    return body + "--XX--\r\n";
}

class LookasideHandlerTest : public testing::Test {
protected:
    LookasideHandlerTest() {
        test::add_users(authenticator_);
        const RepositoryName httpd = RepositoryName::parse("container/httpd");
        repositories_.create(httpd, {"alice", ""}, {});
        access_.add(httpd, {"alice", {}, {}});
    }

    http::Response post(const std::vector<Field>& fields, const std::string& user = "alice") {
        test::TestRequest request{"POST", "/repo/pkgs/upload.cgi"};
        request.as(user).body("multipart/form-data; boundary=XX", multipart(fields));
        return handler_.handle(request.get());
    }

    /// "200 text"
    std::string answer(const std::vector<Field>& fields) {
        const http::Response response = post(fields);
        return std::to_string(response.status) + " " + response.text;
    }

    http::Response get(const std::string& path) {
        test::TestRequest request{"GET", path};
        return handler_.handle(request.get());
    }

    std::vector<Field> upload(const std::string& content = "foo") const {
        return {{"name", "container/httpd"}, {"sha512sum", kSum}, {"file", content, "a.tar.gz"}};
    }

    std::vector<Field> check() const {
        return {{"name", "container/httpd"}, {"sha512sum", kSum}, {"filename", "a.tar.gz"}};
    }

    ManualClock clock_{from_unix_seconds(1'790'000'000)};
    nacre::distgit::MemoryLookaside lookaside_{clock_};
    nacre::distgit::MemoryRepositories repositories_{clock_};
    nacre::distgit::MemoryAccessList access_;
    auth::StaticAuthenticator authenticator_;
    test::FixedAdministrators administrators_;
    Callers callers_{authenticator_, administrators_};
    MemoryLogSink log_;
    LookasideHandler handler_{
        {lookaside_, repositories_, access_, callers_}, {.upload_bytes_max = 1000}, Log{log_}};
    const std::string path_ = "container/httpd/a.tar.gz/sha512/" + kSum + "/a.tar.gz";
};

TEST_F(LookasideHandlerTest, StoresAFileThatCanBeDownloaded) {
    EXPECT_EQ(answer(check()), "200 Missing\n");
    EXPECT_EQ(answer(upload()), "200 File a.tar.gz size 3 SHA512 " + kSum + " stored OK\n");
    EXPECT_EQ(answer(check()), "200 Available\n");
    EXPECT_EQ(answer(upload()), "200 File a.tar.gz already exists\nFile: " + path_ + " Size: 3\n");
    for (const std::string prefix : {"/repo/pkgs/", "/lookaside/pkgs/"}) {
        const http::Response response = get(prefix + path_);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.source_size, 3U);
        EXPECT_EQ(response.headers.find("Last-Modified"), "Mon, 21 Sep 2026 14:13:20 GMT");
        EXPECT_EQ(test::read_all(*response.source), "foo");
    }
}

TEST_F(LookasideHandlerTest, TakesTheFileBeforeTheOtherFields) {
    EXPECT_THAT(
        answer(
            {{"file", "foo", "/tmp/a.tar.gz"}, {"sha512sum", kSum}, {"name", "container/httpd"}}),
        HasSubstr("stored OK"));
    EXPECT_EQ(answer(check()), "200 Available\n");
}

TEST_F(LookasideHandlerTest, KeepsTheTimeOfTheClient) {
    auto fields = upload();
    fields.push_back({"mtime", "1000000.5"});
    EXPECT_THAT(answer(fields), HasSubstr("stored OK"));
    EXPECT_EQ(
        get("/repo/pkgs/" + path_).headers.find("Last-Modified"), "Mon, 12 Jan 1970 13:46:40 GMT");
    for (const char* bad : {"", "x", "-1", "nan", "inf", "1e300", "1 "}) {
        fields = upload("fooo");
        fields[1].value = std::string(128, 'a');
        fields.push_back({"mtime", bad});
        EXPECT_EQ(
            answer(fields),
            "400 Invalid value sent for mtime \"" + std::string{bad} + "\". Aborting.\n");
    }
}

TEST_F(LookasideHandlerTest, RefusesInTheWordsOfTheOriginal) {
    EXPECT_EQ(answer({{"sha512sum", kSum}}), "400 Required field \"name\" is not present.\n");
    EXPECT_EQ(
        answer({{"name", "container/httpd"}, {"filename", "a"}}),
        "400 Required checksum is not present.\n");
    EXPECT_EQ(
        answer({{"name", "container/httpd"}, {"sha512sum", kSum}}),
        "400 Required field \"file\" is not present.\n");
    EXPECT_EQ(
        answer({{"name", "a"}, {"name", "b"}}),
        "400 Multiple values given for \"name\". Aborting.\n");
    EXPECT_EQ(
        answer({{"name", "nope"}, {"sha512sum", kSum}, {"filename", "a"}}),
        "404 Module \"rpms/nope\" does not exist!\n");
    EXPECT_EQ(
        answer({{"name", "container/../../etc"}, {"sha512sum", kSum}, {"filename", "a"}}),
        "404 Module \"container/../../etc\" does not exist!\n");
    EXPECT_THAT(
        answer(upload("bar")),
        testing::MatchesRegex(
            "400 SHA512 check failed\\. Received [0-9a-f]{128} instead of [0-9a-f]{128}\\.\n"));
    EXPECT_EQ(
        answer(
            {{"name", "container/httpd"},
             {"md5sum", "acbd18db4cc2f85cedef654fccc4a4d8"},
             {"file", "foo", "a.tar.gz"}}),
        "406 Uploads with md5 are no longer allowed.\n");
    EXPECT_EQ(answer(check()), "200 Missing\n");
}

TEST_F(LookasideHandlerTest, PrefersSha512ToMd5) {
    auto fields = upload();
    fields.push_back({"md5sum", "acbd18db4cc2f85cedef654fccc4a4d8"});
    EXPECT_THAT(answer(fields), HasSubstr("stored OK"));
}

TEST_F(LookasideHandlerTest, LimitsTheSizeOfAFile) {
    EXPECT_EQ(
        answer(upload(std::string(1001, 'x'))),
        "413 The file has more than 1000 bytes. Aborting.\n");
    EXPECT_THAT(
        answer({{"name", std::string(5000, 'x')}}), HasSubstr("Field \"name\" is too long"));
}

TEST_F(LookasideHandlerTest, AsksWhoUploadsAndWhetherHeMay) {
    test::TestRequest anonymous{"POST", "/repo/pkgs/upload.cgi"};
    anonymous.body("multipart/form-data; boundary=XX", multipart(upload()));
    EXPECT_EQ(
        nacre::test::error_of([&] { return handler_.handle(anonymous.get()); }).code(),
        ErrorCode::Unauthenticated);
    const Error error = nacre::test::error_of([&] { return post(upload(), "eve"); });
    EXPECT_EQ(error.code(), ErrorCode::PermissionDenied);
    EXPECT_THAT(error.describe(), HasSubstr("user 'eve' may not push to 'container/httpd'"));
    EXPECT_EQ(answer(check()), "200 Missing\n");
    EXPECT_EQ(post(upload(), "root").status, 200);
}

TEST_F(LookasideHandlerTest, RefusesFileNamesThatAreNone) {
    for (const char* name : {"..", ".hidden", "a b"})
        EXPECT_EQ(
            nacre::test::error_of([&] {
                return post({{"name", "container/httpd"}, {"sha512sum", kSum}, {"filename", name}});
            }).code(),
            ErrorCode::InvalidArgument)
            << name;
}

TEST_F(LookasideHandlerTest, RefusesABodyThatBreaksOff) {
    test::TestRequest request{"POST", "/repo/pkgs/upload.cgi"};
    request.as("alice").body(
        "multipart/form-data; boundary=XX",
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nfoo");
    EXPECT_EQ(
        nacre::test::error_of([&] { return handler_.handle(request.get()); }).code(),
        ErrorCode::InvalidArgument);
}

TEST_F(LookasideHandlerTest, FindsNothingElsewhere) {
    EXPECT_THAT(answer(upload()), HasSubstr("stored OK"));
    for (const std::string& path : std::vector<std::string>{
             std::string{"/repo/pkgs/"},
             std::string{"/repo/pkgs/upload.cgi/x"},
             std::string{"/repo/"} + path_,
             "/repo/pkgs/container/httpd/b.tar.gz/sha512/" + kSum + "/a.tar.gz",
             "/repo/pkgs/container/httpd/a.tar.gz/sha256/" + kSum + "/a.tar.gz",
             "/repo/pkgs/container/httpd/a.tar.gz/" + kSum + "/a.tar.gz",
             std::string{"/repo/pkgs/../../etc/passwd"},
             "/repo/pkgs//container/httpd/a.tar.gz"})
        EXPECT_EQ(nacre::test::error_of([&] { return get(path); }).code(), ErrorCode::NotFound)
            << path;
    test::TestRequest request{"DELETE", "/repo/pkgs/" + path_};
    EXPECT_EQ(
        nacre::test::error_of([&] { return handler_.handle(request.get()); }).code(),
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::api::distgit
