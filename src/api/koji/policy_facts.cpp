#include "api/koji/policy_facts.hpp"

namespace nacre::api::koji {
namespace {

std::optional<hub::PolicyValue> fact_of(const Value& value) {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return static_cast<double>(*number);
    if (const double* real = value.if_double()) return *real;
    if (const std::string* text = value.if_string()) return *text;
    const Array* items = value.if_array();
    if (items == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    for (const Value& item : *items)
        if (const std::string* text = item.if_string()) texts.push_back(*text);
    return texts;
}

}  // namespace

hub::PolicyFacts facts_of(Context& context, const Struct& data) {
    hub::PolicyFacts facts = hub::caller_facts(context.call);
    for (const auto& [name, value] : data.members())
        if (auto fact = fact_of(value)) facts.set(name, std::move(*fact));
    return facts;
}

}  // namespace nacre::api::koji
