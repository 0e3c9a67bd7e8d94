#include "koji/arguments.hpp"

#include <string_view>

namespace nacre::koji {
namespace {

constexpr std::string_view kMarker = "__starstar";

/// Python's truth of what a client wrote there.
bool is_true(const Value& value) noexcept {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return *number != 0;
    return !value.is_nil();
}

bool has_keywords(const Array& params) noexcept {
    if (params.empty()) return false;
    const Struct* last = params.back().if_struct();
    const Value* marker = last == nullptr ? nullptr : last->find(kMarker);
    return marker != nullptr && is_true(*marker);
}

}  // namespace

Arguments split_arguments(Array params) {
    Arguments arguments;
    if (has_keywords(params)) {
        arguments.keywords = std::move(*params.back().if_struct());
        arguments.keywords.erase(kMarker);
        params.pop_back();
    }
    arguments.positional = std::move(params);
    return arguments;
}

Array join_arguments(Arguments arguments) {
    if (!arguments.keywords.empty()) {
        arguments.keywords.set(kMarker, true);
        arguments.positional.emplace_back(std::move(arguments.keywords));
    }
    return std::move(arguments.positional);
}

}  // namespace nacre::koji
