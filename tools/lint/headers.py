#!/usr/bin/env python3
"""headers.py [HEADER...]: compile each header, or every one of src/, alone: it must include what it uses, and start with #pragma once.

Headers that passed are remembered in build/headers-cache until they, what they include or the compiler change."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import ROOT, Memory, finish, shown, sources

COMMAND = ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-I", str(ROOT / "src"), "-include"]


def check(header, memory) -> str | None:
    if "#pragma once" not in header.read_text().split("\n", 1)[0]:
        return f"{shown(header)}:1: the first line is not '#pragma once'"
    passed = memory.place(header, *COMMAND)
    if passed.exists():
        passed.touch()
        return None
    run = subprocess.run([*COMMAND, str(header), "/dev/null"], capture_output=True, text=True)
    if run.returncode:
        return f"{shown(header)}: is not self-contained:\n{run.stderr}"
    passed.touch()
    return None


def main() -> int:
    named = [Path(name).resolve() for name in sys.argv[1:]]
    headers = named or [path for path in sources("src") if path.suffix == ".hpp"]
    version = subprocess.run(["g++", "--version"], check=True, capture_output=True, text=True).stdout
    memory = Memory("headers", version)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return finish([problem for problem in pool.map(lambda header: check(header, memory), headers) if problem])


if __name__ == "__main__":
    sys.exit(main())
