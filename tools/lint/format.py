#!/usr/bin/env python3
"""Check that clang-format 19 would change nothing. Repair: tools/lint/format.py --fix"""
import subprocess
import sys

from common import finish, sources


def main() -> int:
    files = [str(path) for path in sources("src", "apps", "tests", "bench")]
    if "--fix" in sys.argv:
        return subprocess.run(["clang-format-19", "-i", *files]).returncode
    run = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *files], capture_output=True, text=True)
    lines = [line for line in run.stderr.split("\n") if "error:" in line]
    return finish(lines[:50]) or run.returncode


if __name__ == "__main__":
    sys.exit(main())
