#pragma once

#include "hub/call.hpp"
#include "hub/policy.hpp"

#include <string>
#include <string_view>

namespace nacre::hub {

/// Koji's policies by name, those of the configuration over the defaults: channel, priority,
/// build_from_scm, cg_import, package_list, tag, and our own container_network (allow | deny; facts target,
/// method, user, scratch, package, source; `all :: deny` unless configured). Immutable: thread-safe.
class Policies {
public:
    /// With the defaults only.
    Policies();
    /// Throws Error{InvalidArgument} with all the diagnostics of `text`, and for a policy name nothing asks.
    static Policies from_text(std::string_view text, std::string_view file);

    /// Throws Error{NotFound} for an unknown policy. Without a rule that applies the action is "deny",
    /// decided by line 0.
    PolicyDecision decide(std::string_view policy, const PolicyFacts& facts) const;

    /// Koji's assert_policy: fault 1004 "policy violation (tag): rule" unless the action is allow.
    void require(std::string_view policy, const PolicyFacts& facts) const;

private:
    std::map<std::string, Policy, std::less<>> policies_;
};

/// Facts about the caller: user, user_id, user_perms, user_groups.
PolicyFacts caller_facts(Call& call);

}  // namespace nacre::hub
