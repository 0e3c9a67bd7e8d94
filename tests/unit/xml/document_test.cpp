#include "xml/document.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>

namespace nacre::xml {
namespace {

using testing::HasSubstr;

ErrorCode code_of(std::string_view text, const ParseLimits& limits = {}) {
    try {
        Document::parse(text, limits);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "accepted: " << text;
    return ErrorCode::Internal;
}

std::string message_of(std::string_view text) {
    try {
        Document::parse(text);
    } catch (const Error& error) {
        return error.describe();
    }
    return "accepted";
}

TEST(XmlDocument, WalksElementsAndSkipsLayoutAndComments) {
    const Document document =
        Document::parse("<?xml version='1.0'?>\n<a>\n <b>1</b><!-- x --> <c/> </a>");
    const Element root = document.root();
    EXPECT_EQ(root.name(), "a");
    const auto first = root.find_child();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->name(), "b");
    EXPECT_EQ(first->text(), "1");
    const auto second = first->find_next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->name(), "c");
    EXPECT_FALSE(second->find_child());
    EXPECT_FALSE(second->find_next());
    EXPECT_TRUE(root.find_child("c"));
    EXPECT_FALSE(root.find_child("d"));
}

TEST(XmlDocument, KeepsBlankTextThatIsAllAnElementHas) {
    EXPECT_EQ(Document::parse("<a>  </a>").root().text(), "  ");
}

TEST(XmlDocument, DecodesReferencesAndSectionsAndLineEnds) {
    EXPECT_EQ(
        Document::parse("<a>&lt;&amp;&#233;<![CDATA[<x>]]>\r\nb\rc&#13;</a>").root().text(),
        "<&\xC3\xA9<x>\nb\nc\r");
}

TEST(XmlDocument, RefusesADocumentType) {
    EXPECT_THAT(message_of("<!DOCTYPE a><a/>"), HasSubstr("DOCTYPE"));
    EXPECT_THAT(message_of("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), HasSubstr("DOCTYPE"));
}

TEST(XmlDocument, RefusesWhatIsNotWellFormedAndSaysWhere) {
    EXPECT_THAT(message_of("<a><b></a>"), HasSubstr("byte "));
    for (const std::string_view text : {"", "x", "<a>", "<a></b>", "<a/><b/>", "<a b=c/>"})
        EXPECT_EQ(code_of(text), ErrorCode::InvalidArgument) << text;
}

TEST(XmlDocument, RefusesWhatIsNoUtf8OrNoXmlCharacter) {
    EXPECT_THAT(message_of("<a>\xFF</a>"), HasSubstr("byte 3"));
    EXPECT_EQ(code_of(std::string_view{"<a>\0</a>", 8}), ErrorCode::InvalidArgument);
    EXPECT_EQ(code_of("<a>\x1b</a>"), ErrorCode::InvalidArgument);
}

TEST(XmlDocument, HasLimits) {
    EXPECT_EQ(code_of("<a>0123456789</a>", {.bytes = 10}), ErrorCode::ResourceExhausted);
    EXPECT_EQ(code_of("<a><b/><b/></a>", {.nodes = 3}), ErrorCode::ResourceExhausted);
    EXPECT_EQ(code_of("<a><b><c/></b></a>", {.depth = 1}), ErrorCode::ResourceExhausted);
    EXPECT_NO_THROW(Document::parse("<a><b><c/></b></a>", {.depth = 2}));
}

TEST(XmlDocument, SurvivesDeepNestingBeforeRefusingIt) {
    std::string text;
    for (int level = 0; level < 100'000; ++level)
        text += "<a>";
    for (int level = 0; level < 100'000; ++level)
        text += "</a>";
    EXPECT_EQ(code_of(text), ErrorCode::ResourceExhausted);
}

}  // namespace
}  // namespace nacre::xml
