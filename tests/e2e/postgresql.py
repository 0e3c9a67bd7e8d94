"""A PostgreSQL of Debian's package for one test: in memory, on a socket of its own, nothing synced."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def find_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgresql:
    def __init__(self):
        self.programs = find_programs()
        memory = "/dev/shm"
        self.folder = Path(tempfile.mkdtemp(prefix="nacre-postgresql-", dir=memory if os.access(memory, os.W_OK) else None))
        self.folder.chmod(0o711)
        self.data = self.folder / "data"
        self.data.mkdir()
        # PostgreSQL refuses to be run by root.
        self.prefix = []
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
            self.prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.run("initdb", "--pgdata", self.data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        with open(self.data / "postgresql.conf", "a") as settings:
            settings.write(f"listen_addresses = ''\nunix_socket_directories = '{self.data}'\nfsync = off\n")
        self.control("start", "--log", self.data / "log")
        try:
            self.sql("CREATE DATABASE nacre", "postgres")
        except BaseException:
            self.close()
            raise

    def url(self) -> str:
        return f"postgresql:///nacre?user=postgres&host={self.data}"

    def run(self, program: str, *words) -> str:
        done = subprocess.run([*self.prefix, str(self.programs / program), *map(str, words)], cwd=self.data, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        if done.returncode:
            raise AssertionError(f"{program}: {done.stdout}")
        return done.stdout

    def control(self, verb: str, *words) -> None:
        done = subprocess.run([*self.prefix, str(self.programs / "pg_ctl"), verb, "--pgdata", str(self.data), "--wait", *map(str, words)],
                              cwd=self.data, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        if done.returncode:
            raise AssertionError(f"pg_ctl {verb} failed: {(self.data / 'log').read_text()[-2000:]}")

    def restart(self, mode: str) -> None:
        self.control("restart", f"--mode={mode}", "--log", self.data / "log")

    def sql(self, statement: str, database: str = "nacre") -> list[str]:
        out = self.run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                       f"--dbname=postgresql:///{database}?user=postgres&host={self.data}", f"--command={statement}")
        return out.split("\n")[:-1] if out else []

    def close(self) -> None:
        try:
            self.control("stop", "--mode=immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
