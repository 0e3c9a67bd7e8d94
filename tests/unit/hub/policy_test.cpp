#include "base/error.hpp"
#include "hub/policies.hpp"
#include "koji/fault.hpp"

#include <gtest/gtest.h>

namespace nacre::hub {
namespace {

Policies policies(const std::string& rules) {
    return Policies::from_text("[policy]\ntag =\n" + rules, "hub.conf");
}

std::string decide(const std::string& rules, const PolicyFacts& facts) {
    const PolicyDecision decision = policies(rules).decide("tag", facts);
    return decision.action + " @" + std::to_string(decision.line);
}

std::string complaint(const std::string& text) {
    const PolicyFile file = parse_policy_file(text, "hub.conf");
    if (file.diagnostics.empty()) return "fine";
    return std::to_string(file.diagnostics[0].line) + ": " + file.diagnostics[0].message;
}

PolicyFacts facts() {
    PolicyFacts facts;
    facts.set("user", "alice")
        .set("user_perms", std::vector<std::string>{"tag", "sign"})
        .set("package", "httpd")
        .set("scm_host", "src.example.org")
        .set("cg_list", std::vector<std::string>{"atomic-reactor"})
        .set("scratch", true)
        .set("size", 10.0);
    return facts;
}

TEST(Policy, TakesTheFirstRuleThatApplies) {
    EXPECT_EQ(
        decide("  user bob :: deny\n  has_perm tag :: allow\n  all :: deny\n", facts()),
        "allow @4");
    EXPECT_EQ(decide("  none :: allow\n", facts()), "deny @0");
}

TEST(Policy, NeedsAllTestsOfARule) {
    EXPECT_EQ(
        decide("  user alice && package nginx :: a\n  user alice && package http* :: b\n", facts()),
        "b @4");
}

TEST(Policy, NegatesATestAndAWholeRule) {
    EXPECT_EQ(decide("  user alice && ! package nginx :: a\n", facts()), "a @3");
    EXPECT_EQ(decide("  user alice && !package httpd :: a\n", facts()), "deny @0");
    EXPECT_EQ(decide("  user bob !! a\n", facts()), "a @3");
}

TEST(Policy, GoesOnAfterABlockInWhichNothingApplied) {
    EXPECT_EQ(
        decide(
            "  user alice :: {\n    package nginx :: a\n    package x :: {\n      all :: b\n    }\n"
            "  }\n  all :: c\n",
            facts()),
        "c @9");
    EXPECT_EQ(decide("  all :: {\n    package httpd :: a\n  }\n", facts()), "a @4");
}

TEST(Policy, RunsEveryKindOfTest) {
    const std::vector<std::pair<std::string, bool>> cases{
        {"all", true},
        {"true", true},
        {"any", true},
        {"none", false},
        {"false", false},
        {"has package", true},
        {"has version", false},
        {"bool scratch", true},
        {"bool nothing", false},
        {"match scm_host *.example.org", true},
        {"match_any user_perms x sig?", true},
        {"match_all user_perms tag", false},
        {"match_all user_perms tag sign", true},
        {"match_all nothing *", false},
        {"has_perm admin sign", true},
        {"user_in_group releng", false},
        {"cg_match_any atomic* x", true},
        {"cg_match_all atomic-reactor", true},
        {"has_req_channel", false},
        {"is_child_task", false},
        {"compare size < 11", true},
        {"compare size >= 10.5", false},
        {"compare size = 10", true},
        {"compare size != 10", false},
        {"compare package > 1", false},
        {"tag *", false}};
    for (const auto& [test, expected] : cases)
        EXPECT_EQ(decide("  " + test + " :: yes\n", facts()), expected ? "yes @3" : "deny @0")
            << test;
}

TEST(Policy, SplitsTheActionInVerbAndArguments) {
    const PolicyDecision decision =
        policies("  all :: deny ask releng first # or not\n").decide("tag", facts());
    EXPECT_EQ(decision.verb(), "deny");
    EXPECT_EQ(decision.arguments(), "ask releng first");
    try {
        policies("  all :: deny ask releng first\n").require("tag", facts());
        FAIL() << "allowed";
    } catch (const koji::Fault& fault) {
        EXPECT_EQ(fault.fault_code(), koji::FaultCode::ActionNotAllowed);
        EXPECT_STREQ(fault.what(), "policy violation (tag): ask releng first");
    }
}

TEST(Policy, SaysWhatIsWrongAndWhere) {
    EXPECT_EQ(complaint("[policy]\ntag =\n  all :: allow\n"), "fine");
    EXPECT_EQ(complaint("[hub]\nwhat ever\n[policy]\n"), "fine");
    EXPECT_EQ(complaint("[policy]\ntag =\n  usr x :: allow\n"), "3: unknown test 'usr'");
    EXPECT_EQ(
        complaint("[policy]\ntag =\n  user x\n"),
        "3: expected 'tests :: action' or 'tests !! action'");
    EXPECT_EQ(complaint("[policy]\ntag =\n  }\n"), "3: '}' without '{'");
    EXPECT_EQ(complaint("[policy]\ntag =\n  all :: {\n"), "3: policy 'tag' ends inside '{'");
    EXPECT_EQ(
        complaint("[policy]\ntag =\n  user :: x\n"),
        "3: test 'user' has 0 arguments, expected at least 1");
    EXPECT_EQ(complaint("[policy]\ntag =\n  && all :: x\n"), "3: expected a test");
    EXPECT_EQ(complaint("[policy]\ntag =\n  all ::\n"), "3: expected an action or '{' after '::'");
    EXPECT_EQ(
        complaint("[policy]\ntag =\n  compare a ~ 1 :: x\n"),
        "3: expected 'compare field < > <= >= = or != number'");
    EXPECT_EQ(complaint("[policy]\n  nonsense\n"), "2: expected 'name =' or an indented rule");
}

TEST(Policy, RefusesRulesThatAreNestedWithoutEnd) {
    std::string text = "[policy]\ntag =\n";
    for (std::size_t i = 0; i < kPolicyNestingMax + 2; ++i)
        text += "  all :: {\n";
    EXPECT_NE(complaint(text).find("nested deeper"), std::string::npos) << complaint(text);
}

TEST(Policies, HaveKojisDefaultsAndDenyTheNetwork) {
    const Policies defaults;
    EXPECT_EQ(defaults.decide("cg_import", {}).action, "allow");
    EXPECT_EQ(defaults.decide("container_network", facts()).action, "deny");
    EXPECT_EQ(defaults.decide("package_list", facts()).action, "allow");
    EXPECT_EQ(defaults.decide("channel", facts()).action, "use default");
    EXPECT_THROW(defaults.decide("nothing", {}), Error);
    try {
        Policies::from_text("[policy]\nchanel =\n  all :: use x\n", "hub.conf");
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_NE(error.describe().find("'chanel' is one that nothing asks"), std::string::npos);
    }
}

}  // namespace
}  // namespace nacre::hub
