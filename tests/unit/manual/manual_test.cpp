#include "manual/command_line.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace nacre::manual {
namespace {

/// A small command line with one of everything that a page treats differently.
class Manual : public testing::Test {
protected:
    Manual() {
        app_.name("mill");
        app_.set_help_flag("-h,--help", "print this help");
        app_.require_subcommand(1);
        app_.add_option("--site", text_, "where it stands; '.' is here")->type_name("URL");
        CLI::App* grind = app_.add_subcommand("grind", "Grind corn");
        grind->footer(".5 of it at a time, with C:\\ and *care*.");
        grind->add_option("CORN", text_, "what to grind")->required();
        grind->add_option("SACK", words_, "where to put it");
        grind->add_flag("-q,--quiet", flag_, "without noise");
        grind->add_option("--sieve", words_, "width of <a> sieve")->type_name("WIDTH");
        grind->add_flag("--secret", flag_, "not shown")->group("");
        app_.add_subcommand("repair", "Not shown")->group("");
        CLI::App* wheel = app_.add_subcommand("wheel", "The wheel")->require_subcommand(1);
        wheel->add_subcommand("stop", "Stop the wheel");
    }

    Page page() const {
        return describe_program(
            app_,
            {.section = 1,
             .version = "1.2",
             .description = {"A mill.", "It \"grinds\"."},
             .environment = {{{"MILL_ROOT", ""}, "where the mill is"}},
             .files = {{{"~/.mill", ""}, "settings"}},
             .see_also = {"wind(7)", "corn(5)"}});
    }

    CLI::App app_{"A mill for corn"};
    std::string text_;
    std::vector<std::string> words_;
    bool flag_ = false;
};

/// Compares with a golden file; NACRE_ACCEPT=1 rewrites it.
void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = NACRE_SOURCE_DIR "/tests/golden/manual/" + name;
    if (std::getenv("NACRE_ACCEPT") != nullptr) std::ofstream{path} << text;
    std::ifstream file{path};
    const std::string golden{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_EQ(text, golden) << path;
}

TEST_F(Manual, RendersRoffThatNoWordOfATextCanBreak) {
    expect_golden("mill.1", render(page(), Format::Man));
}

TEST_F(Manual, RendersMarkdownThatNoWordOfATextCanBreak) {
    expect_golden("mill.md", render(page(), Format::Markdown));
}

TEST_F(Manual, IsPrintedInTheFormatThatWasChosen) {
    const auto choice = add_manual_command(app_, {"mill", "mill.conf"});
    app_.parse("manual mill.conf --format markdown");
    EXPECT_TRUE(choice->is_asked);
    EXPECT_EQ(choice->page, "mill.conf");
    EXPECT_EQ(choice->format, Format::Markdown);
}

TEST_F(Manual, IsTheFirstPageForManUnlessAskedOtherwise) {
    const auto choice = add_manual_command(app_, {"mill", "mill.conf"});
    app_.parse("manual");
    EXPECT_TRUE(choice->is_asked);
    EXPECT_EQ(choice->page, "mill");
    EXPECT_EQ(choice->format, Format::Man);
}

TEST_F(Manual, RefusesPagesAndFormatsThatItHasNot) {
    add_manual_command(app_, {"mill", "mill.conf"});
    EXPECT_THROW(app_.parse("manual river"), CLI::ValidationError);
    EXPECT_THROW(app_.parse("manual --format html"), CLI::ValidationError);
}

TEST_F(Manual, IsNotAskedForByOtherCommands) {
    const auto choice = add_manual_command(app_, {"mill"});
    app_.parse("wheel stop");
    EXPECT_FALSE(choice->is_asked);
}

}  // namespace
}  // namespace nacre::manual
