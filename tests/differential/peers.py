"""The peers: programs that build the same Dockerfiles."""
import os
import subprocess
import tarfile
from pathlib import Path

LIMIT_SECONDS = 60


class Buildah:
    """Debian's buildah with a storage of its own, without a container runtime."""

    name = "buildah"

    def __init__(self, work: Path, base_tar: Path):
        self.options = ["--root", str(work / "storage"), "--runroot", str(work / "run"), "--storage-driver", "vfs"]
        (work / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(work), "TMPDIR": str(work),
                            "BUILDAH_ISOLATION": "chroot", "CONTAINERS_CONF": "/dev/null"}
        self.policy = str(work / "policy.json")
        base = work / "base"
        base.mkdir()
        (base / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
        (base / "base.tar").write_bytes(base_tar.read_bytes())
        done = self.run("bud", "--signature-policy", self.policy, "-t", "localhost/base:1", str(base))
        if done.returncode:
            raise RuntimeError(f"buildah cannot make the base image: {done.stderr}")

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["buildah", *self.options, *words], env=self.environment, capture_output=True, text=True,
                              timeout=LIMIT_SECONDS, check=False)

    def build(self, folder: Path) -> str | None:
        """Leaves the layout of the image in folder/NAME; the text of the error when none comes of it."""
        tag = f"localhost/{folder.name.lower()}"
        words = ["bud", "--format", "docker", "--signature-policy", self.policy, "--isolation", "chroot", "--pull-never", "-t", tag,
                 "-f", str(folder / "Dockerfile")]
        for line in (folder / "args").read_text().split("\n"):
            if line.startswith("--target="):
                words.append(line)
            elif line:
                words += ["--build-arg", line]
        done = self.run(*words, str(folder / "context"))
        if done.returncode == 0:
            done = self.run("push", "--signature-policy", self.policy, tag, f"dir:{folder / self.name}")
        return done.stderr if done.returncode else None


class BuildKit:
    """A BuildKit daemon that the caller runs; the base image is a named context."""

    name = "buildkit"

    def __init__(self, work: Path, base_tar: Path, address: str):
        self.address = address
        self.base = work / "buildkit-base"
        self.base.mkdir()
        source = work / "buildkit-base-context"
        source.mkdir()
        (source / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
        (source / "base.tar").write_bytes(base_tar.read_bytes())
        done = self.solve(source, source, self.base, [])
        if done.returncode:
            raise RuntimeError(f"BuildKit cannot make the base image: {done.stderr}")

    def solve(self, dockerfile: Path, context: Path, out: Path, options: list) -> subprocess.CompletedProcess:
        done = subprocess.run(
            ["buildctl", "--addr", self.address, "build", "--progress", "plain", "--frontend", "dockerfile.v0", "--local",
             f"context={context}", "--local", f"dockerfile={dockerfile}", "--output", f"type=oci,dest={out}.tar", *options],
            capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
        if done.returncode == 0:
            with tarfile.open(f"{out}.tar") as tar:
                tar.extractall(out)
        return done

    def build(self, folder: Path) -> str | None:
        options = ["--oci-layout", f"base={self.base}", "--opt", f"context:localhost/base:1=oci-layout://base@{self.digest()}"]
        for line in (folder / "args").read_text().split("\n"):
            if line.startswith("--target="):
                options += ["--opt", f"target={line[9:]}"]
            elif line:
                options += ["--opt", f"build-arg:{line}"]
        done = self.solve(folder, folder / "context", folder / self.name, options)
        return done.stderr if done.returncode else None

    def digest(self) -> str:
        import json
        return json.loads((self.base / "index.json").read_text())["manifests"][0]["digest"]
