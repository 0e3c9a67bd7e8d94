#include "archive/tar.hpp"
#include "base/error.hpp"
#include "os/file.hpp"
#include "store/layers.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"
#include "unit/archive/tar_support.hpp"

#include <unistd.h>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;
using archive::EntryType;
using archive::test::ReadEntry;
using archive::test::write_tar;
using Entries = std::vector<ReadEntry>;

/// A layer that would leave its folder: the canary beside it must survive.
class HostileLayer : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root: whiteouts and owners";
        fs::create_directories(layer_);
        fs::create_directories(outside_);
        os::write_file_atomically(outside_ / "canary", "alive");
    }

    void apply(const Entries& entries) {
        const std::string tar = write_tar(entries);
        StringSource in{tar};
        archive::TarReader reader{in, {}};
        apply_layer(reader, layer_);
    }

    void expect_canary() {
        EXPECT_EQ(os::read_file(outside_ / "canary", 100), "alive");
        EXPECT_EQ(std::distance(fs::directory_iterator{outside_}, fs::directory_iterator{}), 1);
        EXPECT_EQ(std::distance(fs::directory_iterator{root_.path()}, fs::directory_iterator{}), 2);
    }

    void expect_refused(const Entries& entries, const std::string& reason) {
        try {
            apply(entries);
            ADD_FAILURE() << "it was taken";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::DataCorrupt) << error.describe();
            EXPECT_NE(error.describe().find(reason), std::string::npos) << error.describe();
        }
        expect_canary();
    }

    static ReadEntry link(const std::string& path, const std::string& target) {
        return {{.path = path, .type = EntryType::Symlink, .link_target = target}, ""};
    }

    static ReadEntry file(const std::string& path) { return {{.path = path}, "dead"}; }

    static ReadEntry hard(const std::string& path, const std::string& target) {
        return {{.path = path, .type = EntryType::Hardlink, .link_target = target}, ""};
    }

    test::TempDir root_;
    fs::path layer_ = root_.path() / "layer";
    fs::path outside_ = root_.path() / "outside";
};

TEST_F(HostileLayer, CannotWriteThroughAnAbsoluteLink) {
    expect_refused({link("out", outside_), file("out/canary")}, "'out/canary'");
    expect_refused({link("etc", "/etc"), file("etc/passwd")}, "leads to itself");
}

TEST_F(HostileLayer, CannotWriteThroughARelativeLink) {
    expect_refused({link("out", "../outside"), file("out/canary")}, "leads nowhere");
    expect_refused({link("a", "../outside/canary"), file("a/b")}, "leads nowhere");
}

TEST_F(HostileLayer, CannotWriteThroughALinkThatReplacedAFolder) {
    expect_refused(
        {file("dir/file"), link("dir", "../outside"), file("dir/canary")}, "'dir/canary'");
}

TEST_F(HostileLayer, CannotWriteThroughAFileThatIsALink) {
    apply({link("canary", outside_ / "canary"), file("canary")});
    EXPECT_EQ(os::read_file(layer_ / "canary", 10), "dead");
    EXPECT_FALSE(fs::is_symlink(layer_ / "canary"));
    expect_canary();
}

TEST_F(HostileLayer, CannotClimbOut) {
    for (const char* path :
         {"../outside/canary", "a/../../outside/canary", "..", "a/..", "/../outside/canary"})
        expect_refused({file(path)}, "'..'");
    expect_refused({{{.path = "../outside", .type = EntryType::Directory}, ""}}, "'..'");
}

TEST_F(HostileLayer, WithAbsoluteNamesStaysInside) {
    apply({file(outside_ / "canary")});
    EXPECT_TRUE(fs::exists(layer_ / outside_.relative_path() / "canary"));
    expect_canary();
}

TEST_F(HostileLayer, CannotLinkToWhatIsOutside) {
    expect_refused({hard("a", outside_ / "canary")}, "hard link");
    expect_refused({hard("a", "../outside/canary")}, "'..'");
    expect_refused({hard("a", "/etc/passwd")}, "not in the layer");
    expect_refused({link("out", "../outside"), hard("a", "out/canary")}, "hard link");
    expect_refused({hard("a", "")}, "hard link");
}

TEST_F(HostileLayer, LinksToALinkAndNotThroughIt) {
    apply({link("soft", outside_ / "canary"), hard("hard", "soft"), file("hard")});
    EXPECT_TRUE(fs::is_symlink(layer_ / "soft"));
    expect_canary();
}

TEST_F(HostileLayer, CannotHideWhatIsOutside) {
    expect_refused({file("../.wh.outside")}, "'..'");
    expect_refused({link("out", "../outside"), file("out/.wh.canary")}, "'out/.wh.canary'");
    expect_refused({link("out", "../outside"), file("out/.wh..wh..opq")}, "'out/.wh..wh..opq'");
    for (const char* nothing : {".wh.", ".wh..", ".wh...", "a/.wh.."})
        expect_refused({file(nothing)}, "whiteout of nothing");
    expect_refused({{{.path = ".wh./", .type = EntryType::Directory}, ""}}, "whiteout of nothing");
}

TEST_F(HostileLayer, CannotSmuggleAWhiteout) {
    expect_refused({{{.path = "etc", .type = EntryType::CharDevice}, ""}}, "device 0/0");
    expect_refused({file(".wh.a"), hard("b", "a")}, "whiteout");
}

TEST_F(HostileLayer, CannotPutFilesBelowAFile) {
    expect_refused({file("a"), file("a/b")}, "no folder");
    expect_refused({{{.path = "a", .type = EntryType::Fifo}, ""}, file("a/b/c")}, "no folder");
}

TEST_F(HostileLayer, CannotReplaceTheRoot) {
    expect_refused({link(".", outside_)}, "the root");
    expect_refused({file("./")}, "the root");
}

TEST_F(HostileLayer, EndsWithAChainOfLinks) {
    Entries entries;
    for (int i = 0; i < 41; ++i)
        entries.push_back(link("l" + std::to_string(i), "l" + std::to_string(i + 1)));
    entries.push_back({{.path = "l41", .type = EntryType::Directory, .mode = 0755}, ""});
    entries.push_back(file("l0/file"));
    expect_refused(entries, "'l0/file'");
}

TEST_F(HostileLayer, CannotChangeTheModeThroughALink) {
    fs::permissions(outside_ / "canary", fs::perms{0600});
    apply(
        {link("canary", outside_ / "canary"),
         {{.path = "dir", .type = EntryType::Directory, .mode = 0755}, ""},
         link("dir", outside_)});
    EXPECT_EQ(fs::status(outside_ / "canary").permissions(), fs::perms{0600});
    expect_canary();
}

TEST_F(HostileLayer, ReportsNamesWithControlCharactersQuoted) {
    const std::string message = test::message_of([&] { apply({file("../a\n\x1b[2J")}); });
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    expect_canary();
}

}  // namespace
}  // namespace nacre::store
