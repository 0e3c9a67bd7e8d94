#include "api/distgit/multipart.hpp"

#include "api/distgit/pagure_handler.hpp"
#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nacre::api::distgit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// "name[file]=content;" for each part.
class Recorder final : public PartSink {
public:
    void begin(const PartHead& head) override {
        text += head.name;
        if (head.file_name) text += "[" + *head.file_name + "]";
        text += "=";
    }

    void write(Bytes bytes) override { text.append(as_text(bytes)); }

    void end() override { text += ";"; }

    std::string text;
};

std::string parse(const std::string& body, std::size_t step = 1000) {
    Recorder recorder;
    MultipartParser parser{"XX", recorder};
    for (std::size_t at = 0; at < body.size(); at += step)
        parser.feed(as_bytes(std::string_view{body}.substr(at, step)));
    parser.finish();
    return recorder.text;
}

std::string refusal(const std::string& body) {
    const Error error = nacre::test::error_of([&] { return parse(body); });
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument) << body;
    return error.describe();
}

const std::string kBody =
    "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X\r\n-2\r\n"
    "--XX  \r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name=file; "
    "filename=\"a \\\"b\\\"; c\\d.gz\"\r\n\r\n\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"\"\r\n\r\n\r\n\r\n--XX--\r\nepilogue --XX\r\n";

TEST(Multipart, SplitsTheParts) {
    EXPECT_EQ(parse(kBody), "a=1\r\n--X\r\n-2;file[a \"b\"; c\\d.gz]=;=\r\n;");
}

TEST(Multipart, DoesNotDependOnThePiecesThatArrive) {
    for (std::size_t step = 1; step < kBody.size(); ++step)
        EXPECT_EQ(parse(kBody, step), parse(kBody)) << step;
}

TEST(Multipart, TakesABoundaryAtTheVeryBeginning) {
    EXPECT_EQ(parse("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--XX--"), "a=b;");
    EXPECT_EQ(parse("--XX--"), "");
}

TEST(Multipart, RefusesBodiesThatAreNone) {
    EXPECT_THAT(refusal(""), HasSubstr("before the closing boundary"));
    EXPECT_THAT(
        refusal("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nb"), HasSubstr("closing"));
    EXPECT_THAT(refusal("--XXY\r\n"), HasSubstr("followed by other text"));
    EXPECT_THAT(refusal("--XX\r\n\r\nx\r\n--XX--"), HasSubstr("Content-Disposition"));
    EXPECT_THAT(
        refusal("--XX\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--XX--"),
        HasSubstr("Content-Disposition"));
    EXPECT_THAT(refusal("--XX\r\n" + std::string(20000, 'x')), HasSubstr("16384 bytes"));
    EXPECT_THAT(refusal("--XX" + std::string(20000, ' ')), HasSubstr("does not end"));
    std::string many = "--XX";
    for (int i = 0; i < 65; ++i)
        many += "\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--XX";
    EXPECT_THAT(refusal(many + "--"), HasSubstr("more than 64 parts"));
}

TEST(Multipart, FindsTheBoundary) {
    EXPECT_EQ(find_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(find_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a'b\""), "a'b");
    for (const char* type :
         {"",
          "multipart/form-data",
          "multipart/form-data; boundary=",
          "multipart/mixed; boundary=a",
          "multipart/form-data; boundary=\"a",
          "multipart/form-data; boundary=\"a b\"",
          "multipart/form-data; boundary=\"a\rb\""})
        EXPECT_EQ(find_boundary(type), std::nullopt) << type;
    EXPECT_EQ(find_boundary("multipart/form-data; boundary=" + std::string(71, 'x')), std::nullopt);
}

TEST(Form, ReadsFieldsInTheirOrder) {
    EXPECT_THAT(
        parse_form("b=1+2&a=%2f&c=&d\n"),
        ElementsAre(Pair("b", "1 2"), Pair("a", "/"), Pair("c", ""), Pair("d", "")));
    EXPECT_TRUE(parse_form("").empty());
}

TEST(Form, RefusesWrongEscapesAndTooManyFields) {
    std::string many;
    for (int i = 0; i < 101; ++i)
        many += "a=b&";
    for (const std::string& text : {std::string{"a=%zz"}, std::string{"%=b"}, many})
        EXPECT_EQ(
            nacre::test::error_of([&] { return parse_form(text); }).code(),
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::api::distgit
