"""What the lints share: the files of the tree, and text without comments and strings."""
import functools
import hashlib
import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What nobody asked for in this long is swept from the memory of passed checks.
MEMORY_AGE_MAX_SECONDS = 14 * 24 * 3600
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


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


@functools.cache
def _content(path: Path) -> tuple[str, tuple[str, ...]]:
    """The digest of a file, and the project's headers that it names."""
    text = path.read_text()
    return hashlib.sha256(text.encode()).hexdigest(), tuple(INCLUDE.findall(text))


def closure(path: Path) -> list[str]:
    """Names and digests of a file and of all headers of the project that it includes, directly or not."""
    seen = {path}
    todo = [path]
    while todo:
        file = todo.pop()
        for name in _content(file)[1]:
            places = (file.parent / name, ROOT / "src" / name, ROOT / "tests" / name)
            header = next((place for place in places if place.exists()), None)
            if header and header not in seen:
                seen.add(header)
                todo.append(header)
    return sorted(f"{shown(file)} {_content(file)[0]}" for file in seen)


class Memory:
    """Which files passed a check, by all that the result depends on. All worktrees of a repository share it."""

    def __init__(self, check: str, settings: str):
        self.settings = settings
        common = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "--path-format=absolute", "--git-common-dir"],
            check=True, capture_output=True, text=True).stdout.strip()
        self.folder = Path(common).parent / "build" / f"{check}-cache"
        self.folder.mkdir(parents=True, exist_ok=True)
        for entry in self.folder.iterdir():
            try:
                if entry.stat().st_mtime < time.time() - MEMORY_AGE_MAX_SECONDS:
                    entry.unlink()
            except FileNotFoundError:
                pass  # another run swept it

    def place(self, path: Path, *more: str) -> Path:
        """The note that the file, as it is now, passed."""
        parts = [self.settings, *(part.replace(str(ROOT), "") for part in more), *closure(path)]
        return self.folder / hashlib.sha256("\n".join(parts).encode()).hexdigest()


def finish(problems: list[str]) -> int:
    for problem in problems:
        print(problem)
    return 1 if problems else 0
