#include "source/container_yaml.hpp"

#include "source/memory_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BuildSettings good(std::string_view text) {
    BuildSettingsFile file = parse_container_yaml(text, "container.yaml");
    EXPECT_THAT(file.diagnostics, IsEmpty()) << render(file.diagnostics);
    return std::move(file.settings);
}

Diagnostics bad(std::string_view text) {
    return parse_container_yaml(text, "container.yaml").diagnostics;
}

TEST(ContainerYaml, ReadsEveryKeyThatIsSupported) {
    const BuildSettings settings = good(
        "---\nplatforms:\n  only: [x86_64, aarch64]\n  not: s390x\ntags:\n- v1\n- 'latest-1'\n"
        "set_release_env: REL\nautorebuild:\n  from_latest: yes\n  add_timestamp_to_release: true\n"
        "  ignore_isolated_builds: false\nbuildtime_limit: 3600\nversion: 1\n");
    EXPECT_THAT(settings.only_platforms, ElementsAre("x86_64", "aarch64"));
    EXPECT_THAT(settings.excluded_platforms, ElementsAre("s390x"));
    EXPECT_THAT(settings.tags, ElementsAre("v1", "latest-1"));
    EXPECT_EQ(settings.set_release_env, "REL");
    EXPECT_TRUE(settings.autorebuild.from_latest);
    EXPECT_TRUE(settings.autorebuild.add_timestamp_to_release);
    EXPECT_FALSE(settings.autorebuild.ignore_isolated_builds);
    EXPECT_EQ(settings.buildtime_limit, std::chrono::seconds{3600});
}

TEST(ContainerYaml, TakesNullAndAnEmptyFile) {
    EXPECT_THAT(good("").tags, IsEmpty());
    EXPECT_THAT(good("tags: null\nplatforms: ~\ncompose:\nflatpak: null\n").tags, IsEmpty());
    EXPECT_THAT(good("platforms:\n  only:\n").only_platforms, IsEmpty());
}

TEST(ContainerYaml, ReportsUnknownKeysWithPlaceAndNearestName) {
    const Diagnostics found = bad("platforms:\n  onyl: x86_64\nautorebild: {}\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].line, 2);
    EXPECT_EQ(found[0].column, 3);
    EXPECT_EQ(found[0].excerpt, "  onyl: x86_64");
    EXPECT_THAT(found[0].message, HasSubstr("unknown key 'platforms.onyl'"));
    EXPECT_EQ(found[0].hint, "did you mean 'only'?");
    EXPECT_EQ(found[1].hint, "did you mean 'autorebuild'?");
}

TEST(ContainerYaml, RefusesFeaturesThatAreNotThereYet) {
    for (const char* key :
         {"compose", "flatpak", "operator_manifests", "go", "remote_source", "remote_sources"}) {
        const Diagnostics found = bad(std::string{key} + ":\n  a: b\n");
        ASSERT_EQ(found.size(), 1U) << key;
        EXPECT_THAT(found[0].message, HasSubstr("is not supported yet"));
        EXPECT_TRUE(has_errors(found));
    }
}

TEST(ContainerYaml, SaysWhenAKeyHasNoEffect) {
    const Diagnostics found = bad("image_build_method: imagebuilder\n");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_FALSE(has_errors(found));
    EXPECT_TRUE(has_errors(bad("image_build_method: magic\n")));
}

TEST(ContainerYaml, RefusesWrongValues) {
    for (const char* text :
         {"[]",
          "text",
          "platforms: x",
          "platforms:\n  only: {}",
          "tags: v1",
          "tags: [a b]",
          "tags: [[x]]",
          "set_release_env: 1x",
          "set_release_env: []",
          "autorebuild:\n  from_latest: 'true'",
          "buildtime_limit: -1",
          "buildtime_limit: '5'",
          "version: 0",
          "a: b\na: c",
          "tags: [x]\ntags: [y]",
          "? [a]\n: b",
          "tags: [x",
          "a: b\n---\nc: d\n",
          "\t\tx: ["})
        EXPECT_TRUE(has_errors(bad(text))) << text;
}

TEST(ContainerYaml, RefusesBombs) {
    EXPECT_THAT(bad("a: &a [x]\ntags: *a\n").at(0).message, HasSubstr("aliases"));
    EXPECT_TRUE(has_errors(bad("tags: " + std::string(10'000, '['))));
    EXPECT_TRUE(has_errors(bad(std::string(300 << 10, ' '))));
    std::string many = "tags: [";
    for (int i = 0; i < 30'000; ++i)
        many += "a,";
    EXPECT_TRUE(has_errors(bad(many + "a]")));
}

TEST(AdditionalTags, LeavesOutCommentsAndNamesWithHyphens) {
    const AdditionalTags tags =
        parse_additional_tags("v1\n\n# no\n a.b \nx-y\nv1\n", "additional-tags");
    EXPECT_THAT(tags.tags, ElementsAre("v1", "a.b"));
    ASSERT_EQ(tags.diagnostics.size(), 1U);
    EXPECT_EQ(tags.diagnostics[0].line, 5);
    EXPECT_EQ(tags.diagnostics[0].severity, Severity::Warning);
    EXPECT_TRUE(has_errors(parse_additional_tags("a b\n", "t").diagnostics));
}

TEST(BuildSettings, ComeFromBothFilesButTagsFromOneOnly) {
    MemoryTree tree;
    EXPECT_THAT(read_build_settings(tree).diagnostics, IsEmpty());
    tree.add_file("additional-tags", "v2\n");
    EXPECT_THAT(read_build_settings(tree).settings.tags, ElementsAre("v2"));
    tree.add_file("container.yaml", "tags: [v1]\n");
    const BuildSettingsFile both = read_build_settings(tree);
    EXPECT_TRUE(has_errors(both.diagnostics));
    MemoryTree misspelt;
    misspelt.add_file("container.yml", "tags: [v1]\n");
    EXPECT_TRUE(has_errors(read_build_settings(misspelt).diagnostics));
}

}  // namespace
}  // namespace nacre::source
