#pragma once

#include "koji/value.hpp"

namespace nacre::koji {

/// The arguments of a call, as Koji writes them: when the last parameter is a struct with a true
/// "__starstar", the rest of that struct are keyword arguments (reference C.1.2).
struct Arguments {
    Array positional;
    Struct keywords;

    bool operator==(const Arguments&) const = default;
};

Arguments split_arguments(Array params);
/// The reverse; without keywords there is no trailing struct.
Array join_arguments(Arguments arguments);

}  // namespace nacre::koji
