#include "xml/writer.hpp"

#include "xml/document.hpp"

#include <gtest/gtest.h>

namespace nacre::xml {
namespace {

TEST(XmlWriter, WritesElementsInsideEachOther) {
    std::string text;
    Writer out{text};
    out.open("a");
    out.element("b", "1 < 2");
    out.line_feed();
    out.empty("nil");
    out.close();
    EXPECT_EQ(text, "<a><b>1 &lt; 2</b>\n<nil/></a>");
}

TEST(XmlWriter, EscapesMarkupOnly) {
    EXPECT_EQ(escape("a<b>&\"'"), "a&lt;b&gt;&amp;\"'");
    EXPECT_EQ(escape("tab\tline\n"), "tab\tline\n");
}

TEST(XmlWriter, ReplacesWhatXmlCannotCarry) {
    EXPECT_EQ(escape("a\x1b[0m\xFF"), "a\xEF\xBF\xBD[0m\xEF\xBF\xBD");
}

TEST(XmlWriter, KeepsCarriageReturnsForTheReader) {
    std::string text;
    Writer{text}.element("a", "10%\r20%\r\n");
    EXPECT_EQ(Document::parse(text).root().text(), "10%\r20%\r\n");
}

}  // namespace
}  // namespace nacre::xml
