#!/usr/bin/env python3
"""reference.py [--check] BIN: write docs/reference from what the programs in the folder BIN say of themselves.

With --check nothing is written: what differs is reported, and groff reads the man pages with all its warnings on.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/reference"
PAGES = {
    "nacre.md": ["nacre", "manual"],
    "nacred.md": ["nacred", "manual"],
    "nacred.toml.md": ["nacred", "manual", "nacred.toml"],
}


def printed(binaries: Path, command: list[str], form: str) -> str:
    # A data folder that is not there: the defaults, whatever this machine's service is set to.
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "NACRE_ROOT": f"{home}/none"}
        return subprocess.run([binaries / command[0], *command[1:], "--format", form], env=environment, check=True,
                              capture_output=True, text=True).stdout


def check(binaries: Path) -> list[str]:
    problems = []
    for name, command in PAGES.items():
        path = FOLDER / name
        if not path.exists() or path.read_text() != printed(binaries, command, "markdown"):
            problems.append(f"docs/reference/{name} is not what '{' '.join(command)} --format markdown' prints: "
                            f"run tools/reference.py {os.path.relpath(binaries, ROOT)}")
        groff = subprocess.run(["groff", "-man", "-ww", "-b", "-z"], input=printed(binaries, command, "man"),
                               capture_output=True, text=True)
        if groff.returncode or groff.stderr:
            problems.append(f"'{' '.join(command)}': groff says: {groff.stderr}")
    for path in FOLDER.iterdir():
        if path.name not in PAGES:
            problems.append(f"docs/reference/{path.name}: no program prints it")
    return problems


def main(arguments: list[str]) -> int:
    checking = arguments[:1] == ["--check"]
    rest = arguments[checking:]
    if len(rest) != 1 or rest[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    binaries = Path(rest[0]).resolve()
    if checking:
        problems = check(binaries)
        print("\n".join(problems) or f"{len(PAGES)} pages agree with the programs")
        return 1 if problems else 0
    FOLDER.mkdir(exist_ok=True)
    for name, command in PAGES.items():
        (FOLDER / name).write_text(printed(binaries, command, "markdown"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
