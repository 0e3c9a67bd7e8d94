#include "builder/image_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::builder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Labels kGood{
    {"com.redhat.component", "httpd-container"}, {"name", "team/httpd"}, {"version", "1.0"}};

Labels with(Labels labels, const std::string& name, const std::string& value) {
    labels.emplace_back(name, value);
    return labels;
}

std::vector<std::string> problems_of(const Labels& labels, const IdentityRules& rules = {}) {
    std::vector<std::string> problems;
    read_identity(labels, rules, problems);
    return problems;
}

TEST(ImageIdentity, ComesFromTheLabels) {
    std::vector<std::string> problems;
    const ImageIdentity identity = read_identity(with(kGood, "release", "3"), {}, problems);
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_EQ(identity.component, "httpd-container");
    EXPECT_EQ(identity.repository, "team/httpd");
    EXPECT_EQ(identity.version, "1.0");
    EXPECT_EQ(identity.release, "3");
}

TEST(ImageIdentity, KnowsOldLabelNames) {
    EXPECT_THAT(problems_of({{"BZComponent", "c"}, {"Name", "n"}, {"Version", "1"}}), IsEmpty());
}

TEST(ImageIdentity, NamesAllMissingLabelsAtOnce) {
    EXPECT_THAT(
        problems_of({{"version", ""}}),
        ElementsAre("Required LABELs haven't been found in Dockerfile: com.redhat.component (or "
                    "BZComponent), name "
                    "(or Name), version (or Version)"));
}

TEST(ImageIdentity, TheRequestedReleaseWins) {
    std::vector<std::string> problems;
    EXPECT_EQ(
        read_identity(with(kGood, "release", "3"), {.requested_release = "9"}, problems).release,
        "9");
}

TEST(ImageIdentity, RefusesValuesThatBreakNames) {
    for (const auto& [name, value] : Labels{
             {"version", "1-0"},
             {"version", "1/0"},
             {"name", "Team/httpd"},
             {"name", "a//b"},
             {"name", "../x"},
             {"com.redhat.component", "../x"},
             {"release", "-1"},
             {"release", "1..2"},
             {"release", "a1"},
             {"release", "1."}})
        EXPECT_FALSE(problems_of(with(kGood, name, value)).empty()) << name << " " << value;
}

TEST(ImageIdentity, IsolatedReleasesHaveTwoNumbers) {
    EXPECT_THAT(problems_of(kGood, {.requested_release = "1.2", .isolated = true}), IsEmpty());
    EXPECT_THAT(
        problems_of(kGood, {.requested_release = "1.2.hotfix", .isolated = true}), IsEmpty());
    EXPECT_THAT(
        problems_of(kGood, {.requested_release = "12", .isolated = true}),
        ElementsAre(HasSubstr("NUMBER.NUMBER")));
}

ImageTags tags_for(const TagRules& rules, std::vector<std::string>& problems) {
    return choose_tags({"c", "r", "1.0", "2"}, "2", rules, problems);
}

TEST(ImageTags, UniquePrimaryAndFloating) {
    std::vector<std::string> problems;
    const ImageTags tags = tags_for(
        {.target = "t", .random = "abcde", .timestamp = "20261124081702", .additional = {"stable"}},
        problems);
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_EQ(tags.unique, "t-abcde-20261124081702");
    EXPECT_THAT(tags.primary, ElementsAre("1.0-2"));
    EXPECT_THAT(tags.floating, ElementsAre("1.0", "latest", "stable"));
}

TEST(ImageTags, ContainerYamlReplacesTheFloatingOnes) {
    std::vector<std::string> problems;
    const TagRules rules{
        .target = "t", .random = "a", .timestamp = "1", .floating = std::vector<std::string>{"x"}};
    EXPECT_THAT(tags_for(rules, problems).floating, ElementsAre("x"));
}

TEST(ImageTags, ScratchHasOnlyTheUniqueOneAndIsolatedMovesNothing) {
    std::vector<std::string> problems;
    const ImageTags scratch = tags_for({.target = "t", .scratch = true}, problems);
    EXPECT_THAT(scratch.primary, IsEmpty());
    EXPECT_THAT(scratch.floating, IsEmpty());
    const ImageTags isolated = tags_for({.target = "t", .isolated = true}, problems);
    EXPECT_THAT(isolated.primary, ElementsAre("1.0-2"));
    EXPECT_THAT(isolated.floating, IsEmpty());
}

TEST(ImageTags, RefusesTagsThatNoRegistryTakes) {
    std::vector<std::string> problems;
    tags_for({.target = std::string(130, 't'), .additional = {"with-hyphen", "a b"}}, problems);
    ASSERT_EQ(problems.size(), 3U);
    EXPECT_THAT(problems[0], HasSubstr("longer than 128"));
    EXPECT_THAT(problems[1], HasSubstr("must not have a '-'"));
    EXPECT_THAT(problems[2], HasSubstr("'a b'"));
}

TEST(AutomaticLabels, DependOnTheCommitOnly) {
    const Labels labels = automatic_labels(
        "2", "x86_64", {.url = "http://h/a.git", .revision = "ab", .commit_time = 0});
    EXPECT_THAT(
        labels,
        testing::Contains(
            std::pair<std::string, std::string>{"build-date", "1970-01-01T00:00:00Z"}));
    EXPECT_THAT(labels, testing::Contains(std::pair<std::string, std::string>{"vcs-ref", "ab"}));
}

TEST(KojiArch, RoundTrips) {
    for (const char* arch : {"x86_64", "aarch64", "ppc64le", "s390x"})
        EXPECT_EQ(koji_arch_of(platform_of(arch)), arch);
}

}  // namespace
}  // namespace nacre::builder
