"""What the lints share: the files of the tree, and text without comments and strings."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sources(*folders: str) -> list[Path]:
    """C++ files below the folders, sorted; what git ignores does not count."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(ROOT / name for name in listed if name.endswith((".hpp", ".cpp")) and (ROOT / name).exists())


def visible(text: str) -> str:
    """Comments and string contents are blanked; line numbers stay."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def finish(problems: list[str]) -> int:
    for problem in problems:
        print(problem)
    return 1 if problems else 0
