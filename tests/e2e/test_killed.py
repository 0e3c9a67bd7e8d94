"""Builds that end at any moment, and disks that are full: the store stays whole, and nothing is left."""
import os
import random
import subprocess
import time
import unittest
from pathlib import Path

from local_builds import LocalBuilds

# RUN, COPY between stages, a cache mount, files of some size, and what is compressed while the next step runs.
DOCKERFILE = """FROM scratch AS base
COPY --chmod=755 busybox /bin/
COPY busybox /bin/sh
FROM base AS made
ARG ROUND
RUN --mount=type=cache,target=/cache echo $ROUND >> /cache/log; busybox head -c 3000000 /dev/urandom > /random; busybox sleep 0.1
COPY etc /etc
FROM base
ARG ROUND
COPY --from=made /random /etc /data/
RUN --mount=type=cache,target=/cache busybox cp /cache/log /log; (busybox setsid busybox sleep 86411 &); echo $ROUND > /round
WORKDIR /data/deep
LABEL round=$ROUND
"""
MOMENTS = 30
SEED = 20261124


def cgroups(builds: list[int]) -> list[str]:
    """Those that builds with these process ids made: others may run on this machine."""
    return [str(path) for pid in builds for path in Path("/sys/fs/cgroup").glob(f"*/nacre-build-{pid}-*")]


class Killed(LocalBuilds):
    def setUp(self) -> None:
        super().setUp()
        (self.context / "Dockerfile").write_text(DOCKERFILE)
        self.builds: list[int] = []

    def words(self, number: int) -> list[str]:
        return ["nacre", "build", "--progress", "plain", "--build-arg", f"ROUND={number}", "-t", f"round:{number}",
                "-o", "type=oci,dest=out.tar", str(self.context)]

    def assert_nothing_is_left(self) -> None:
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(cgroups(self.builds), [])
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.assertNotIn(b"86411", process.read_bytes())
            except OSError:
                continue

    def test_a_build_that_is_killed_at_any_moment_leaves_a_whole_store(self):
        started = time.monotonic()
        self.run_command(*self.words(0))
        duration = time.monotonic() - started
        self.run_command("nacre", "prune")
        moments = random.Random(SEED)
        killed = 0
        for number in range(1, MOMENTS + 1):
            # One moment in each part of the time that a build takes.
            moment = duration * (number - moments.random()) / MOMENTS
            process = subprocess.Popen(self.words(number), cwd=self.work, env=self.environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.builds.append(process.pid)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
            # Sweeps what was left, and reads all that is stored.
            self.run_command("nacre", "verify")
            self.assert_nothing_is_left()
        self.assertGreater(killed, MOMENTS // 4)
        self.run_command(*self.words(MOMENTS))
        self.assert_nothing_is_left()
        self.assertIn("all whole", self.run_command("nacre", "verify").out)
        self.run_command("skopeo", "inspect", f"oci-archive:out.tar:round:{MOMENTS}")
        # Nothing of the files that were written half is kept either.
        self.run_command("nacre", "prune", "--all")
        self.assertEqual(sorted(self.work.glob(".*part*")), [])

    def test_a_full_disk_is_an_error_with_path_and_size_and_the_store_stays_whole(self):
        # In a mount namespace of its own: nothing is left of the small disk when the program has ended.
        def on_small_disk(size: str, *words: str) -> subprocess.CompletedProcess:
            script = f'mkdir -p {self.root}; mount -t tmpfs -o size={size} small {self.root} && cp -a {self.work}/saved/. {self.root}/ 2>/dev/null; ' \
                     f'"$@"; status=$?; nacre verify || status=99; rm -rf {self.work}/saved; cp -a {self.root} {self.work}/saved; exit $status'
            return subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", *words], cwd=self.work,
                                  env=self.environment(), capture_output=True, text=True, check=False)
        full = 0
        for size in ("1m", "3m", "5m", "7m", "9m", "12m"):
            done = on_small_disk(size, *self.words(1))
            if done.returncode == 0:
                continue
            full += 1
            self.assertEqual(done.returncode, 1, f"{size}: {done}")
            self.assertRegex(done.stderr, r"\d+ bytes (are )?free", size)
            self.assertIn(str(self.root), done.stderr, size)
            self.assertIn("all whole", done.stdout, size)
            self.assert_nothing_is_left()
        self.assertGreaterEqual(full, 3)
        # With room the same store goes on.
        done = on_small_disk("100m", *self.words(1))
        self.assertEqual(done.returncode, 0, done)
        self.assert_nothing_is_left()

    def test_verify_finds_what_is_damaged(self):
        self.run_command(*self.words(1))
        blobs = sorted((path for path in (self.root / "build/blobs").glob("*/*/*")), key=lambda path: path.stat().st_size)
        changed = bytearray(blobs[-1].read_bytes())
        changed[100] ^= 1
        blobs[-1].write_bytes(changed)
        blobs[0].unlink()
        found = self.run_command("nacre", "verify", check=False)
        self.assertEqual(found.code, 1)
        self.assertIn(f"{blobs[-1].name} is damaged", found.out)
        self.assertIn(f"image 'round:1' lacks blob sha256:{blobs[0].name}", found.out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
