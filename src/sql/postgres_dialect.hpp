#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace nacre::sql {

/// A statement as PostgreSQL wants it.
struct NumberedStatement {
    std::string text;
    std::size_t parameters = 0;
};

/// Each '?' outside of quotes and comments becomes $1, $2 and so on.
NumberedStatement number_parameters(std::string_view statement);

/// What the seam's callers are told of an SQLSTATE (PostgreSQL's documentation, appendix A).
ErrorCode code_of_sqlstate(std::string_view state) noexcept;

}  // namespace nacre::sql
