"""The builders that are compared, each with a store of its own in a folder."""
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

# Debian's crun and what uses it refuse hosts that mount both versions of cgroups.
NO_HYBRID = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"", "sh"]
START_SECONDS = 60


class Failed(Exception):
    pass


def run(argv, **options):
    """Wall seconds of a command, with the peak resident size of its largest process in MB."""
    env = {**os.environ, **options.pop("env", {})}
    with open("/dev/null") as nothing, open(options.pop("log"), "ab") as log:
        start = time.monotonic()
        child = subprocess.Popen(argv, stdin=nothing, stdout=log, stderr=log, env=env, **options)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        with open(log.name) as text:
            raise Failed(f"{argv}: exit {child.returncode}:\n" + "".join(text.readlines()[-15:]))
    return seconds, usage.ru_maxrss / 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Registry:
    """Debian's docker-registry on loopback."""

    def __init__(self, folder):
        self.port = free_port()
        config = folder / "registry.yml"
        config.write_text(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder}/registry}}, delete: {{enabled: true}}}}\n"
                          f"http: {{addr: '127.0.0.1:{self.port}'}}\n")
        self.child = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v2/"), "docker-registry")
        self.folder = folder / "registry"

    def clear(self):
        """A push must not find blobs of the push before."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def layer_bytes(self, name):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v2/{name}/manifests/1", headers={
            "Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"})
        return sum(layer["size"] for layer in json.load(urllib.request.urlopen(request))["layers"])

    def stop(self):
        self.child.terminate()
        self.child.wait()


def wait_for(probe, what):
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return probe()
        except Exception as error:
            if time.monotonic() > end:
                raise Failed(f"{what} did not start: {error}") from error
            time.sleep(0.1)


class Nacre:
    name = "nacre"

    def __init__(self, folder, program, extra=()):
        self.folder, self.program, self.extra = folder, program, list(extra)
        self.env = {"NACRE_ROOT": str(folder / "root")}
        self.log = folder / "log"
        folder.mkdir(parents=True)

    def build(self, context, tag, cache, network=False, push=None):
        argv = [self.program, "build", "-t", push or tag, "--progress", "plain", *self.extra]
        if not cache:
            argv.append("--no-cache")
        argv += ["--network", "host" if network else "none"]
        if push:
            argv.append("--push")
        return run([*argv, str(context)], env=self.env, log=self.log)

    def stop(self):
        pass


class Buildah:
    name = "buildah"

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.log = folder / "log"
        self.base = [*NO_HYBRID, "buildah", "--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "overlay"]

    def build(self, context, tag, cache, network=False, push=None):
        argv = [*self.base, "build", "--layers", "--isolation", "oci", "-t", tag, "--network", "host" if network else "none"]
        if not cache:
            argv.append("--no-cache")
        seconds, memory = run([*argv, str(context)], log=self.log)
        if push:
            more, other = run([*self.base, "push", "--tls-verify=false", tag, f"docker://{push}"], log=self.log)
            seconds, memory = seconds + more, max(memory, other)
        return seconds, memory

    def stop(self):
        pass


class Docker:
    """The BuildKit of Debian's Docker engine."""
    name = "buildkit"

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.log = folder / "log"
        self.host = f"unix://{folder}/docker.sock"
        self.env = {"DOCKER_BUILDKIT": "1", "DOCKER_HOST": self.host, "BUILDKIT_PROGRESS": "plain", "DOCKER_CONFIG": str(folder / "config")}
        with open(folder / "dockerd.log", "ab") as log:
            self.child = subprocess.Popen(
                ["dockerd", "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec"), "--pidfile", str(folder / "pid"),
                 "--host", self.host, "--iptables=false", "--bridge=none", "--storage-driver=overlay2"], stdout=log, stderr=log)
        wait_for(lambda: subprocess.run(["/usr/bin/docker", "info"], env={**os.environ, **self.env}, check=True, capture_output=True), "dockerd")

    def build(self, context, tag, cache, network=False, push=None):
        argv = ["/usr/bin/docker", "build", "-t", tag, "--network", "host" if network else "none"]
        if not cache:
            argv.append("--no-cache")
        seconds, memory = run([*argv, str(context)], env=self.env, log=self.log)
        if push:
            run(["/usr/bin/docker", "tag", tag, push], env=self.env, log=self.log)
            more, other = run(["/usr/bin/docker", "push", push], env=self.env, log=self.log)
            seconds, memory = seconds + more, max(memory, other)
        return seconds, memory

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def limit_files():
    """BuildKit and buildah open many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 65536)), hard))
