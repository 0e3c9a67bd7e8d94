"""The documents for users are run: every code block, in order, against a real service.

How a block is fenced says what it is; the test knows these rules, and fails for a block that follows none of them:

    ```sh                    commands, one a line; the document's user types them, and each ends with 0
    ```sh as=USER exit=N     another user types them; each ends with N
    ```LANGUAGE FILE         the content of FILE: below the data folder for what nacred reads, else in the current folder
    ```text                  not run; the test prints it
"""
import re
import shlex
import socket
import tempfile
import unittest
from dataclasses import dataclass, field
from pathlib import Path

from support import SOURCE, Registry, Result, Service, assert_nothing_left

FENCE = re.compile(r"^```(.*)$")
FILE_LANGUAGES = {"dockerfile", "html", "ini", "toml", "yaml"}
READ_BY_NACRED = {"nacred.toml", "hub.conf"}
SERVER = "nacre.example.org:8443"


@dataclass
class Block:
    place: str
    language: str
    words: list[str]
    lines: list[str] = field(default_factory=list)

    def option(self, name: str, default: str) -> str:
        return next((word.split("=", 1)[1] for word in self.words if word.startswith(name + "=")), default)

    def commands(self) -> list[str]:
        """One a line; a line that ends with a backslash goes on."""
        joined = "\n".join(self.lines).replace("\\\n", "")
        lines = [re.sub(r"(^|\s+)# .*$", "", line).strip() for line in joined.split("\n")]
        return [line for line in lines if line]


def blocks_of(document: str) -> list[Block]:
    blocks: list[Block] = []
    is_open = False
    for number, line in enumerate((SOURCE / document).read_text().split("\n"), 1):
        place = f"{document}:{number}"
        fence = FENCE.match(line)
        if fence and is_open:
            is_open = False
        elif fence:
            language, *words = fence.group(1).split() or [""]
            blocks.append(Block(place, language, words))
            is_open = True
        elif is_open:
            blocks[-1].lines.append(line)
        elif line.startswith(("    ", "\t")):
            raise AssertionError(f"{place}: an indented block says not what it is: fence it")
    assert not is_open, f"{document}: the last block is not closed"
    return blocks


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reader(Service):
    """Does what a document says, with one shell's current folder for each user."""

    def __init__(self):
        super().__init__()
        (self.root / "nacred.toml").unlink()
        (self.root / "hub.conf").unlink()
        self.port = free_port()
        self.tls_port = free_port()
        self.task = 0
        self.registry = ""
        self.folders: dict[str, Path] = {}
        self.ran: list[str] = []
        self.skipped: list[str] = []

    def replaced(self, text: str) -> str:
        """The whole of what differs between the documents and this run."""
        table = {
            SERVER: f"localhost:{self.tls_port}",
            "127.0.0.1:8080": f"127.0.0.1:{self.port}",
            '"$(pgrep -xo nacred)"': str(self.process.pid if self.process else 0),
            'address = "0.0.0.0"': 'address = "127.0.0.1"',
            "port = 8080": f"port = {self.port}",
            "port = 8443": f"port = {self.tls_port}",
            "scripts/": f"{SOURCE}/scripts/",
            "docs/examples/": f"{SOURCE}/docs/examples/",
            "registry.example.org/hello": f"{self.registry}/hello",
        }
        for written, meant in table.items():
            text = text.replace(written, meant)
        return re.sub(r"\b(watch |watch --quiet |cancel |getTaskInfo |taskID=)12\b", rf"\g<1>{self.task}", text)

    def walk(self, document: str, user: str) -> None:
        for block in blocks_of(document):
            if block.language == "sh":
                self.run_block(block, block.option("as", user))
            elif block.language in FILE_LANGUAGES and len(block.words) == 1:
                self.write_file(block, user)
            elif block.language == "text" and not block.words:
                self.skipped.append(block.place)
                print(f"{block.place}: not run: {block.lines[0].strip()} ...", flush=True)
            else:
                raise AssertionError(f"{block.place}: no rule for a block '{block.language} {' '.join(block.words)}'")

    def write_file(self, block: Block, user: str) -> None:
        name = block.words[0]
        is_running = self.process is not None and self.process.poll() is None
        folder = self.root if name in READ_BY_NACRED else self.folders.get(user, self.work)
        (folder / name).write_text(self.replaced("\n".join(block.lines) + "\n"))
        if name in READ_BY_NACRED and is_running:
            self.stop()
            self.start()

    def run_block(self, block: Block, user: str) -> None:
        for command in block.commands():
            self.ran.append(command)
            if command == "nacred serve":
                self.start()
                continue
            result = self.type(command, user)
            if result.code != int(block.option("exit", "0")):
                raise AssertionError(f"{block.place}: {command}: needed is exit {block.option('exit', '0')}: {result}\n"
                                     f"--- service\n{self.log()[-4000:]}")

    def type(self, command: str, user: str) -> Result:
        if command.startswith("nacre cancel"):
            self.hold_a_task()
        folder = self.folders.get(user, self.work)
        with tempfile.NamedTemporaryFile(dir=self.work) as place:
            script = f"set -o pipefail\n{self.replaced(command)}\nstatus=$?\npwd >{shlex.quote(place.name)}\nexit $status\n"
            result = self.run("bash", "-c", script, user=user, cwd=folder, check=False)
            self.folders[user] = Path(place.read().decode().strip() or folder)
        created = re.search(r"^Created task: (\d+)$", result.out, re.M)
        if created:
            self.task = int(created.group(1))
        if command.startswith("nacre cancel"):
            self.release_the_host()
        return result

    def hold_a_task(self) -> None:
        """A task that waits, however fast builds are, for the command that cancels it."""
        self.call("disableHost", "localhost")
        self.type("nacre container-build --scratch --nowait", "alice")

    def release_the_host(self) -> None:
        self.call("enableHost", "localhost")
        state = self.get_task(self.task)["state"]
        assert state == 3, f"task {self.task} is cancelled, its state is {state}"


