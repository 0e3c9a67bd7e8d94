// Attack 11: layers and archives that leave the folder they are unpacked into.
#include "attacks/attack.hpp"

namespace nacre::engine::test {
namespace {

using std::string_literals::operator""s;

class Attack11 : public AttackTest {
protected:
    /// The layer is looked into (COPY) and unpacked (RUN).
    void expect_refused(const std::string& layer, const std::string& reason) {
        const std::string name = "evil" + std::to_string(++number_);
        add_base(name, layer);
        EXPECT_THAT(refusal("FROM " + name + ":1\nRUN true\n"), HasSubstr(reason));
        expect_harmless("FROM " + name + ":1 AS a\nFROM scratch\nCOPY --from=a / /\n");
        expect_harmless("FROM " + name + ":1\nCOPY <<E /out/canary\ndead\nE\n");
    }

    void expect_refused(const Entries& entries, const std::string& reason) {
        expect_refused(write_tar(entries), reason);
    }

    /// It is taken, and what is in it stays inside.
    std::string said_by(const Entries& entries, const std::string& command) {
        const std::string name = "odd" + std::to_string(++number_);
        add_base(name, entries);
        return build("FROM " + name + ":1\nRUN " + command + "\n");
    }

    /// A ustar header with a right checksum.
    static std::string header(const std::string& name, const std::string& size, char type) {
        std::string block(512, '\0');
        const auto put = [&block](std::size_t at, const std::string& text) {
            block.replace(at, text.size(), text);
        };
        put(0, name);
        put(100, "0000644");
        put(108, "0000000");
        put(116, "0000000");
        put(124, size);
        put(136, "00000000000");
        put(148, "        ");
        put(156, std::string(1, type));
        put(257, "ustar\00000"s);
        unsigned sum = 0;
        for (const char c : block)
            sum += static_cast<unsigned char>(c);
        std::string digits = "000000";
        for (auto digit = digits.rbegin(); sum != 0; ++digit, sum /= 8)
            *digit = static_cast<char>('0' + sum % 8);
        put(148, digits + "\0 "s);
        return block;
    }

    static std::string pax(const std::string& records) {
        std::string text = header("pax", octal(records.size()), 'x') + records;
        text.resize((text.size() + 511) / 512 * 512, '\0');
        return text;
    }

