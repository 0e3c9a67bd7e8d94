#!/usr/bin/env python3
"""Every seam has one contract suite: a header that says so must name a file that is there and registered."""
import re
import sys

from common import ROOT, finish, shown, sources

PROMISE = re.compile(r"tests/contract/(\w+)\.cpp")


def main() -> int:
    registered = (ROOT / "tests/contract/CMakeLists.txt").read_text() if (ROOT / "tests/contract/CMakeLists.txt").exists() else ""
    problems = []
    for header in sources("src"):
        text = re.sub(r"\n\s*///", " ", header.read_text())
        for name in PROMISE.findall(text):
            if not (ROOT / "tests/contract" / f"{name}.cpp").exists():
                problems.append(f"{shown(header)}: promises tests/contract/{name}.cpp, which does not exist")
            elif name not in registered:
                problems.append(f"{shown(header)}: tests/contract/{name}.cpp is not in tests/contract/CMakeLists.txt")
    return finish(problems)


if __name__ == "__main__":
    sys.exit(main())
