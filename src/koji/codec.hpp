#pragma once

#include "koji/fault.hpp"
#include "koji/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace nacre::koji {

/// Koji's XML-RPC dialect (reference C.1.2, C.7). What is rendered equals, byte for byte, what Koji's Python
/// marshaller writes; tasks keep their requests and results in the database as this text.

constexpr std::size_t kMessageBytesMax = 64U << 20U;

struct Call {
    std::string method;
    Array params;

    bool operator==(const Call&) const = default;
};

/// Throws Error{InvalidArgument} for what is no methodCall, Error{ResourceExhausted} beyond `bytes_max`.
Call parse_call(std::string_view xml, std::size_t bytes_max = kMessageBytesMax);
std::string render_call(std::string_view method, const Array& params);

/// The value of a methodResponse. Throws Fault for a fault, Error{DataCorrupt} for what is no response.
Value parse_response(std::string_view xml);
std::string render_response(const Value& value);
std::string render_fault(FaultCode code, std::string_view text);

/// As Python writes it: "0.1", "1e+16", "2.0".
std::string render_double(double value);

}  // namespace nacre::koji
