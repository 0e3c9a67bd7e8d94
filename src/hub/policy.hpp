#pragma once

#include "base/diagnostic.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nacre::hub {

using PolicyValue = std::variant<bool, double, std::string, std::vector<std::string>>;

/// What a decision is about. Names as in Koji ("method", "tag", "package", "scm_host", ...); "user" is the
/// caller's name, "user_perms" and "user_groups" are lists, "cg_list" and "btypes" too. All text: the
/// evaluation looks nothing up.
class PolicyFacts {
public:
    PolicyFacts& set(std::string_view name, PolicyValue value);
    const PolicyValue* find(std::string_view name) const noexcept;

private:
    std::map<std::string, PolicyValue, std::less<>> values_;
};

struct PolicyDecision {
    std::string action;  ///< "allow", "use container", "deny because ...": the words after '::'
    int line = 0;        ///< of the file, whose rule decided
    std::string rule;    ///< that line's text; nested ones are joined by " ... "

    /// The first word of the action, and what follows it.
    std::string_view verb() const noexcept;
    std::string_view arguments() const noexcept;
};

/// Rules of one policy: `test args && test args :: action`, `!!` for "unless", '!' before a test to negate
/// it, `:: {` ... `}` for rules inside a rule, '#' for comments (Koji's hub.conf [policy], reference C.4.5).
class Policy {
public:
    /// Nothing when no rule applies.
    std::optional<PolicyDecision> evaluate(const PolicyFacts& facts) const;

    const std::string& name() const noexcept { return name_; }

private:
    friend class PolicyParser;

    struct Test {
        std::string name;
        std::vector<std::string> arguments;
        bool negated = false;
    };

    struct Rule {
        std::vector<Test> tests;
        bool unless = false;
        std::string action;        ///< empty with children
        std::vector<Rule> nested;  ///< tried in order; when none applies the next rule is
        bool is_block = false;
        int line = 0;
        std::string text;
    };

    static bool passes(const Test& test, const PolicyFacts& facts);
    static bool applies(const Rule& rule, const PolicyFacts& facts);
    static std::optional<PolicyDecision> decide(
        const std::vector<Rule>& rules, const PolicyFacts& facts);

    std::string name_;
    std::vector<Rule> rules_;
};

struct PolicyFile {
    std::map<std::string, Policy, std::less<>> policies;
    Diagnostics
        diagnostics;  ///< with errors, `policies` holds what could be read and must not be used
};

inline constexpr std::size_t kPolicyBytesMax = std::size_t{1} << 20U;
inline constexpr std::size_t kPolicyNestingMax = 32;

/// Reads the [policy] section of an INI text ("name =" and indented lines); other sections are passed over.
/// `file` is its name in diagnostics.
PolicyFile parse_policy_file(std::string_view text, std::string_view file);

}  // namespace nacre::hub
