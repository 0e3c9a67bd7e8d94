#!/usr/bin/env python3
"""Run clang-tidy 19 (.clang-tidy, every finding is an error) on the given .cpp files, or on all of src/ and apps/.

With --deep also the checks that are too slow for a test (SLOW below); the preset 'tidy' has them too.

It compiles with the flags of cmake/NacreTargets.cmake and needs no build folder. What passed is remembered in
build/tidy-cache, by all that the result depends on. Exit status: 1 findings, 2 it could not run."""
import functools
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import ROOT, Memory, shown, sources

TIDY = "clang-tidy-19"
# Together these take two thirds of the time and have found nothing here: path simulation, and checks that look at every
# name or statement of the system headers too. Most of what they look for is also a warning of GCC or a rule of another
# lint: reserved names (-Wpedantic), empty bodies (-Wextra), unused results ([[nodiscard]]), destructors
# (-Wnon-virtual-dtor), signs (-Wsign-conversion, -Wconversion).
SLOW = [
    "clang-analyzer-*",
    "bugprone-argument-comment", "bugprone-assert-side-effect", "bugprone-chained-comparison", "bugprone-dangling-handle",
    "bugprone-fold-init-type", "bugprone-inc-dec-in-conditions", "bugprone-infinite-loop",
    "bugprone-misplaced-operator-in-strlen-in-alloc", "bugprone-misplaced-widening-cast",
    "bugprone-move-forwarding-reference", "bugprone-multiple-new-in-one-expression",
    "bugprone-multiple-statement-macro", "bugprone-narrowing-conversions", "bugprone-not-null-terminated-result",
    "bugprone-reserved-identifier", "bugprone-signed-char-misuse", "bugprone-standalone-empty",
    "bugprone-stringview-nullptr", "bugprone-suspicious-memset-usage", "bugprone-suspicious-semicolon",
    "bugprone-suspicious-string-compare", "bugprone-swapped-arguments", "bugprone-unsafe-functions",
    "bugprone-unused-raii", "bugprone-unused-return-value", "cppcoreguidelines-virtual-class-destructor",
    "misc-definitions-in-headers", "misc-misleading-identifier", "misc-misplaced-const", "misc-non-copyable-objects",
    "misc-redundant-expression", "misc-static-assert", "misc-unconventional-assign-operator", "misc-unused-using-decls",
    "modernize-use-bool-literals", "modernize-use-noexcept", "modernize-use-using",
    "performance-type-promotion-in-math-fn", "readability-non-const-parameter", "readability-redundant-control-flow",
    "readability-redundant-declaration", "readability-redundant-inline-specifier",
]
FINDING = re.compile(r"^(?P<path>/[^:]+):(?P<rest>\d+:\d+: (?:error|warning): .*)$")


@functools.cache
def warnings() -> tuple[str, ...]:
    """The warnings that every target has, and those for clang."""
    text = re.sub(r"#[^\n]*", "", (ROOT / "cmake/NacreTargets.cmake").read_text())
    for_all = re.search(r"target_compile_options\(nacre_flags INTERFACE([^)]*)\)", text)
    for_clang = re.search(r"else\(\)\s*target_compile_options\(nacre_flags INTERFACE([^)]*)\)", text)
    return tuple(for_all.group(1).split() + for_clang.group(1).split())


@functools.cache
def definitions(folder: Path) -> tuple[str, ...]:
    """What the CMakeLists.txt of the folder, or of the nearest folder above it, defines for its targets."""
    while not (folder / "CMakeLists.txt").exists():
        folder = folder.parent
    version = re.search(r"project\(nacre VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    found = re.findall(r"target_compile_definitions\(\w+ PRIVATE([^)]*)\)", (folder / "CMakeLists.txt").read_text())
    return tuple("-D" + name.replace("${PROJECT_VERSION}", version) for names in found for name in names.split())


def command(path: Path, deep: bool) -> list[str]:
    flags = ["-std=c++20", "-I", str(ROOT / "src"), *warnings(), *definitions(path.parent)]
    if shown(path).startswith("tests/"):
        flags += ["-I", str(ROOT / "tests"), f'-DNACRE_SOURCE_DIR="{ROOT}"']
    # Bodies of templates that nobody instantiates are most of the system headers.
    if not deep:
        flags += ["-fdelayed-template-parsing", "-Wno-delayed-template-parsing-in-cxx20"]
    checks = [] if deep else ["--checks=" + ",".join(f"-{name}" for name in SLOW)]
    return [TIDY, "--quiet", *checks, str(path), "--", *flags]


def findings(path: Path, deep: bool, memory: Memory) -> list[str]:
    """What clang-tidy says about a file; only silence is remembered."""
    passed = memory.place(path, *command(path, deep))
    if passed.exists():
        passed.touch()
        return []
    run = subprocess.run(command(path, deep), capture_output=True, text=True)
    output = run.stdout.split("\n") + (run.stderr.split("\n") if run.returncode else [])
    found = []
    for line in output:
        match = FINDING.match(line)
        if match:
            place = os.path.relpath(match["path"], ROOT) if match["path"].startswith(f"{ROOT}/") else match["path"]
            found.append(f"{place}:{match['rest']}")
    if run.returncode and not found:
        found.append(f"{shown(path)}: clang-tidy failed with status {run.returncode}: {run.stderr.strip()[-1000:]}")
    if not found:
        passed.touch()
    return found


def main(arguments: list[str]) -> int:
    deep = "--deep" in arguments
    names = [name for name in arguments if name != "--deep"]
    if not shutil.which(TIDY):
        print(f"tidy.py: {TIDY} is not installed; install the package of that name (apt-get install {TIDY})", file=sys.stderr)
        return 2
    files = [Path(name).resolve() for name in names] or [path for path in sources("src", "apps") if path.suffix == ".cpp"]
    for path in files:
        if path.suffix != ".cpp" or not path.is_file() or not path.is_relative_to(ROOT):
            print(f"tidy.py: '{path}' is no .cpp file of this project; give .cpp files, headers are checked with them", file=sys.stderr)
            return 2
    version = subprocess.run([TIDY, "--version"], check=True, capture_output=True, text=True).stdout
    memory = Memory("tidy", version + (ROOT / ".clang-tidy").read_text())
    found = set()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(lambda path: findings(path, deep, memory), files):
            # A header is read with each file that includes it: its findings are printed once.
            for line in dict.fromkeys(lines):
                if line not in found:
                    print(line, flush=True)
                found.add(line)
    print(f"tidy.py: {len(found)} findings in {len(files)} files", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
