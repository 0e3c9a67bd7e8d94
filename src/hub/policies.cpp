#include "hub/policies.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"

namespace nacre::hub {
namespace {

// Koji's own defaults where it has them (reference C.4.5).
constexpr std::string_view kDefaults = R"([policy]
channel =
  has_req_channel :: req
  is_child_task :: parent
  method buildContainer buildSourceContainer :: use container
  all :: use default
priority =
  all :: stay
build_from_scm =
  has_perm admin :: allow
  all :: deny
cg_import =
  all :: allow
package_list =
  has_perm admin tag :: allow
  all :: deny
tag =
  all :: allow
container_network =
  all :: deny
)";

}  // namespace

Policies::Policies() : policies_{parse_policy_file(kDefaults, "defaults").policies} {}

Policies Policies::from_text(std::string_view text, std::string_view file) {
    PolicyFile read = parse_policy_file(text, file);
    Policies policies;
    for (auto& [name, policy] : read.policies) {
        if (!policies.policies_.contains(name)) {
            read.diagnostics.push_back(Diagnostic{
                .file = std::string{file},
                .message = "policy " + quoted(name) + " is one that nothing asks"});
        } else {
            policies.policies_.insert_or_assign(name, std::move(policy));
        }
    }
    if (has_errors(read.diagnostics))
        throw Error{ErrorCode::InvalidArgument, "policy is wrong:\n" + render(read.diagnostics)};
    return policies;
}

PolicyDecision Policies::decide(std::string_view policy, const PolicyFacts& facts) const {
    const auto known = policies_.find(policy);
    if (known == policies_.end()) throw Error{ErrorCode::NotFound, "no policy " + quoted(policy)};
    if (auto decision = known->second.evaluate(facts)) return *std::move(decision);
    return PolicyDecision{"deny", 0, "(no rule applies)"};
}

void Policies::require(std::string_view policy, const PolicyFacts& facts) const {
    const PolicyDecision decision = decide(policy, facts);
    if (decision.verb() == "allow") return;
    std::string text = "policy violation (" + std::string{policy} + ")";
    text += decision.verb() == "deny" && !decision.arguments().empty()
                ? ": " + std::string{decision.arguments()}
                : ": " + decision.rule;
    throw koji::Fault{koji::FaultCode::ActionNotAllowed, text};
}

PolicyFacts caller_facts(Call& call) {
    PolicyFacts facts;
    const Caller& caller = call.caller();
    if (caller.is_service) facts.set("user_perms", std::vector<std::string>{"admin"});
    if (!caller.user) return facts;
    facts.set("user", caller.name);
    facts.set("user_id", caller.user->str());
    const auto& permissions = caller_permissions(call);
    facts.set("user_perms", std::vector<std::string>(permissions.begin(), permissions.end()));
    std::vector<std::string> groups;
    for (const sql::Row& row : call.sql().query(
             "SELECT u.name FROM user_groups g JOIN users u ON u.id = g.group_id"
             " WHERE g.active = 1 AND g.user_id = ?",
             bound(*caller.user)))
        groups.push_back(row.text(0));
    facts.set("user_groups", std::move(groups));
    return facts;
}

}  // namespace nacre::hub
