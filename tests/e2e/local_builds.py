"""What tests of `nacre build` share: a context, and a state of its own for each test."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import BIN, COMMAND_LIMIT_SECONDS, Result, wait_until

DOCKERFILE = """FROM scratch
COPY --chmod=755 busybox /bin/
COPY busybox /bin/sh
RUN busybox echo made > /made; echo said
COPY etc/ /etc/
WORKDIR /srv
LABEL name=web
CMD ["/bin/sh"]
"""


class LocalBuilds(unittest.TestCase):
    def setUp(self) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="nacre-build-"))
        self.work.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.work, True)
        self.root = self.work / "root"
        self.context = self.work / "context"
        (self.context / "etc").mkdir(parents=True)
        shutil.copy("/bin/busybox", self.context / "busybox")
        (self.context / "etc/hosts").write_text("127.0.0.1 localhost\n")
        (self.context / "Dockerfile").write_text(DOCKERFILE)

    # -- what the tests type

    def environment(self) -> dict[str, str]:
        return {"PATH": f"{BIN}:{os.environ['PATH']}", "NACRE_ROOT": str(self.root), "HOME": str(self.work), "LANG": "C.UTF-8"}

    def run_command(self, *command, check: bool = True, stdin: bytes = b"", **options) -> Result:
        done = subprocess.run([str(word) for word in command], cwd=self.work, env=self.environment(), input=stdin, capture_output=True,
                              timeout=COMMAND_LIMIT_SECONDS, **options)
        done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if check and done.returncode:
            raise AssertionError(f"{' '.join(map(str, command))}: {Result(done)}")
        return Result(done)

    def build(self, *options, **keywords) -> Result:
        return self.run_command("nacre", "build", "--progress", "plain", *options, self.context, **keywords)

    def start(self, *options) -> subprocess.Popen:
        """A build whose RUN ends when go() says so."""
        (self.context / "Dockerfile").write_text(DOCKERFILE + "RUN busybox touch /waiting; until busybox test -e /go; do busybox sleep 0.1; done\n")
        log = open(self.work / "log", "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen(["nacre", "build", "--progress", "plain", *options, str(self.context)], cwd=self.work,
                                   env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(process.kill)
        wait_until(lambda: any(self.roots_that_wait()), "the step runs", 60)
        return process

    def roots_that_wait(self) -> list[Path]:
        return [mark.parent for mark in (self.root / "build/snapshots/active").glob("tmp-*/*/merged/waiting")]

    def go(self) -> None:
        for root in self.roots_that_wait():
            (root / "go").touch()

    def leftovers(self) -> list[str]:
        found = [line for line in Path("/proc/self/mountinfo").read_text().split("\n") if str(self.work) in line]
        for folder in ("leases", "snapshots/active"):
            found += map(str, (self.root / "build" / folder).glob("tmp-*"))
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.root) in words or "/waiting" in words:
                found.append(words)
        return found
