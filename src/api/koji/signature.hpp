#pragma once

#include "koji/arguments.hpp"
#include "koji/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::api::koji {

struct Parameter {
    std::string name;
    std::optional<nacre::koji::Value> fallback;  ///< nothing: required
};

/// What a method takes, written as Koji writes it in Python: "getTag(tagInfo, strict=False, event=None)",
/// with "*args" and "**kwargs" at the end. The names are part of the contract (reference, appendix 1).
class Signature {
public:
    /// Throws Error{Internal} for a text that is none: it is ours, not input.
    explicit Signature(std::string_view text);

    const std::string& name() const noexcept { return name_; }

    const std::vector<Parameter>& parameters() const noexcept { return parameters_; }

    bool takes_more_positional() const noexcept { return !rest_.empty(); }

    bool takes_more_keywords() const noexcept { return !keywords_.empty(); }

    /// "(tagInfo, strict=False, event=None)".
    const std::string& description() const noexcept { return description_; }

private:
    void add(std::string_view parameter);

    std::string name_;
    std::vector<Parameter> parameters_;
    std::string rest_;
    std::string keywords_;
    std::string description_;
};

/// The arguments of one call by the names of its signature.
struct Bound {
    std::vector<nacre::koji::Value> values;  ///< one for each parameter
    nacre::koji::Array rest;
    nacre::koji::Struct keywords;
};

/// Throws koji::Fault{ParameterError} with the texts on which clients fall back: "f() got an unexpected
/// keyword argument 'x'", "f() missing a required argument: 'x'", "f() too many positional arguments".
Bound bind(const Signature& signature, nacre::koji::Arguments arguments);

}  // namespace nacre::api::koji