    static std::string octal(std::size_t number) {
        std::string digits(11, '0');
        for (auto digit = digits.rbegin(); number != 0; ++digit, number /= 8)
            *digit = static_cast<char>('0' + number % 8);
        return digits;
    }

private:
    int number_ = 0;
};

TEST_F(Attack11, LinkLeadsOutAndIsWrittenThrough) {
    // CVE-2020-10696.
    for (const std::string& target : ways_out()) {
        expect_refused({link("out", target), file("out/canary")}, "'out/canary'");
        expect_refused({link("out", target), folder("out/sub")}, "'out/sub'");
        expect_refused({file("dir/a"), link("dir", target), file("dir/canary")}, "'dir/canary'");
    }
    expect_refused({link("opt", "/opt"), file("opt/canary")}, "'opt/canary'");
}

TEST_F(Attack11, NamesAreAbsoluteOrGoUp) {
    for (const std::string& path :
         {"../../../../.." + canary().string(),
          "a/../../../../../.." + canary().string(),
          "a/.."s,
          ".."s})
        expect_refused({file(path)}, "'..'");
    EXPECT_EQ(said_by({file(canary())}, "cat " + canary().string()), "dead");
}

TEST_F(Attack11, HardLinkIsToAFileOutside) {
    expect_refused({hard_link("a", canary())}, "hard link");
    expect_refused({hard_link("a", "../../../.." + canary().string())}, "'..'");
    expect_refused({link("out", outside()), hard_link("a", "out/canary")}, "hard link");
}

TEST_F(Attack11, LinksAreAChainWithoutEnd) {
    Entries entries;
    for (int i = 0; i < 45; ++i)
        entries.push_back(link("l" + std::to_string(i), "l" + std::to_string(i + 1)));
    entries.push_back(folder("l45"));
    entries.push_back(file("l0/file"));
    expect_refused(entries, "'l0/file'");
    expect_refused({link("a", "b"), link("b", "a"), file("a/file")}, "'a/file'");
}

TEST_F(Attack11, WhiteoutHidesWhatIsOutsideOrNothing) {
    for (const char* path : {".wh...", ".wh..", ".wh.", "a/.wh...", "../.wh.canary"})
        expect_refused({file(path, "")}, "wh");
    expect_refused({link("out", outside()), file("out/.wh.canary", "")}, "'out/.wh.canary'");
    expect_refused({link("out", outside()), file("out/.wh..wh..opq", "")}, "'out/.wh..wh..opq'");
    // An opaque root hides the layers below, and nothing of its own.
    machine().add_image(
        "opaque",
        {.layers = {
             write_tar({file("hidden")}), write_tar({file(".wh..wh..opq", ""), file("shown")})}});
    build("FROM opaque:1 AS a\nFROM scratch\nCOPY --from=a / /\n");
    EXPECT_EQ(machine().entries(result().layers.back()), Strings{"shown 0644 0:0"});
}

TEST_F(Attack11, EntriesAreDevicesAndPipes) {
    const Entries devices{
        {{.path = "disk", .type = EntryType::BlockDevice, .mode = 0666, .device_major = 8}, ""},
        {{.path = "mem",
          .type = EntryType::CharDevice,
          .mode = 0666,
          .device_major = 1,
          .device_minor = 1},
         ""},
        {{.path = "pipe", .type = EntryType::Fifo, .mode = 0666}, ""}};
    const std::string said =
        said_by(devices, "cat /disk 2>&1; cat /mem 2>&1; test -p /pipe && echo pipe");
    EXPECT_THAT(
        said,
        testing::MatchesRegex("cat: can't open '/disk': .*\ncat: can't open '/mem': .*\npipe\n"));
    expect_refused({{{.path = "whiteout", .type = EntryType::CharDevice}, ""}}, "'whiteout'");
}

TEST_F(Attack11, AttributesAreThoseOfOverlay) {
    ReadEntry hidden = folder("etc");
    hidden.entry.xattrs = {
        {"trusted.overlay.opaque", "y"},
        {"trusted.overlay.redirect", "/../.." + outside().string()}};
    EXPECT_THAT(said_by({hidden}, "ls /etc; cat /etc/canary || true"), HasSubstr("passwd"));
}

TEST_F(Attack11, NumbersLie) {
    const std::string end(1024, '\0');
    expect_refused(
        header("big", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, '0') + end, "size");
    expect_refused(
        header("big", "\x80\x00\x00\x00\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, '0') + end, "");
    expect_refused(header("big", "77777777777", '0') + end, "");
    expect_refused(pax("30 size=9223372036854775807\n"s) + header("big", octal(0), '0') + end, "");
    std::string damaged = write_tar({file("a")});
    damaged[3] = 'x';
    expect_refused(damaged, "checksum");
}

TEST_F(Attack11, HeadersAreTooLargeOrDamaged) {
    constexpr std::size_t kHuge = 8U << 20U;
    const std::string end(1024, '\0');
    const std::string record = "8388627 comment=" + std::string(kHuge, 'x') + "\n";
    expect_refused(pax(record) + header("a", octal(0), '0') + end, "");
    expect_refused(pax("99 path=short\n") + header("a", octal(0), '0') + end, "");
    expect_refused(
        pax("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n40 "
            "GNU.sparse.realsize=9000000000000000\n")
            + header("sparse", octal(512), '0') + "1\n0\n9000000000000000\n"
            + std::string(493, '\0') + end,
        "");
}

TEST_F(Attack11, NamesAreDuplicateOrTrickATerminal) {
    EXPECT_EQ(said_by({file("twice", "first"), file("twice", "second")}, "cat /twice"), "second");
    const std::string trick = "a\nerror: fake\x1b[2J";
    const std::string said = [&] {
        add_base("trick", {link(trick, "/nowhere"), file(trick + "/x")});
        return refusal("FROM trick:1\nRUN true\n");
    }();
    EXPECT_THAT(said, Not(HasSubstr("\x1b")));
    EXPECT_THAT(said, Not(HasSubstr("\nerror: fake")));
    EXPECT_EQ(said_by({file("latin-\xe9", "x")}, "cat /latin-*"), "x");
}

TEST_F(Attack11, ArchiveOfAddLeadsOut) {
    for (const Entries& entries :
         {Entries{link("out", outside()), file("out/canary")},
          Entries{file("../../../../.." + canary().string())},
          Entries{hard_link("a", canary())},
          Entries{file(canary())}}) {
        machine().context.add_file("evil.tar", write_tar(entries));
        expect_harmless("FROM busybox:1\nADD evil.tar /x/\nRUN true\n");
    }
}

}  // namespace
}  // namespace nacre::engine::test
