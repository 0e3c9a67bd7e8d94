#pragma once

#include "koji/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::koji {

// Typed access to what a peer sent. The get_ functions throw Error{DataCorrupt} that names the member, what was
// expected and what was found; the find_ functions give nothing for an absent, nil or differently typed member.

const Struct& get_struct(const Value& value);
const Array& get_array(const Value& value);

std::int64_t get_integer(const Struct& fields, std::string_view name);
const std::string& get_string(const Struct& fields, std::string_view name);
const Array& get_array(const Struct& fields, std::string_view name);
const Struct& get_struct(const Struct& fields, std::string_view name);

std::optional<std::int64_t> find_integer(const Struct& fields, std::string_view name);
std::optional<std::string> find_string(const Struct& fields, std::string_view name);
std::optional<bool> find_bool(const Struct& fields, std::string_view name);
/// The strings of an array; empty when absent.
std::vector<std::string> find_strings(const Struct& fields, std::string_view name);

}  // namespace nacre::koji
