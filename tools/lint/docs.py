#!/usr/bin/env python3
"""Links between documents lead somewhere, and nothing committed names this machine."""
import re
import subprocess
import sys

from common import ROOT, finish, shown

LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:|#)([^)#\s]+)")
PRIVATE = re.compile(r"(?<![\w.])/(work/(main|wt|shared|\.library|\.mirror)|root)/\w+|/tmp/bash_jobs")
ABSENT_ON_PURPOSE = {"docs.py"}


def main() -> int:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    problems = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.name in ABSENT_ON_PURPOSE:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if PRIVATE.search(line):
                problems.append(f"{name}:{number}: names a path of one machine: {PRIVATE.search(line).group()}")
            if path.suffix != ".md":
                continue
            for target in LINK.findall(line):
                if not (path.parent / target).exists():
                    problems.append(f"{shown(path)}:{number}: link to '{target}' leads nowhere")
    return finish(problems)


if __name__ == "__main__":
    sys.exit(main())
