// Where Debian's buildah differs from BuildKit; we do as BuildKit does.
#include "source/ignored_tree.hpp"
#include "traps/trap.hpp"

namespace nacre::engine::test {
namespace {

class BuildahTrap : public TrapTest {
protected:
    void expect_conflict(const std::string& dockerfile, const std::string& path) {
        try {
            build(
                "FROM busybox:1\nRUN mkdir -p /d/name /real; echo old > /d/file; ln -s /real "
                "/d/link\n"
                + dockerfile);
            ADD_FAILURE() << dockerfile << testing::PrintToString(last_entries());
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Conflict) << error.describe();
            EXPECT_THAT(error.describe(), HasSubstr(path));
        }
    }
};

TEST_F(BuildahTrap, FolderOfAnIgnoreExceptionKeepsItsMode) {
    machine().context.add_folder("folder", 0750);
    machine().context.add_file("folder/kept", "x");
    machine().context.add_file("folder/other", "x");
    const source::IgnoredTree tree{
        machine().context,
        source::parse_ignore_file("folder\n!folder/kept\n", ".dockerignore").patterns};
    machine().other_context = &tree;
    build("FROM scratch\nCOPY . /\n");
    EXPECT_THAT(last_entries(), ElementsAre("folder/ 0750 0:0", "folder/kept 0644 0:0"));
}

TEST_F(BuildahTrap, GlobalPaxHeaderIsNoEntry) {
    // As git archive writes it.
    std::string tar = write_tar({{{.path = "file"}, "x"}});
    std::string header(512, '\0');
    const auto put = [&header](std::size_t at, const std::string& text) {
        header.replace(at, text.size(), text);
    };
    const std::string comment = "52 comment=0123456789012345678901234567890123456789\n";
    ASSERT_EQ(comment.size(), 52U);
    put(0, "pax_global_header");
    put(100, "0000666");
    put(108, "0000000");
    put(116, "0000000");
    put(124, "00000000064");
    put(136, "00000000000");
    put(148, "        ");
    put(156, "g");
    put(257,
        std::string{
            "ustar\0"
            "00",
            8});
    unsigned sum = 0;
    for (const char c : header)
        sum += static_cast<unsigned char>(c);
    std::string digits = "000000";
    for (auto digit = digits.rbegin(); sum != 0; ++digit, sum /= 8)
        *digit = static_cast<char>('0' + sum % 8);
    put(148, digits + std::string{"\0 ", 2});
    std::string body = comment;
    body.resize(512, '\0');
    machine().context.add_file("a.tar", header + body + tar);
    build("FROM scratch\nADD a.tar /\n");
    EXPECT_THAT(last_entries(), ElementsAre("file 0644 0:0"));
}

TEST_F(BuildahTrap, FileDoesNotReplaceAFolder) {
    machine().context.add_file("tree/name", "a file");
    expect_conflict("COPY tree /d\n", "name");
}

TEST_F(BuildahTrap, FolderDoesNotReplaceAFile) {
    machine().context.add_file("tree/file/inside", "x");
    expect_conflict("COPY tree /d\n", "file");
}

TEST_F(BuildahTrap, FolderDoesNotReplaceALink) {
    machine().context.add_file("tree/link/inside", "x");
    expect_conflict("COPY tree /d\n", "link");
}

TEST_F(BuildahTrap, LinkDoesNotReplaceAFolder) {
    machine().context.add_symlink("tree/name", "elsewhere");
    expect_conflict("COPY tree /d\n", "name");
}

TEST_F(BuildahTrap, FileReplacesALinkThatIsNotItsDestination) {
    const std::string base =
        "FROM busybox:1\nRUN mkdir /d; echo old > /real; ln -s /real /d/link\n";
    machine().context.add_file("link", "new");
    build(base + "COPY link /d/\n");
    EXPECT_THAT(last_entries(), ElementsAre("d/ 0755 0:0", "d/link 0644 0:0"));
    build(base + "COPY link /d/link\n");
    EXPECT_THAT(last_entries(), ElementsAre("real 0644 0:0"));
}

}  // namespace
}  // namespace nacre::engine::test
