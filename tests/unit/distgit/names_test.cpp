#include "distgit/lookaside.hpp"
#include "distgit/repositories.hpp"
#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::distgit {
namespace {

using testing::HasSubstr;

TEST(RepositoryName, ReadsNamespaceAndName) {
    const RepositoryName name = RepositoryName::parse("container/httpd-2.4+x_y");
    EXPECT_EQ(name.space(), "container");
    EXPECT_EQ(name.name(), "httpd-2.4+x_y");
    EXPECT_EQ(name.str(), "container/httpd-2.4+x_y");
}

TEST(RepositoryName, RefusesTraversalAndOtherTricks) {
    for (const std::string& text :
         {std::string{},
          std::string{"httpd"},
          std::string{"/httpd"},
          std::string{"container/"},
          std::string{"container/.."},
          std::string{"../x"},
          std::string{"container/a..b"},
          std::string{"container/a/b"},
          std::string{"container/.git"},
          std::string{"container/-x"},
          std::string{"container/a b"},
          std::string{"container/a\n"},
          std::string{"container/x.git"},
          std::string{"container/x.lock"},
          std::string{"container/x."},
          std::string{"container/tmp\\x"},
          std::string{"container/\xc3\xa9"},
          "container/" + std::string(101, 'x'),
          std::string("container/a\0b", 13)}) {
        EXPECT_EQ(RepositoryName::try_parse(text), std::nullopt) << text;
        EXPECT_EQ(
            test::error_of([&] { return RepositoryName::parse(text); }).code(),
            ErrorCode::InvalidArgument)
            << text;
    }
    EXPECT_THAT(
        test::message_of([] { return RepositoryName::parse("container/../x"); }),
        HasSubstr("the name of the repository is '../x'"));
}

TEST(LookasideFile, HasThePathOfItsDownload) {
    const std::string sum(128, 'a');
    const LookasideFile file{
        RepositoryName::parse("rpms/x"), "x-1.tar.gz", LookasideHash::Sha512, sum};
    EXPECT_EQ(file.path(), "rpms/x/x-1.tar.gz/sha512/" + sum + "/x-1.tar.gz");
}

TEST(LookasideFile, RefusesNamesAndChecksumsThatAreNone) {
    const RepositoryName name = RepositoryName::parse("rpms/x");
    const auto code = [&](const std::string& file, const std::string& sum) {
        return test::error_of(
                   [&] { return LookasideFile{name, file, LookasideHash::Sha512, sum}.path(); })
            .code();
    };
    const std::string sum(128, 'a');
    for (const std::string& file :
         {std::string{},
          std::string{".."},
          std::string{"a/b"},
          std::string{".hidden"},
          std::string{"a b"},
          std::string(256, 'a'),
          std::string{"a\n"},
          std::string("a\0b", 3)})
        EXPECT_EQ(code(file, sum), ErrorCode::InvalidArgument) << file;
    for (const std::string& bad :
         {std::string{}, std::string(127, 'a'), std::string(128, 'A'), std::string(128, '/')})
        EXPECT_EQ(code("a", bad), ErrorCode::InvalidArgument) << bad;
}

TEST(Ref, KeepsToWhatGitTakes) {
    for (const char* text : {"main", "f44", "feature/x", "v1.0", "a-b_c", "HEAD", "0123abcd"})
        EXPECT_TRUE(is_ref(text)) << text;
    for (const char* text :
         {"",
          "-x",
          "/x",
          "x/",
          "x.",
          "a..b",
          "a//b",
          "a@{1}",
          "a b",
          "a~1",
          "a^",
          "a:b",
          "a?",
          "a*",
          "a[",
          "a\\b",
          "a\x7f",
          "a\n"})
        EXPECT_FALSE(is_ref(text)) << text;
    EXPECT_FALSE(is_ref(std::string(256, 'x')));
}

}  // namespace
}  // namespace nacre::distgit
