#include "base/error.hpp"
#include "hub/tasks.hpp"
#include "koji/codec.hpp"

namespace nacre::hub {

std::string encode_request(std::string_view method, const koji::Array& request) {
    return koji::render_call(method, request);
}

koji::Array decode_request(std::string_view text) {
    return with_context("stored request", [&] { return koji::parse_call(text).params; });
}

std::string encode_result(const koji::Value& value) {
    return koji::render_response(value);
}

std::string encode_fault(std::int64_t code, std::string_view text) {
    return koji::render_fault(static_cast<koji::FaultCode>(code), text);
}

koji::Value decode_result(std::string_view text) {
    return koji::parse_response(text);
}

}  // namespace nacre::hub
