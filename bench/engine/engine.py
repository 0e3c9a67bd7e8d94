#!/usr/bin/env python3
"""engine.py [--runs N] [--nacre PROGRAM] [CASE...]: builds the same inputs with us and with the peers, in turn, on this machine,
and prints medians in seconds and ratios. As root. Peers that are not installed are named and left out."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import peers

TREE_BYTES = 700 << 20
TREE_FILES = 19_000
MANY_FILES = 50_000
BASE = "localhost/bench/busybox:1"


def write(folder, dockerfile, **files):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def real_tree(target):
    """Files of this machine's /usr, up to a size and a number."""
    size = count = 0
    for root, _, names in os.walk("/usr"):
        for name in sorted(names):
            source = Path(root, name)
            if source.is_symlink() or not source.is_file() or size > TREE_BYTES or count >= TREE_FILES or source.stat().st_size < 4096:
                continue
            place = target / source.relative_to("/usr")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
            size += place.stat().st_size
            count += 1
    return size, count


class Case:
    """One input. `prepare` makes its context; `before` runs before each build that is timed."""
    cache = False
    network = False
    push = False
    warm = False  # one build that is not timed comes first

    def __init__(self, name, prepare, **settings):
        self.name, self.prepare = name, prepare
        self.before = lambda folder, turn: None
        self.__dict__.update(settings)


def copy_tree(folder):
    size, count = real_tree(folder / "tree")
    print(f"# copy: {size >> 20} MB in {count} files", flush=True)
    return write(folder, "FROM scratch\nCOPY tree /usr/\n")


def steps(kind, count):
    def prepare(folder):
        lines = [f"RUN true {i}" if kind == "RUN" else f"COPY f{i} /f{i}" for i in range(count)]
        files = {} if kind == "RUN" else {f"f{i}": f"{i}\n" for i in range(count)}
        return write(folder, f"FROM {BASE}\n" + "\n".join(lines) + "\n", **files)
    return prepare


def stages(folder):
    work = "RUN sleep 2; dd if=/dev/zero bs=1M count=100 2>/dev/null | sha256sum > /out"
    text = "".join(f"FROM {BASE} AS s{i}\n{work}{i}\n" for i in range(3))
    return write(folder, text + "FROM scratch\n" + "".join(f"COPY --from=s{i} /out{i} /\n" for i in range(3)))


def one_stage(folder):
    return write(folder, f"FROM {BASE} AS s0\nRUN sleep 2; dd if=/dev/zero bs=1M count=100 2>/dev/null | sha256sum > /out0\nFROM scratch\nCOPY --from=s0 /out0 /\n")


def many_files(folder):
    for i in range(MANY_FILES):
        place = folder / "tree" / f"d{i % 250}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{i}").write_text(f"{i}\n" * 20)
    return write(folder, f"FROM {BASE}\nCOPY tree /tree/\nRUN true\n")


def change_one(folder, turn):
    (folder / "tree" / "d0" / "f0").write_text(f"turn {turn}\n")


CASES = [
    Case("copy-push", copy_tree, push=True),
    Case("run-1", steps("RUN", 1)),
    Case("run-30", steps("RUN", 30)),
    Case("copy-30", steps("COPY", 30)),
    Case("stage-1", one_stage),
    Case("stages-3", stages),
    Case("cached-30", steps("RUN", 30), cache=True, warm=True),
    Case("cached-50k", many_files, cache=True, warm=True),
    Case("changed-1", many_files, cache=True, warm=True, before=change_one),
]


def make_base(folder):
    """busybox as Debian has it, for all builders by the same Dockerfile."""
    root = folder / "base" / "root"
    (root / "bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    shutil.copy2("/bin/busybox", root / "bin/busybox")
    for name in subprocess.run([root / "bin/busybox", "--list"], check=True, capture_output=True, text=True).stdout.split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    return write(folder / "base", "FROM scratch\nCOPY root /\nENV PATH=/bin\n")


def start_builders(folder, program):
    builders = [peers.Nacre(folder / "nacre", program)]
    for make, command in ((peers.Docker, "dockerd"), (peers.Buildah, "buildah")):
        if shutil.which(command):
            builders.append(make(folder / command))
        else:
            print(f"# left out: {command} is not installed")
    return builders


def measure(case, builders, folder, registry, runs):
    context = case.prepare(folder / case.name)
    times = {builder.name: [] for builder in builders}
    memory = {builder.name: 0 for builder in builders}
    sizes = {}
    tag = f"localhost/bench/{case.name}:1"
    for builder in builders:
        if case.warm:
            builder.build(context, tag, True)
    for turn in range(runs):
        for builder in builders:
            case.before(context, f"{turn} {builder.name}")
            push = f"127.0.0.1:{registry.port}/{case.name}:1" if case.push else None
            if push:
                registry.clear()
            seconds, megabytes = builder.build(context, tag, case.cache, case.network, push)
            times[builder.name].append(seconds)
            memory[builder.name] = max(memory[builder.name], megabytes)
            if push:
                sizes[builder.name] = registry.layer_bytes(case.name)
    shutil.rmtree(context)
    return times, memory, sizes


def report(case, times, memory, sizes):
    ours = statistics.median(times["nacre"])
    for name, values in times.items():
        median = statistics.median(values)
        line = f"{case.name:12} {name:10} {min(values):8.3f} {median:8.3f} {max(values):8.3f} {median / ours:7.1f}x {memory[name]:7.0f} MB"
        print(line + (f" {sizes[name] >> 20:6} MB of layers" if name in sizes else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nacre", default=str(Path(__file__).resolve().parents[2] / "build/release/bin/nacre"))
    parser.add_argument("cases", nargs="*", metavar="CASE")
    arguments = parser.parse_args()
    unknown = set(arguments.cases) - {case.name for case in CASES}
    if unknown:
        parser.error(f"unknown case {sorted(unknown)}; there are {[case.name for case in CASES]}")
    if os.geteuid() != 0:
        parser.error("containers need root")
    peers.limit_files()
    folder = Path(tempfile.mkdtemp(prefix="nacre-bench-"))
    builders, registry = [], None
    try:
        builders = start_builders(folder, arguments.nacre)
        registry = peers.Registry(folder)
        base = make_base(folder)
        for builder in builders:
            builder.build(base, BASE, True)
        print(f"{'case':12} {'builder':10} {'min':>8} {'median':>8} {'max':>8} {'ratio':>8} {'memory':>10}", flush=True)
        for case in CASES:
            if not arguments.cases or case.name in arguments.cases:
                report(case, *measure(case, builders, folder, registry, arguments.runs))
    except peers.Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        for builder in builders:
            builder.stop()
        if registry:
            registry.stop()
        subprocess.run(["sh", "-c", f"grep -o '{folder}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l"], check=False)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
