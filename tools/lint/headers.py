#!/usr/bin/env python3
"""headers.py [HEADER...]: compile each header, or every one of src/, alone: it must include what it uses, and start with #pragma once."""
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import ROOT, finish, shown, sources

COMMAND = ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-I", str(ROOT / "src"), "-include"]


def check(header) -> str | None:
    if "#pragma once" not in header.read_text().split("\n", 1)[0]:
        return f"{shown(header)}:1: the first line is not '#pragma once'"
    run = subprocess.run([*COMMAND, str(header), "/dev/null"], capture_output=True, text=True)
    return f"{shown(header)}: is not self-contained:\n{run.stderr}" if run.returncode else None


def main() -> int:
    named = [Path(name).resolve() for name in sys.argv[1:]]
    headers = named or [path for path in sources("src") if path.suffix == ".hpp"]
    with ThreadPoolExecutor(2) as pool:
        return finish([problem for problem in pool.map(check, headers) if problem])


if __name__ == "__main__":
    sys.exit(main())
