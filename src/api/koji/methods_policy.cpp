#include "api/koji/method.hpp"
#include "api/koji/policy_facts.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

hub::PolicyDecision decide(Context& context, const Parameters& parameters) {
    return context.hub.policies.decide(
        parameters.get_text("name"), facts_of(context, parameters.structure("data")));
}

Value eval_policy(Context& context, const Parameters& parameters) {
    return decide(context, parameters).action;
}

/// Without a rule that applies line 0 decided: then the caller's default holds.
std::string action_of(Context& context, const Parameters& parameters) {
    const hub::PolicyDecision decision = decide(context, parameters);
    const auto fallback = parameters.find_text("default");
    return decision.line == 0 && fallback ? *fallback : decision.action;
}

Value host_eval_policy(Context& context, const Parameters& parameters) {
    return action_of(context, parameters);
}

Value check_policy(Context& context, const Parameters& parameters) {
    const std::string action = action_of(context, parameters);
    const bool allowed = action.substr(0, action.find(' ')) == "allow";
    return Array{Value{allowed}, Value{action}};
}

Value assert_policy(Context& context, const Parameters& parameters) {
    const std::string action = action_of(context, parameters);
    if (action.substr(0, action.find(' ')) != "allow")
        throw Fault{
            FaultCode::ActionNotAllowed,
            "policy violation (" + parameters.get_text("name") + "): " + action};
    return nullptr;
}

}  // namespace

Methods policy_methods() {
    return {
        reading("evalPolicy(name, data)", eval_policy, "What a policy says about facts."),
        host_reading(
            "host.evalPolicy(name, data, default='deny')", host_eval_policy, "What a policy says."),
        host_reading(
            "host.checkPolicy(name, data, default='deny', strict=False)",
            check_policy,
            "[whether a policy allows, what it says]."),
        host_reading(
            "host.assertPolicy(name, data, default='deny')",
            assert_policy,
            "Refuses what a policy does not allow."),
    };
}

}  // namespace nacre::api::koji
