"""The corpus: many small Dockerfiles in text files, and how they are laid out on disk.

A file of cases/ holds cases one after another. A line that begins with '=== ' begins a case and names it; the Dockerfile
follows. Lines that begin with '--- ' say what else belongs to it:

    --- file PATH [MODE]    the lines up to the next '--- ' or '=== ' are its content
    --- dir PATH [MODE]
    --- link PATH TARGET
    --- tar PATH ENTRY...   an archive (gzip for .tgz): 'a/b=text', 'dir/', 'l->target', 'a/b=text:MODE:UID:GID'
    --- arg NAME=VALUE      a build argument, or --target=STAGE
    --- fails               no image comes of it, here and there
"""
import io
import os
import shlex
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).parent / "cases"
FILE_TIME = 1_600_000_000


@dataclass
class Case:
    name: str
    dockerfile: str = ""
    parts: list = field(default_factory=list)  # (words, content)
    fails: bool = False

    def write(self, folder: Path) -> None:
        context = folder / "context"
        context.mkdir(parents=True)
        (folder / "Dockerfile").write_text(self.dockerfile)
        arguments = []
        for words, content in self.parts:
            kind, rest = words[0], words[1:]
            if kind == "arg":
                arguments.append(rest[0])
            elif kind == "tar":
                path = context / rest[0]
                path.parent.mkdir(parents=True, exist_ok=True)
                write_tar(path, rest[1:])
            else:
                write_entry(context / rest[0], kind, rest[1:], content)
        (folder / "args").write_text("\n".join(arguments))
        (context / "Dockerfile").write_text(self.dockerfile)
        # BuildKit takes files of the same name, size and time for the same file: no two cases share a time.
        time = FILE_TIME + zlib.crc32(self.name.encode()) % 100_000_000
        for path in sorted(context.rglob("*"), reverse=True):
            os.utime(path, (time, time), follow_symlinks=False)


def write_entry(path: Path, kind: str, rest: list, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(rest[0])
        return
    if kind == "dir":
        path.mkdir(exist_ok=True)
    elif kind == "file":
        path.write_text(content)
    else:
        raise ValueError(f"'--- {kind}' is not known")
    path.chmod(int(rest[0], 8) if rest else 0o755 if kind == "dir" else 0o644)


def write_tar(path: Path, entries: list) -> None:
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w:xz" if path.suffix == ".txz" else "w:") as tar:
        for entry in entries:
            name, _, text = entry.partition("=")
            info = tarfile.TarInfo(name.rstrip("/"))
            info.mtime = FILE_TIME
            if "->" in name:
                info.name, info.linkname = name.split("->")
                info.type = tarfile.SYMTYPE
            elif name.endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, int(text, 8) if text else 0o755
            else:
                text, *owner = text.split(":")
                if owner:
                    info.mode, info.uid, info.gid = int(owner[0], 8), int(owner[1]), int(owner[2])
                info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()) if info.isfile() else None)


def load() -> list:
    cases = []
    for file in sorted(CASES.glob("*.txt")):
        for line in file.read_text().splitlines(keepends=True):
            if line.startswith("=== "):
                cases.append(Case(f"{file.stem}-{line[4:].strip()}"))
                section = None
            elif line.startswith("--- fails"):
                cases[-1].fails = True
            elif line.startswith("--- "):
                section = [shlex.split(line[4:]), ""]
                cases[-1].parts.append(section)
            elif cases and section is not None:
                section[1] += line
            elif cases:
                cases[-1].dockerfile += line
    return cases
