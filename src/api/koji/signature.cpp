#include "api/koji/signature.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::api::koji {
namespace {

using nacre::koji::Value;

[[noreturn]] void refuse_text(std::string_view text) {
    throw Error{ErrorCode::Internal, "not a method signature: " + nacre::quoted(text)};
}

Value parse_literal(std::string_view text) {
    if (text == "None") return nullptr;
    if (text == "True") return true;
    if (text == "False") return false;
    if (const auto number = parse_integer(text)) return *number;
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'')
        return text.substr(1, text.size() - 2);
    refuse_text(text);
}

[[noreturn]] void refuse_call(const Signature& signature, const std::string& reason) {
    throw nacre::koji::Fault{
        nacre::koji::FaultCode::ParameterError, signature.name() + "() " + reason};
}

std::optional<std::size_t> find_parameter(const Signature& signature, std::string_view name) {
    const auto& parameters = signature.parameters();
    const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& known) {
        return known.name == name;
    });
    if (found == parameters.end()) return std::nullopt;
    return static_cast<std::size_t>(found - parameters.begin());
}

}  // namespace

Signature::Signature(std::string_view text) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || text.back() != ')') refuse_text(text);
    name_ = text.substr(0, open);
    description_ = text.substr(open);
    const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
    if (trim(inside).empty()) return;
    for (const std::string& parameter : split(inside, ','))
        add(trim(parameter));
}

void Signature::add(std::string_view parameter) {
    if (parameter.substr(0, 2) == "**") {
        keywords_ = parameter.substr(2);
        return;
    }
    if (parameter.substr(0, 1) == "*") {
        rest_ = parameter.substr(1);
        return;
    }
    const std::size_t equals = parameter.find('=');
    Parameter added{.name = std::string{parameter.substr(0, equals)}, .fallback = std::nullopt};
    if (equals != std::string_view::npos)
        added.fallback = parse_literal(parameter.substr(equals + 1));
    parameters_.push_back(std::move(added));
}

Bound bind(const Signature& signature, nacre::koji::Arguments arguments) {
    const auto& parameters = signature.parameters();
    std::vector<std::optional<Value>> found(parameters.size());
    Bound bound;
    std::size_t position = 0;
    for (Value& value : arguments.positional) {
        if (position < parameters.size())
            found[position++] = std::move(value);
        else if (signature.takes_more_positional())
            bound.rest.push_back(std::move(value));
        else
            refuse_call(
                signature,
                "too many positional arguments: takes " + std::to_string(parameters.size()) + ", "
                    + std::to_string(arguments.positional.size()) + " were given");
    }
    for (const auto& [name, value] : arguments.keywords.members()) {
        if (const auto index = find_parameter(signature, name)) {
            if (found[*index])
                refuse_call(signature, "got multiple values for argument '" + name + "'");
            found[*index] = value;
        } else if (signature.takes_more_keywords()) {
            bound.keywords.set(name, value);
        } else {
            refuse_call(signature, "got an unexpected keyword argument '" + name + "'");
        }
    }
    for (std::size_t index = 0; index < parameters.size(); ++index) {
        if (found[index])
            bound.values.push_back(std::move(*found[index]));
        else if (parameters[index].fallback)
            bound.values.push_back(*parameters[index].fallback);
        else
            refuse_call(signature, "missing a required argument: '" + parameters[index].name + "'");
    }
    return bound;
}

}  // namespace nacre::api::koji
