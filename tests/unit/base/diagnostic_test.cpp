#include "base/diagnostic.hpp"

#include <gtest/gtest.h>

namespace nacre {
namespace {

TEST(Diagnostic, ShowsPlaceLineCaretAndHint) {
    const Diagnostics found{
        {.code = "UnknownInstruction",
         .file = "Dockerfile",
         .line = 3,
         .column = 2,
         .message = "unknown instruction 'RUNN'",
         .excerpt = "\tRUNN true",
         .hint = "did you mean 'RUN'?"}};
    EXPECT_EQ(
        render(found),
        "Dockerfile:3:2: error: unknown instruction 'RUNN' [UnknownInstruction]\n"
        "  | \tRUNN true\n"
        "  | \t^\n"
        "  hint: did you mean 'RUN'?\n");
}

TEST(Diagnostic, CountsErrorsOnly) {
    EXPECT_FALSE(has_errors({{.severity = Severity::Warning, .message = "w"}}));
    EXPECT_TRUE(has_errors({{.severity = Severity::Warning}, {.severity = Severity::Error}}));
}

}  // namespace
}  // namespace nacre
