#include "engine/mode_change.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre::engine {
namespace {

std::uint32_t of_file(const char* change, std::uint32_t mode) {
    return ModeChange::parse(change).apply(mode, FileKind::Other);
}

std::uint32_t of_folder(const char* change, std::uint32_t mode) {
    return ModeChange::parse(change).apply(mode, FileKind::Folder);
}

TEST(ModeChange, SetsAnOctalModeWhateverWasThere) {
    EXPECT_EQ(of_file("0640", 0777), 0640U);
    EXPECT_EQ(of_folder("4755", 0), 04755U);
    EXPECT_EQ(ModeChange::parse("0640").fixed(), 0640U);
}

TEST(ModeChange, ChangesTheClassesThatAreNamed) {
    EXPECT_EQ(of_file("u+x", 0644), 0744U);
    EXPECT_EQ(of_file("go-r", 0644), 0600U);
    EXPECT_EQ(of_file("go=", 0777), 0700U);
    EXPECT_EQ(of_file("a+w", 0444), 0666U);
    EXPECT_EQ(of_file("+x", 0644), 0755U);
    EXPECT_EQ(of_file("u=rw,g=r,o=", 0777), 0640U);
    EXPECT_EQ(of_file("u+x-w", 0644), 0544U);
}

TEST(ModeChange, GivesCapitalXToFoldersAndProgramsOnly) {
    EXPECT_EQ(of_file("u+rwX,go=rX", 0600), 0644U);
    EXPECT_EQ(of_file("u+rwX,go=rX", 0700), 0755U);
    EXPECT_EQ(of_folder("u+rwX,go=rX", 0600), 0755U);
}

TEST(ModeChange, CopiesTheBitsOfAnotherClass) {
    EXPECT_EQ(of_file("g=u", 0740), 0770U);
    EXPECT_EQ(of_file("o+g", 0750), 0755U);
}

TEST(ModeChange, SetsTheSpecialBits) {
    EXPECT_EQ(of_file("u+s", 0755), 04755U);
    EXPECT_EQ(of_file("g+s", 0755), 02755U);
    EXPECT_EQ(of_folder("+t", 0777), 01777U);
    EXPECT_EQ(of_file("u-s", 06755), 02755U);
}

TEST(ModeChange, RefusesWhatIsNoMode) {
    for (const char* text : {"", "8", "10000", "u", "u+q", "rwx", "u+r,,g+w", "x+u", "0x1"})
        EXPECT_THROW(ModeChange::parse(text), Error) << text;
}

}  // namespace
}  // namespace nacre::engine
