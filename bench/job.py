#!/usr/bin/python3
"""job.py [RUNS]: how long container/httpd takes from submit to pullable, and what nacred needs when idle.

Beside it, in the same run, stands one call of the client, login included: what any command of `nacre` costs at least.
NACRE_BIN names the folder with the programs, build/release/bin unless set.
"""
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("NACRE_BIN", str(ROOT / "build/release/bin"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
from support import HTTPD, PAGE, Service  # noqa: E402

ACCEPT = {"Accept": "application/vnd.oci.image.manifest.v1+json"}


def pullable(service: Service, tag: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{service.url}/v2/httpd/manifests/{tag}", headers=ACCEPT)) as answer:
            return answer.status == 200
    except OSError:
        return False


def one_build(service: Service, checkout: Path, number: int) -> tuple[float, float]:
    service.push(checkout, {"index.html": f"{PAGE}{number}\n"})
    start = time.monotonic()
    client = subprocess.Popen(["nacre", "container-build", "--quiet"], cwd=checkout, env=service.environment("alice"), stdout=subprocess.DEVNULL)
    while not pullable(service, f"1.0-{number}"):
        assert client.poll() in (None, 0), "the build failed"
        time.sleep(0.002)
    to_pullable = time.monotonic() - start
    assert client.wait() == 0
    return to_pullable, time.monotonic() - start


def rss_megabytes(pid: int, field: str = "VmRSS") -> float:
    for line in Path(f"/proc/{pid}/status").read_text().split("\n"):
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise AssertionError(field)


def bare_client(service: Service) -> float:
    start = time.monotonic()
    service.run("nacre", "call", "getAPIVersion", user="alice")
    return time.monotonic() - start


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    service = Service()
    try:
        service.set_up()
        service.import_base("busybox:latest", "busybox")
        time.sleep(1)
        idle = rss_megabytes(service.process.pid)
        checkout = service.make_repository("httpd")
        service.push(checkout, {"Dockerfile": HTTPD, "index.html": PAGE})
        times = [one_build(service, checkout, number) for number in range(1, runs + 1)]
        clients = [bare_client(service) for _ in range(runs)]
        rows = [("submit to pullable", [t[0] for t in times]), ("submit to task closed", [t[1] for t in times]), ("one call of the client (with its login)", clients)]
        print(f"{'':42}{'min':>8}{'median':>8}{'max':>8}   seconds, {runs} runs")
        for name, values in rows:
            print(f"{name:42}{min(values):8.3f}{statistics.median(values):8.3f}{max(values):8.3f}")
        ratio = statistics.median(t[0] for t in times) / statistics.median(clients)
        print(f"{'submit to pullable / one call':42}{'':8}{ratio:8.1f}")
        print(f"nacred: {idle:.0f} MB resident before the first build, {rss_megabytes(service.process.pid):.0f} MB after {runs} builds, "
              f"{rss_megabytes(service.process.pid, 'VmHWM'):.0f} MB at most")
    finally:
        service.close()


if __name__ == "__main__":
    main()
