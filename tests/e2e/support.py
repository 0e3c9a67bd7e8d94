"""What the end-to-end tests share: a real service with its own data folder and port, and real users of it.

Everything that a test starts is stopped by pid; everything it writes is below one temporary folder.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BIN = Path(os.environ["NACRE_BIN"])
START_LIMIT_SECONDS = 20
COMMAND_LIMIT_SECONDS = 300

HTTPD = (SOURCE / "docs/examples/httpd/Dockerfile").read_text()
PAGE = (SOURCE / "docs/examples/httpd/index.html").read_text()


def wait_until(condition, what: str, seconds: float = 20.0) -> None:
    """Polls: the tests look at other processes, which have no other way to tell."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class Registry:
    """Debian's docker-registry on a free port of this machine, with its data below `work`."""

    def __init__(self, work: Path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        configuration = work / "registry.yml"
        configuration.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {work}/registry}}}}\nhttp: {{addr: {self.address}}}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, "the registry answers")

    def answers(self) -> bool:
        host, port = self.address.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


class Result:
    def __init__(self, done: subprocess.CompletedProcess):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Service:
    """`nacred serve` on a free port, with users admin, alice (a maintainer) and eve (nobody)."""

    def __init__(self, root: Path | None = None, policy: str = "container_network =\n    target *-network :: allow\n    all :: deny\n"):
        self.work = Path(tempfile.mkdtemp(prefix="nacre-e2e-"))
        self.root = root or self.work / "root"
        self.root.mkdir(exist_ok=True)
        (self.work / "home").mkdir()
        (self.root / "nacred.toml").write_text("[http]\nport = 0\n")
        (self.root / "hub.conf").write_text("[policy]\n" + policy)
        self.variables: dict[str, str] = {}  # beside those of everybody
        self.process: subprocess.Popen | None = None
        self.command = "serve"
        self.url = ""

    # -- the service

    def environment(self, user: str | None = None) -> dict[str, str]:
        env = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "NACRE_", "SSL_", "REQUESTS_", "CURL_"))}
        env.update(PATH=f"{BIN}:{env['PATH']}", NACRE_ROOT=str(self.root), HOME=str(self.work / "home"), XDG_CONFIG_HOME=str(self.work / "home"),
                   LANG="C.UTF-8", GIT_TERMINAL_PROMPT="0", GIT_CONFIG_NOSYSTEM="1", **self.variables)
        if user:
            env.update(NACRE_CONFIG=str(self.work / f"{user}.conf"))
            for role in ("AUTHOR", "COMMITTER"):
                env.update({f"GIT_{role}_NAME": user.title(), f"GIT_{role}_EMAIL": f"{user}@example.org"})
        return env

    def run(self, *command, user: str | None = None, cwd: Path | None = None, check: bool = True, stdin: str = "",
            variables: dict[str, str] | None = None) -> Result:
        done = subprocess.run([str(word) for word in command], cwd=cwd or self.work, env=self.environment(user) | (variables or {}), input=stdin,
                              capture_output=True, text=True, errors="replace", timeout=COMMAND_LIMIT_SECONDS)
        result = Result(done)
        if check and result.code:
            raise AssertionError(f"{' '.join(map(str, command))}: {result}\n--- service\n{self.log()[-4000:]}")
        return result

    def start(self) -> None:
        address = self.root / "run/nacred.url"
        address.unlink(missing_ok=True)
        with open(self.work / "nacred.log", "ab") as log:
            self.process = subprocess.Popen([str(BIN / "nacred"), self.command], env=self.environment(), cwd=self.work,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def is_up() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"nacred ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            return address.exists() and address.read_text().strip() != ""

        wait_until(is_up, "nacred serve says where it listens", START_LIMIT_SECONDS)
        self.url = address.read_text().strip()
        for user in ("admin", "alice", "eve"):
            if (self.work / f"{user}.password").exists():
                self.login(user)

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=30)

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def log(self) -> str:
        path = self.work / "nacred.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def reserve_port(self) -> None:
        """Keeps the port over restarts, as a service with a configured one does."""
        port = self.url.rsplit(":", 1)[1]
        (self.root / "nacred.toml").write_text(f"[http]\nport = {port}\n")

    # -- users and what they do

    def add_user(self, user: str, *options: str) -> None:
        (self.work / f"{user}.password").write_text(f"password-of-{user}\n")
        self.run("nacred", "user", "add", user, "--password-file", self.work / f"{user}.password", *options)

    def login(self, user: str) -> None:
        trust = ["--ca-file", self.authority()] if self.url.startswith("https:") else []
        self.run("nacre", "login", "--server", self.url, "--user", user, *trust, "--password-file", self.work / f"{user}.password", user=user)

    def authority(self) -> Path:
        """What clients trust when the service shows its own certificate."""
        return self.root / "tls/authority.pem"

    def call(self, method: str, *arguments: str, user: str = "admin"):
        return json.loads(self.run("nacre", "call", method, *arguments, "--json", user=user).out)

    def import_base(self, name: str, kind: str) -> None:
        tar = self.work / f"{kind}.tar"
        self.run(SOURCE / "scripts/make-base", kind, tar)
        self.run("nacred", "base", "import", name, tar)

    def set_up(self) -> None:
        """Users, tags and targets, as an administrator makes them."""
        for user in ("alice", "eve"):
            self.add_user(user)
        self.add_user("admin", "--admin")
        self.start()
        self.call("createTag", "rawhide-container-build", "arches=x86_64")
        self.call("createTag", "rawhide-container")
        for target in ("rawhide-container-candidate", "rawhide-container-network"):
            self.call("createBuildTarget", target, "rawhide-container-build", "rawhide-container")

    def make_repository(self, name: str) -> Path:
        """A repository that alice owns, and her checkout of it."""
        self.run("nacre", "request-repo", f"container/{name}", "--owner", "alice", "--tag", "rawhide-container", "--package", f"{name}-container", user="admin")
        self.run("nacre", "clone", f"container/{name}", user="alice")
        return self.work / name

    def push(self, checkout: Path, files: dict[str, str], user: str = "alice") -> str:
        for path, content in files.items():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(content)
        self.run("git", "add", "--all", cwd=checkout, user=user)
        self.run("git", "commit", "--quiet", "--message", "Change the image", cwd=checkout, user=user)
        self.run("git", "push", "--quiet", cwd=checkout, user=user)
        return self.run("git", "rev-parse", "HEAD", cwd=checkout).out.strip()

    def build(self, checkout: Path, *options: str, check: bool = True) -> Result:
        return self.run("nacre", "container-build", *options, cwd=checkout, user="alice", check=check)

    def registry(self) -> str:
        return self.url.split("://")[1]

    def get_task(self, task: int) -> dict:
        return self.call("getTaskInfo", str(task), "request=true")

    def last_task(self) -> dict:
        return self.call("listTasks", '{"method": "buildContainer"}', '{"order": "-id", "limit": 1}')[0]


class ServiceTest(unittest.TestCase):
    """One service for all tests of a class; each test has repositories of its own."""

    service: Service

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()
        try:
            cls.service.set_up()
            cls.service.import_base("busybox:latest", "busybox")
        except BaseException:
            cls.service.close()
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        try:
            assert_nothing_left(cls.service)
        finally:
            cls.service.close()


def processes_of(service: Service) -> list[str]:
    """Command lines of processes that mention the service's data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(service.root) in command:
                found.append(f"{entry.name}: {command}")
    return found


def mounts_of(service: Service) -> list[str]:
    return [line for line in Path("/proc/self/mountinfo").read_text().split("\n") if str(service.root) in line]


def assert_nothing_left(service: Service) -> None:
    """After the service has stopped: no process, no mount, no temporary file."""
    if service.process and service.process.poll() is None:
        service.stop()
    assert not processes_of(service), processes_of(service)
    assert not mounts_of(service), mounts_of(service)
    temporary = [str(path) for path in service.root.rglob("tmp-*")]
    assert not temporary, temporary
