"""Builds the corpus with us and with a peer and compares the images.

NACRE_TESTS names the folder with differential_builder. NACRE_PEER=buildkit and BUILDKIT_HOST compare with a BuildKit
that runs already instead of Debian's buildah; NACRE_CASES=WORD takes the cases with that word in their names.
"""
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import corpus
import images
import peers

HERE = Path(__file__).parent
PEER = os.environ.get("NACRE_PEER", "buildah")
BUSYBOX_NAMES = "cat chmod chown cp cut echo env find grep id ls ln mkdir mv pwd readlink rm sed sh stat touch true test".split()
CORPUS_MINIMUM = 150


def known_differences() -> dict:
    """Lines "PEER CASE: REASON"."""
    known = {}
    for line in (HERE / "known_differences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            case, _, reason = line.partition(": ")
            peer, name = case.split()
            if peer == PEER:
                known[name] = reason
    return known


def make_base(path: Path) -> None:
    def add(tar, name, kind=tarfile.REGTYPE, mode=0o644, data=b"", target=""):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, len(data), target, corpus.FILE_TIME
        import io
        tar.addfile(info, io.BytesIO(data) if data else None)
    with tarfile.open(path, "w") as tar:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777), ("srv", 0o755), ("srv/kept", 0o700),
                           ("proc", 0o755), ("sys", 0o755), ("dev", 0o755), ("run", 0o755)):
            add(tar, name, tarfile.DIRTYPE, mode)
        add(tar, "bin/busybox", mode=0o755, data=Path("/bin/busybox").read_bytes())
        for name in BUSYBOX_NAMES:
            add(tar, f"bin/{name}", tarfile.SYMTYPE, 0o777, target="busybox")
        add(tar, "etc/passwd", data=b"root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:Web:/home/web:/bin/sh\n")
        add(tar, "etc/group", data=b"root:x:0:\nweb:x:1001:\nmedia:x:2000:web\n")
        add(tar, "etc/hosts", data=b"127.0.0.1 localhost\n")
        add(tar, "etc/resolv.conf", data=b"# none\n")
        add(tar, "etc/hostname", data=b"base\n")
        add(tar, "srv/file", data=b"file\n")
        add(tar, "srv/link", tarfile.SYMTYPE, 0o777, target="/srv/kept")


class Differential(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root: it builds images")
        if PEER == "buildah" and not shutil.which("buildah"):
            raise unittest.SkipTest("needs buildah")
        word = os.environ.get("NACRE_CASES", "")
        cls.cases = [case for case in corpus.load() if word in case.name]
        cls.work = Path(tempfile.mkdtemp(prefix="nacre-differential-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        base = cls.work / "base.tar"
        make_base(base)
        for case in cls.cases:
            case.write(cls.work / "cases" / case.name)
        peer_work = cls.work / "peer"
        peer_work.mkdir()
        make = peers.Buildah if PEER == "buildah" else lambda work, tar: peers.BuildKit(work, tar, os.environ["BUILDKIT_HOST"])
        peer = make(peer_work, base)
        with ThreadPoolExecutor(3) as pool:
            ours = pool.submit(cls.build_ours, base)
            folders = [cls.work / "cases" / case.name for case in cls.cases]
            cls.errors = dict(zip([folder.name for folder in folders], pool.map(peer.build, folders)))
            ours.result()

    @classmethod
    def build_ours(cls, base: Path) -> None:
        program = Path(os.environ["NACRE_TESTS"]) / "differential_builder"
        folders = [str(cls.work / "cases" / case.name) for case in cls.cases]
        (cls.work / "nacre").mkdir()
        done = subprocess.run([program, cls.work / "nacre", base, *folders], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def test_has_enough_cases_with_names_of_their_own(self):
        names = [case.name for case in corpus.load()]
        self.assertGreaterEqual(len(names), CORPUS_MINIMUM)
        self.assertEqual(len(names), len(set(names)))

    def test_gives_the_images_of_the_peer(self):
        known = known_differences()
        for case in self.cases:
            with self.subTest(case.name):
                found = self.differences_of(case)
                if case.name in known:
                    self.assertTrue(found, f"no longer differs: remove it from known_differences.txt ({known[case.name]})")
                else:
                    self.assertEqual([], found, case.dockerfile)
        if not os.environ.get("NACRE_CASES"):
            self.assertEqual(set(), set(known) - {case.name for case in self.cases}, "cases that are not there")

    def test_builds_what_it_should(self):
        for case in self.cases:
            with self.subTest(case.name):
                ours = images.read_ours(self.work / "cases" / case.name / "nacre")
                self.assertEqual(case.fails, isinstance(ours, str), ours)

    def differences_of(self, case) -> list:
        folder = self.work / "cases" / case.name
        ours, error = images.read_ours(folder / "nacre"), self.errors[case.name]
        if isinstance(ours, str) or error is not None:
            if isinstance(ours, str) and error is not None:
                return []
            return [f"ours: {ours if isinstance(ours, str) else 'an image'}", f"theirs: {error or 'an image'}"]
        read = images.read_dir if PEER == "buildah" else images.read_layout
        return images.compare(ours, read(folder / PEER))


if __name__ == "__main__":
    unittest.main()