class Guides(unittest.TestCase):
    """docs/operating.md by the administrator, then docs/using.md and docs/building.md by a maintainer, in one session."""

    def setUp(self) -> None:
        self.reader = Reader()
        self.addCleanup(self.reader.close)

    def test_every_command_works_and_every_feature_is_shown(self):
        reader = self.reader
        reader.walk("docs/operating.md", "admin")
        reader.walk("docs/using.md", "alice")
        reader.folders.pop("alice", None)
        registry = Registry(reader.work)
        self.addCleanup(registry.close)
        reader.registry = registry.address
        reader.walk("docs/building.md", "alice")
        reader.walk("docs/checks.md", "alice")
        self.assertEqual(reader.stop(), 0)
        assert_nothing_left(reader)
        self.check_features(reader)

    def check_features(self, reader: Reader) -> None:
        """Each command and option of the manuals is in a command that ran, each setting in a file that was read."""
        missing = []
        for program in ("nacre", "nacred"):
            manual = reader.run(program, "manual", "--format", "markdown").out
            commands = re.findall(rf"^### {program} (.*)\n((?:(?!^#).*\n)*)", manual, re.M)
            self.assertGreater(len(commands), 3, manual)
            general = manual.split("\n## Options\n")[1].split("\n## ")[0]
            for name, body in [("", general), *commands]:
                typed = [line for line in reader.ran if re.search(rf"\b{program}\b.*\b{name}\b", line)]
                options = [row.split("|")[1].strip(" `") for row in body.split("\n") if row.startswith("| `-")]
                missing += [] if typed else [f"{program} {name}"]
                missing += [f"{program} {name} {option}" for option in options if not any(uses(line, option) for line in typed)]
        settings = reader.run("nacred", "manual", "nacred.toml", "--format", "markdown").out
        shown = (reader.root / "nacred.toml").read_text()
        keys = re.findall(r"^\| `(\w+) = ", settings, re.M)
        self.assertGreater(len(keys), 3, settings)
        missing += [f"nacred.toml: {key}" for key in keys if not re.search(rf"^{key} = ", shown, re.M)]
        self.assertEqual(missing, [], "no document shows these")


def uses(line: str, option: str) -> bool:
    """Whether the line has "-q, --quiet" or "--target NAME", by any of its names."""
    names = re.findall(r"(?<!\S)--?[\w-]+", option)
    return any(re.search(rf"(?<!\S){name}(?=[\s=]|$)", line) for name in names)


class Readme(unittest.TestCase):
    """README.md, by a reader whose service quickstart has set up."""

    def test_every_command_works(self):
        reader = Reader()
        self.addCleanup(reader.close)
        (reader.root / "nacred.toml").write_text(f"[http]\nport = {reader.port}\n")
        reader.set_up()
        reader.import_base("busybox:latest", "busybox")
        reader.walk("README.md", "alice")
        self.assertEqual(reader.stop(), 0)
        assert_nothing_left(reader)


if __name__ == "__main__":
    unittest.main(verbosity=2)
