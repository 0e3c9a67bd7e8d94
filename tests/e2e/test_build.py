"""`nacre build`: images without a service, read by skopeo, umoci and podman; and what builds that end early leave."""
import hashlib
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import tarfile
import unittest
from pathlib import Path

from local_builds import DOCKERFILE, LocalBuilds
from support import COMMAND_LIMIT_SECONDS, Registry, wait_until

NOBODY = 65534


class Builds(LocalBuilds):
    # -- images

    def test_an_oci_archive_is_what_skopeo_and_umoci_read(self):
        built = self.build("-t", "web:1", "-o", "type=oci,dest=web.tar", "--iidfile", "id", "--metadata-file", "metadata")
        facts = json.loads(self.run_command("skopeo", "inspect", "oci-archive:web.tar:web:1").out)
        metadata = json.loads((self.work / "metadata").read_text())
        self.assertEqual(facts["Digest"], metadata["containerimage.digest"])
        self.assertEqual(facts["Labels"], {"name": "web"})
        self.assertEqual(metadata["image.name"], "docker.io/library/web:1")
        self.assertEqual((self.work / "id").read_text(), metadata["containerimage.config.digest"])
        self.assertEqual(built.out.strip(), metadata["containerimage.config.digest"])
        self.run_command("skopeo", "copy", "oci-archive:web.tar:web:1", "oci:layout:web")
        self.run_command("umoci", "unpack", "--image", "layout:web", "bundle")
        self.assertEqual((self.work / "bundle/rootfs/made").read_text(), "made\n")
        self.assertEqual((self.work / "bundle/rootfs/etc/hosts").read_text(), "127.0.0.1 localhost\n")

    def test_a_docker_archive_is_what_podman_and_skopeo_load(self):
        self.build("-t", "example.org/web:1", "--output", "type=docker,dest=web.tar")
        with tarfile.open(self.work / "web.tar") as tar:
            manifest = json.loads(tar.extractfile("manifest.json").read())
        self.assertEqual(manifest[0]["RepoTags"], ["example.org/web:1"])
        facts = json.loads(self.run_command("skopeo", "inspect", "docker-archive:web.tar").out)
        self.assertEqual(facts["Labels"], {"name": "web"})
        storage = ["podman", "--root", self.work / "containers", "--runroot", self.work / "run", "--storage-driver", "vfs"]
        self.run_command(*storage, "load", "-i", "web.tar")
        self.assertIn("example.org/web:1", self.run_command(*storage, "images", "--format", "{{.Repository}}:{{.Tag}}").out)

    def test_folder_and_tar_hold_the_root(self):
        (self.work / "out/mine").mkdir(parents=True)
        self.build("-o", "out", "-o", "type=tar,dest=root.tar")
        self.assertEqual((self.work / "out/made").read_text(), "made\n")
        self.assertTrue((self.work / "out/mine").is_dir())
        self.assertEqual(list((self.work / "out").glob("tmp-*")), [])
        with tarfile.open(self.work / "root.tar") as tar:
            names = {member.name: member for member in tar.getmembers()}
            self.assertEqual(names["bin/busybox"].mode, 0o755)
            self.assertEqual(tar.extractfile("made").read(), b"made\n")
        piped = subprocess.run(["nacre", "build", "-q", "-o", "-", str(self.context)], env=self.environment(), capture_output=True, check=True)
        self.assertEqual(hashlib.sha256(piped.stdout).digest(), hashlib.sha256((self.work / "root.tar").read_bytes()).digest())

    def test_a_squashed_image_has_one_layer_above_its_base_and_the_same_root(self):
        self.build("-t", "base")
        (self.context / "Dockerfile").write_text("FROM base\nRUN rm /made; echo a > /a\nRUN rm /a; echo b > /b; rmdir /srv; mkdir /srv\n")
        self.build("-o", "type=tar,dest=plain.tar")
        self.build("--squash", "-o", "type=tar,dest=squashed.tar", "-o", "type=oci,dest=squashed-oci.tar")
        contents = []
        for name in ("plain.tar", "squashed.tar"):
            with tarfile.open(self.work / name) as tar:
                contents.append({m.name: (m.mode, m.type, m.size) for m in tar.getmembers()})
        self.assertEqual(contents[0], contents[1])
        self.assertNotIn("made", contents[1])
        facts = json.loads(self.run_command("skopeo", "inspect", "oci-archive:squashed-oci.tar").out)
        self.assertEqual(len(facts["Layers"]), 6)

    def test_annotations_of_an_index_make_one_that_others_read(self):
        registry = Registry(self.work)
        self.addCleanup(registry.close)
        name = f"{registry.address}/web:1"
        self.build("--annotation", "a=1", "--annotation", "index:b=2", "--annotation", "manifest-descriptor:c=3", "--annotation", "index-descriptor:d=4",
                   "-t", name, "--push", "-o", "type=oci,dest=web.tar", "-o", "type=docker,dest=docker.tar")
        index = json.loads(self.run_command("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}").out)
        self.assertEqual(index["annotations"], {"b": "2"})
        self.assertEqual(index["manifests"][0]["annotations"], {"c": "3"})
        self.assertEqual(index["manifests"][0]["platform"]["os"], "linux")
        with tarfile.open(self.work / "web.tar") as tar:
            described = json.loads(tar.extractfile("index.json").read())["manifests"][0]
            manifest = json.loads(tar.extractfile("blobs/sha256/" + index["manifests"][0]["digest"].split(":")[1]).read())
        self.assertEqual(described["annotations"]["d"], "4")
        self.assertEqual(manifest["annotations"], {"a": "1"})
        self.run_command("skopeo", "inspect", "docker-archive:docker.tar")
        (self.context / "Dockerfile").write_text(f"FROM {name}\nRUN busybox test -e /made\n")
        self.build()
        self.run_command("nacre", "prune")
        (self.context / "Dockerfile").write_text(f"FROM {name}\nCOPY busybox /more\n")
        self.build("-o", "type=oci,dest=more.tar")
        plain = self.build("--build-arg", "BUILDKIT_MULTI_PLATFORM=1", "-o", "type=oci,dest=index.tar", "--metadata-file", "metadata")
        self.assertIn("index", json.loads((self.work / "metadata").read_text())["containerimage.descriptor"]["mediaType"], plain)

    def test_the_same_input_gives_the_same_image_elsewhere(self):
        first = self.build("--jobs", "1").out
        moved = self.work / "elsewhere"
        shutil.copytree(self.context, moved)
        self.context = moved
        self.root = self.work / "another-root"
        self.assertEqual(self.build("--jobs", "8").out, first)
        self.assertEqual(self.build("--no-cache").out, first)

    def test_names_can_be_built_from(self):
        self.build("-t", "base", "-t", "127.0.0.1:5000/team/base:2")
        self.assertEqual([line.split()[0] for line in self.run_command("nacre", "images").out.splitlines()],
                         ["127.0.0.1:5000/team/base:2", "base:latest"])
        (self.context / "Dockerfile").write_text("FROM 127.0.0.1:5000/team/base:2\nCOPY --from=base /made /again\nRUN cat /again\n")
        self.assertIn("made", self.build().err)
        (self.context / "Dockerfile").write_text("FROM bass\n")
        failed = self.build(check=False)
        self.assertEqual(failed.code, 1)
        self.assertIn("did you mean 'base:latest'?", failed.err)

    def test_images_are_pushed_and_built_from_elsewhere(self):
        registry = Registry(self.work)
        self.addCleanup(registry.close)
        name = f"{registry.address}/team/base"
        self.build("-t", f"{name}:1", "--push", "--metadata-file", "metadata")
        digest = json.loads((self.work / "metadata").read_text())["containerimage.digest"]
        facts = json.loads(self.run_command("skopeo", "inspect", "--tls-verify=false", f"docker://{name}:1").out)
        self.assertEqual(facts["Digest"], digest)
        self.root = self.work / "another-root"
        (self.context / "Dockerfile").write_text(f"FROM {name}:1\nRUN cat /made\n")
        self.assertIn("made", self.build("-o", "type=registry", "-t", f"{name}:2").err)
        registry.close()
        self.assertIn("CACHED", self.build("-o", "type=tar,dest=root.tar").err)
        self.assertEqual(self.build("--pull", check=False).code, 1)
        self.root = self.work / "third-root"
        self.assertIn("is not in the local store", self.build("--pull=never", check=False).err)

    def test_named_contexts_are_folders_and_images(self):
        self.build("-t", "base")
        (self.work / "pages").mkdir()
        (self.work / "pages/index.html").write_text("page\n")
        (self.context / "Dockerfile").write_text("FROM alpine\nCOPY --from=pages index.html /\n")
        self.build("--build-context", "alpine=docker-image://base", "--build-context", "pages=pages", "-o", "out")
        self.assertEqual((self.work / "out/index.html").read_text(), "page\n")
        self.assertEqual((self.work / "out/made").read_text(), "made\n")

    def test_steps_get_secrets_caches_limits_and_hosts(self):
        (self.work / "token").write_text("hush")
        (self.context / "Dockerfile").write_text(
            DOCKERFILE + "RUN --mount=type=secret,id=a --mount=type=secret,id=HOME --mount=type=cache,target=/cache "
            "busybox sha256sum /run/secrets/a; cat /run/secrets/HOME; echo; ulimit -n; busybox grep db /etc/hosts; echo x >> /cache/y; cat /cache/y\n")
        words = ["--secret", "id=a,src=token", "--secret", "id=HOME", "--ulimit", "nofile=77", "--add-host", "db:10.0.0.5", "--memory", "512m", "--progress", "plain"]
        said = self.run_command("nacre", "build", *words, self.context).err
        for text in (hashlib.sha256(b"hush").hexdigest(), str(self.work), " 77", "10.0.0.5", " x"):
            self.assertIn(text, said)
        self.assertEqual(self.usage()["mounts"], 2)
        self.run_command("nacre", "prune")
        self.assertEqual(self.usage()["mounts"], 0)
        self.assertEqual(self.leftovers(), [])

    # -- input

    @unittest.skipUnless(shutil.which("ssh-keygen"), "Debian's package openssh-client is not installed")
    def test_steps_sign_with_keys_that_an_agent_of_the_build_holds(self):
        for name, phrase in (("key", ""), ("other", ""), ("locked", "phrase")):
            self.run_command("ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-C", name, "-f", name)
        self.work.joinpath("key").chmod(0o644)
        needed = [word for word in self.run_command("ldd", "/usr/bin/ssh-add").out.split() if word.startswith("/")]
        for path in ["/usr/bin/ssh-add", *needed]:
            (self.context / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, self.context / path[1:])
        (self.context / "Dockerfile").write_text(DOCKERFILE + "COPY . /\nRUN --mount=type=ssh,required ssh-add -L >/keys\n")
        self.build("--ssh", "default=key,other", "-o", "out")
        listed = (self.work / "out/keys").read_text()
        self.assertEqual([line.split()[2] for line in listed.splitlines()], ["key", "other"])
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(self.agents(), [])
        for words, text in ((["--ssh", "default=locked"], "passphrase"), (["--ssh", "default=Dockerfile,key"], "Dockerfile")):
            refused = self.build("--no-cache", *words, check=False)
            self.assertEqual(refused.code, 1)
            self.assertIn(text, refused.err)
        self.assertEqual(self.agents(), [])
        process = self.start("--ssh", "default=key")
        self.assertEqual(len(self.agents()), 1)
        process.kill()
        process.wait()
        wait_until(lambda: not self.agents(), "the agent ends with its build")

    def agents(self) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes()
            except OSError:
                continue
            if words.startswith(b"ssh-agent") and str(self.work).encode() in words:
                found.append(words.decode())
        return found

    def test_a_context_comes_on_the_standard_input(self):
        for mode in ("w", "w:gz", "w:xz"):
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode=mode) as tar:
                tar.add(self.context, arcname=".")
            self.run_command("nacre", "build", "-o", "out", "-", stdin=packed.getvalue())
            self.assertEqual((self.work / "out/etc/hosts").read_text(), "127.0.0.1 localhost\n")
        self.run_command("nacre", "build", "-o", "alone", "-", stdin=b"FROM scratch\nCOPY <<EOF /file\ntext\nEOF\n")
        self.assertEqual((self.work / "alone/file").read_text(), "text\n")

    def test_a_dockerfile_may_be_elsewhere_and_bring_its_own_ignore_file(self):
        (self.work / "Other").write_text("FROM scratch\nCOPY . /\n")
        (self.work / "Other.dockerignore").write_text("busybox\n")
        self.build("-f", "Other", "-o", "out")
        self.assertEqual(sorted(p.name for p in (self.work / "out").iterdir()), ["Dockerfile", "etc"])
        self.run_command("nacre", "build", "-f", "-", "-o", "other", self.context, stdin=b"FROM scratch\nCOPY etc /x\n")
        self.assertEqual([p.name for p in (self.work / "other").iterdir()], ["x"])

    def test_an_ordinary_user_builds_without_running_programs(self):
        self.root = self.work / "theirs"
        self.root.mkdir()
        os.chown(self.root, NOBODY, NOBODY)
        (self.context / "Dockerfile").write_text("FROM scratch AS a\nCOPY etc /etc\nFROM a\nWORKDIR /srv\nCOPY --chown=7:8 busybox /bin/\n")
        done = self.build("-t", "web", "-o", "type=tar,dest=theirs/root.tar", user=NOBODY, group=NOBODY)
        with tarfile.open(self.root / "root.tar") as tar:
            owners = {member.name: (member.uid, member.gid) for member in tar.getmembers()}
        self.assertEqual(owners["bin/busybox"], (7, 8), done)
        self.assertEqual(owners["etc/hosts"], (0, 0))
        (self.context / "Dockerfile").write_text(DOCKERFILE)
        failed = self.build(check=False, user=NOBODY, group=NOBODY)
        self.assertEqual(failed.code, 1, failed)
        self.assertIn("run 'nacre build' as root", failed.err)

    # -- what a build says

    def test_check_finds_mistakes_and_builds_nothing(self):
        (self.context / "Dockerfile").write_text("from scratch\nCOPY $nothing /\nMAINTAINER me\n")
        found = self.build("--check", check=False)
        self.assertEqual(found.code, 1)
        self.assertIn("Dockerfile:3:1: warning:", found.out)
        self.assertIn("[MaintainerDeprecated]", found.out)
        (self.context / "Dockerfile").write_text(DOCKERFILE)
        self.assertEqual(self.build("--check").out, "no findings\n")
        self.assertEqual(self.run_command("nacre", "du", "--json").out, self.run_command("nacre", "du", "--json").out)

    def test_check_knows_what_platform_a_base_is_for(self):
        registry = Registry(self.work)
        self.addCleanup(registry.close)
        name = f"{registry.address}/arm:1"
        (self.context / "Dockerfile").write_text("FROM scratch\nCOPY etc/ /etc/\n")
        self.build("--platform", "linux/arm64", "-t", name, "--push")
        (self.context / "Dockerfile").write_text(f"FROM scratch AS nothing\nFROM {name}\nCOPY etc/ /etc/\n")
        found = self.build("--platform", "linux/amd64", "--check", check=False)
        self.assertEqual(found.code, 1)
        self.assertIn("Dockerfile:2:6: warning:", found.out)
        self.assertIn("InvalidBaseImagePlatform", found.out)
        self.assertEqual(self.build("--platform", "linux/arm64", "--check").out, "no findings\n")
        self.assertIn("expected 'linux/amd64'", self.build("--platform", "linux/amd64").err)

    def test_steps_have_what_the_user_allows(self):
        (self.context / "Dockerfile").write_text(DOCKERFILE + "RUN --network=host --security=insecure busybox hostname >/name\n")
        refused = self.build(check=False)
        self.assertEqual(refused.code, 1)
        for entitlement in ("network.host", "security.insecure"):
            self.assertIn(entitlement, refused.err)
        self.build("--allow", "security.insecure", "--network", "host", "--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=box", "-o", "out")
        self.assertEqual((self.work / "out/name").read_text(), "box\n")

    def test_cache_mounts_are_listed_and_removed_alone(self):
        (self.context / "Dockerfile").write_text(DOCKERFILE + "RUN --mount=type=cache,id=mine,target=/c busybox dd if=/dev/zero of=/c/x bs=1000 count=5\n")
        self.build("-t", "web")
        listed = json.loads(self.run_command("nacre", "du", "--cache-mounts", "--json").out)["mounts"]
        self.assertEqual([(one["id"], one["bytes"]) for one in listed], [("mine", 5000)])
        self.assertIn('"mine"', self.run_command("nacre", "du", "--cache-mounts").out)
        self.run_command("nacre", "prune", "--cache-mounts", "--filter", "until=1h")
        self.run_command("nacre", "prune", "--cache-mounts", "--keep-storage", "5000")
        self.assertEqual(self.usage()["mounts"], 5000)
        steps = self.usage()["steps"]
        self.assertIn("5000 bytes", self.run_command("nacre", "prune", "--cache-mounts").out)
        self.assertEqual((self.usage()["mounts"], self.usage()["steps"]), (0, steps))
        self.start_with_cache()
        self.assertIn(" 0 bytes", self.run_command("nacre", "prune", "--cache-mounts").out)
        self.go()

    def start_with_cache(self) -> None:
        """A build that waits in a step with a cache mount."""
        (self.context / "Dockerfile").write_text(
            DOCKERFILE + "RUN --mount=type=cache,target=/c busybox touch /c/x /waiting; until busybox test -e /go; do busybox sleep 0.1; done\n")
        process = subprocess.Popen(["nacre", "build", str(self.context)], env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: any(self.roots_that_wait()), "the step runs", 60)

    def test_progress_is_json_for_programs(self):
        built = self.run_command("nacre", "build", "--progress", "json", self.context)
        events = [json.loads(line) for line in built.err.splitlines()]
        self.assertEqual([e["event"] for e in events if e["step"] == 3], ["step_started", "output", "step_finished"])
        again = self.run_command("nacre", "build", "--progress=json", self.context)
        outcomes = {json.loads(line).get("outcome") for line in again.err.splitlines()} - {None}
        self.assertEqual(outcomes, {"cached"})

    def test_a_terminal_gets_a_live_view_and_its_cursor_back(self):
        master, slave = pty.openpty()
        environment = self.environment() | {"TERM": "xterm"}
        process = subprocess.Popen(["nacre", "build", str(self.context)], env=environment, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        text = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(master)
        self.assertEqual(process.wait(), 0)
        self.assertIn(b"[3/5] RUN busybox echo made", text)
        self.assertTrue(text.startswith(b"\x1b[?25l") and text.endswith(b"\x1b[?25h"), text)

    def test_wrong_usage_ends_with_2_and_a_failed_step_with_1(self):
        for words in (["--compression", "lzma"], ["--no-such-option"], ["-t", "Upper"], ["--secret", "src=x"], ["--cache-to", "type=local"], ["--cache-from", "type=gha"]):
            self.assertEqual(self.build(*words, check=False).code, 2, words)
        (self.context / "Dockerfile").write_text(DOCKERFILE + "RUN echo last words; exit 3\n")
        failed = self.build(check=False)
        self.assertEqual(failed.code, 1)
        self.assertIn("Dockerfile:9", failed.err)
        self.assertIn("last words", failed.err)
        self.assertIn("CACHED", self.build(check=False).err)
        self.assertEqual(self.leftovers(), [])

    # -- builds that end early, and several at once

    def test_an_interrupted_build_leaves_nothing(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        self.assertEqual(self.leftovers(), [])

    def test_what_a_killed_build_left_is_swept_at_the_next_start(self):
        process = self.start()
        process.kill()
        process.wait()
        self.assertNotEqual(self.leftovers(), [])
        (self.context / "Dockerfile").write_text(DOCKERFILE)
        self.build()
        self.assertEqual(self.leftovers(), [])

    def test_builds_at_the_same_time_share_the_cache_and_agree(self):
        builds = [subprocess.Popen(["nacre", "build", "-q", "-t", f"web:{i}", str(self.context)], env=self.environment(), stdout=subprocess.PIPE)
                  for i in range(4)]
        ids = {process.communicate(timeout=COMMAND_LIMIT_SECONDS)[0] for process in builds}
        self.assertEqual([process.returncode for process in builds], [0] * 4)
        self.assertEqual(len(ids), 1)
        self.assertEqual(len(self.run_command("nacre", "images").out.splitlines()), 4)

    def test_prune_leaves_what_a_running_build_uses(self):
        self.build("-t", "web")
        (self.context / "etc/unused").write_text("x")
        self.build()
        (self.context / "etc/unused").unlink()
        process = self.start("-t", "late")
        before = self.usage()
        self.run_command("nacre", "prune", "--all")
        self.assertLess(sum(self.usage().values()), sum(before.values()))
        self.assertGreater(self.usage()["unpacked"], 0)
        self.go()
        self.assertEqual(process.wait(timeout=60), 0, (self.work / "log").read_text())
        self.run_command("nacre", "build", "-o", "type=oci,dest=late.tar", "-", stdin=b"FROM late\n")
        self.run_command("skopeo", "inspect", "oci-archive:late.tar")

    def usage(self) -> dict[str, int]:
        return {kind: one["bytes"] for kind, one in json.loads(self.run_command("nacre", "du", "--json").out).items()}

    def on_disk(self) -> int:
        """The sum of all files' sizes, each file once."""
        sizes = {}
        for path in (self.root / "build").rglob("*"):
            if path.is_file() and not path.is_symlink():
                sizes[path.stat().st_ino] = path.stat().st_size
        return sum(sizes.values())

    def test_du_counts_every_byte_and_prune_removes_them(self):
        (self.context / "Dockerfile").write_text(
            DOCKERFILE + "RUN --mount=type=cache,target=/cache busybox head -c 5000 /dev/zero > /cache/x; busybox ln /cache/x /cache/y; "
            "echo 12345 > /one; busybox ln /one /two\n")
        self.build("-t", "web")
        found = self.on_disk()
        self.assertEqual(sum(self.usage().values()), found)
        self.assertEqual(self.usage()["mounts"], 5000)
        shown = int(self.run_command("du", "--apparent-size", "--block-size=1", "-s", self.root / "build/blobs/sha256").out.split()[0])
        folders = sum(path.stat().st_size for path in [self.root / "build/blobs/sha256", *(self.root / "build/blobs/sha256").iterdir()])
        self.assertEqual(sum(path.stat().st_size for path in (self.root / "build/blobs").glob("*/*/*")), shown - folders)
        self.run_command("nacre", "prune", "--filter", "until=1h")
        self.run_command("nacre", "prune", "--keep-storage", "1g")
        self.assertEqual(self.on_disk(), found)
        self.assertEqual(sum(self.usage().values()), found)
        for words in ([], ["-a"]):
            before = self.on_disk()
            said = self.run_command("nacre", "prune", *words).out
            self.assertEqual(before - self.on_disk(), int(said.split(": ")[1].split()[0]), said)
            self.assertEqual(sum(self.usage().values()), self.on_disk())
            self.assertEqual(self.usage()["steps"], 0)
            self.assertEqual(self.usage()["images"] > 0, not words)
        self.assertEqual({kind for kind, size in self.usage().items() if size}, {"records"})
        self.assertEqual(self.run_command("nacre", "images").out, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
