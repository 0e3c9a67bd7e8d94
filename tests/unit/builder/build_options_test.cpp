#include "builder/build_options.hpp"

#include "koji/fault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::builder {
namespace {

using testing::HasSubstr;

koji::Struct options(std::initializer_list<std::pair<std::string, koji::Value>> members) {
    koji::Struct fields;
    fields.set("git_branch", "main");
    for (const auto& [name, value] : members)
        fields.set(name, value);
    return fields;
}

BuildOptions parse(const koji::Struct& fields) {
    return BuildOptions::parse({"git://host/a.git#x", "target", fields});
}

std::string fault_of(const koji::Struct& fields) {
    try {
        parse(fields);
    } catch (const koji::Fault& fault) {
        return fault.what();
    }
    return "";
}

TEST(BuildOptions, TakesWhatContainerBuildSends) {
    const BuildOptions parsed = parse(options(
        {{"scratch", koji::Value{true}},
         {"release", "7"},
         {"arch_override", "x86_64, aarch64"},
         {"yum_repourls", koji::Array{}}}));
    EXPECT_EQ(parsed.target, "target");
    EXPECT_EQ(parsed.git_branch, "main");
    EXPECT_TRUE(parsed.scratch);
    EXPECT_EQ(parsed.release, "7");
    EXPECT_EQ(parsed.arches, (std::vector<std::string>{"x86_64", "aarch64"}));
}

TEST(BuildOptions, ReportsAllThatIsWrongAtOnce) {
    koji::Struct fields;
    fields.set("scratch", "yes");
    fields.set("isolated", koji::Value{true});
    fields.set("sratch", koji::Value{true});
    const std::string text = fault_of(fields);
    EXPECT_THAT(text, HasSubstr("Git branch must be specified"));
    EXPECT_THAT(text, HasSubstr("option 'scratch' must be a boolean, found string"));
    EXPECT_THAT(text, HasSubstr("unknown option 'sratch'"));
    EXPECT_THAT(text, HasSubstr("an isolated build needs a release"));
}

TEST(BuildOptions, RefusesCombinations) {
    EXPECT_THAT(
        fault_of(options(
            {{"scratch", koji::Value{true}}, {"isolated", koji::Value{true}}, {"release", "1.1"}})),
        HasSubstr("Build cannot be both isolated and scratch"));
    EXPECT_THAT(
        fault_of(options({{"arch_override", "x86_64"}})),
        HasSubstr("arch-override is only allowed for isolated or scratch builds"));
}

TEST(BuildOptions, RefusesWhatItCannotHonourInsteadOfIgnoringIt) {
    EXPECT_THAT(
        fault_of(options({{"flatpak", koji::Value{true}}})),
        HasSubstr("'flatpak' is not supported"));
    EXPECT_THAT(
        fault_of(options({{"yum_repourls", koji::Array{"http://x/y.repo"}}})),
        HasSubstr("'yum_repourls' is not supported"));
    EXPECT_EQ(fault_of(options({{"flatpak", koji::Value{false}}, {"push_url", "x"}})), "");
}

}  // namespace
}  // namespace nacre::builder
