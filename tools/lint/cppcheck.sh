#!/bin/sh
# cppcheck over all product code; every finding is an error. Reasons for what is off stand beside it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
# missingIncludeSystem, unknownMacro: cppcheck reads no system headers here, the compiler does.
# passedByValue, returnStdMoveLocal: 2.10 takes parameters that are moved from, and moves out of containers, for copies.
# selfAssignment: 2.10 reads '.escape = escape' of a designated initialiser as an assignment to itself.
# cppcheckError, internalAstError: 2.10 gives up on a few expressions, which says nothing about them.
exec cppcheck --quiet --enable=warning,performance,portability --std=c++20 --language=c++ --inline-suppr \
    --error-exitcode=1 --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=passedByValue \
    --suppress=returnStdMoveLocal --suppress=selfAssignment --suppress=cppcheckError --suppress=internalAstError \
    -j 2 -I src src apps
