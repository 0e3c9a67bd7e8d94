"""The same input gives the same image: whatever the order of folders on disk, the number of threads and stages at once, the path, the cache."""
import os
import shutil
import unittest
from pathlib import Path

from local_builds import LocalBuilds

DOCKERFILE = """FROM scratch AS tools
COPY --chmod=755 busybox /bin/
COPY busybox /bin/sh
FROM tools AS made
RUN for d in a b c d e; do busybox mkdir -p /made/$d/$d; for i in $(busybox seq 60); do echo $d$i > /made/$d/$i; done; \\
    busybox ln /made/$d/1 /made/$d/again; busybox ln -s 1 /made/$d/$d/link; done
RUN busybox rm -r /made/a; for i in $(busybox seq 5 25); do busybox rm /made/b/$i; done; busybox rm -r /made/c; busybox mkdir /made/c
FROM tools AS packed
COPY tree /tree
ADD tree/t1 tree/t2 /both/
FROM tools
COPY --from=made /made /made
COPY --from=packed --parents /./tree/t* /both /out/
COPY --from=other . /other/
RUN --mount=type=bind,target=/context busybox find /context/tree /made -type f | busybox sort | busybox sha256sum > /sum
"""


class SameDigest(LocalBuilds):
    def setUp(self) -> None:
        super().setUp()
        self.variables: dict[str, str] = {}
        (self.context / "Dockerfile").write_text(DOCKERFILE)
        for place, count in (("context/tree", 8), ("other", 3)):
            for i in range(count):
                folder = self.work / place / f"t{i}"
                folder.mkdir(parents=True)
                for j in range(25):
                    (folder / f"f{j}").write_text(f"{place} {i} {j}\n" * j)

    def environment(self) -> dict[str, str]:
        return super().environment() | self.variables

    def image(self, *options: str, **variables: str) -> str:
        """Its names: the digests of manifest and configuration."""
        self.variables = variables
        self.build("--build-context", f"other={self.work / 'other'}", "--source-date-epoch", "1700000000", "--metadata-file", "metadata", *options)
        return (self.work / "metadata").read_text()

    def test_an_order_of_folders_that_is_shuffled_changes_nothing(self):
        library = Path(os.environ["NACRE_BIN"]).parent / "tests/libshuffle_readdir.so"
        plain = self.image()
        squashed = self.image("--squash", "--no-cache")
        log = self.work / "shuffled"
        for seed in range(1, 3):
            self.root = self.work / f"root-{seed}"
            shuffle = {"LD_PRELOAD": str(library), "SHUFFLE_SEED": str(seed), "SHUFFLE_LOG": str(log), "ASAN_OPTIONS": "verify_asan_link_order=0"}
            self.assertEqual(self.image(**shuffle), plain, f"seed {seed}")
            self.assertEqual(self.image("--squash", **shuffle), squashed, f"seed {seed}")
            # Each folder of the contexts and of what steps wrote was really read in another order.
            self.assertGreater(log.stat().st_size, 30)
            log.unlink()

    def test_threads_jobs_paths_and_caches_change_nothing(self):
        plain = self.image()
        self.assertEqual(self.image("--no-cache", "--jobs", "1"), plain)
        self.assertEqual(self.image("--no-cache", "--jobs", "7"), plain)
        shutil.move(self.context, self.work / "elsewhere")
        shutil.move(self.work / "other", self.work / "other-elsewhere")
        (self.work / "other").symlink_to("other-elsewhere")
        self.context = self.work / "elsewhere"
        self.root = self.work / "a/root/elsewhere"
        self.root.mkdir(parents=True)
        self.assertEqual(self.image(), plain)
        # On one processor there is one thread that compresses.
        affinity = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, affinity)
        os.sched_setaffinity(0, {min(affinity)})
        self.assertEqual(self.image("--no-cache"), plain)


if __name__ == "__main__":
    unittest.main(verbosity=2)
