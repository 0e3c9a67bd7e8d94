#include "hub/policy.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// A text without errors can be asked, and says the same twice; every finding names a line of the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const nacre::hub::PolicyFile file = nacre::hub::parse_policy_file(text, "fuzz");
    nacre::hub::PolicyFacts facts;
    facts.set("user", "alice").set("package", "httpd").set("scratch", true).set("size", 3.0);
    for (const nacre::Diagnostic& finding : file.diagnostics)
        if (finding.line < 0 || finding.message.empty()) std::abort();
    for (const auto& [name, policy] : file.policies) {
        const auto first = policy.evaluate(facts);
        const auto second = policy.evaluate(facts);
        if (first.has_value() != second.has_value()) std::abort();
        if (first && (first->action != second->action || first->line < 1)) std::abort();
    }
    return 0;
}
