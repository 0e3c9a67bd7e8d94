"""What `nacre build` writes is read by Debian's skopeo, umoci and oci-image-tool, in every form, and holds the same files each time."""
import json
import os
import shutil
import stat
import subprocess
import tarfile
import unittest
from pathlib import Path

from local_builds import LocalBuilds
from support import Registry

DOCKERFILE = """FROM scratch AS base
COPY --chmod=755 busybox /bin/
COPY busybox /bin/sh
RUN busybox mkdir -m 1777 /tmp; busybox mkdir -p /data/old/deep /srv; echo gone > /gone; echo x > /data/old/deep/x
FROM base
RUN busybox rm /gone; busybox rm -r /data/old; busybox mkdir /data/old; echo new > /data/old/new
RUN echo one > /srv/one; busybox ln /srv/one /srv/two; busybox ln -s ../srv/one /tmp/link; busybox chown 1000:1001 /srv/one; \\
    busybox chmod 4755 /srv/one; busybox mkfifo /srv/pipe; busybox touch -d @1000000000 /srv/old
WORKDIR /srv/%(long)s/%(long)s
COPY etc/ /etc/
USER 1000:1001
EXPOSE 80/tcp
VOLUME /data
ENV A="1 2"
LABEL name=web "odd label"='"quoted"'
HEALTHCHECK --interval=3s CMD ["true"]
ENTRYPOINT ["/bin/sh"]
CMD ["-c", "true"]
""" % {"long": "n" * 120}

def tree(root: Path) -> dict[str, tuple]:
    """All that is below a folder, as far as a layer can say it."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(folder) / name
            status = path.lstat()
            kind = stat.S_IFMT(status.st_mode)
            entry = [kind, status.st_uid, status.st_gid]
            if kind == stat.S_IFLNK:
                entry.append(os.readlink(path))
            else:
                entry.append(stat.S_IMODE(status.st_mode))
            if kind == stat.S_IFREG:
                entry += [int(status.st_mtime), status.st_nlink, path.read_bytes()]
            found[str(path.relative_to(root))] = tuple(entry)
    return found


class Outputs(LocalBuilds):
    def setUp(self) -> None:
        super().setUp()
        (self.context / "Dockerfile").write_text(DOCKERFILE)

    def validate(self, layout: str, name: str) -> None:
        if not shutil.which("oci-image-tool"):
            self.skipTest("needs Debian's package oci-image-tool")
        said = self.run_command("oci-image-tool", "validate", "--type", "image", "--ref", f"name={name}", layout)
        self.assertIn("Validation succeeded", said.out + said.err)

    def unpacked(self, layout: str, name: str) -> dict[str, tuple]:
        bundle = self.work / f"bundle-{layout}"
        self.run_command("umoci", "unpack", "--image", f"{layout}:{name}", bundle)
        return tree(bundle / "rootfs")

    def check(self, image: str, layout: str, *options: str) -> dict[str, tuple]:
        """Reads an image by all three programs; gives its root."""
        facts = json.loads(self.run_command("skopeo", "inspect", *[o for o in options if "tls" in o], image).out)
        self.assertEqual(facts["Labels"], {"name": "web", "odd label": '"quoted"'})
        self.assertEqual(facts["Env"], ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1 2"])
        copied = [option.replace("--tls", "--src-tls") for option in options]
        self.run_command("skopeo", "copy", *copied, image, f"oci:{layout}:web")
        self.validate(layout, "web")
        return self.unpacked(layout, "web")

    def test_every_output_of_one_build_holds_the_same_root(self):
        registry = Registry(self.work)
        self.addCleanup(registry.close)
        name = f"{registry.address}/web:1"
        self.build("-t", name, "--push", "-o", "type=oci,dest=oci.tar", "-o", "type=docker,dest=docker.tar", "-o", "type=tar,dest=root.tar",
                   "-o", "type=local,dest=local")
        with tarfile.open(self.work / "oci.tar") as tar:
            tar.extractall(self.work / "own")
        index = json.loads((self.work / "own/index.json").read_text())
        # As it was written, without another program in between.
        self.validate("own", index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"])
        roots = {"local": tree(self.work / "local")}
        roots["oci"] = self.check("oci-archive:oci.tar", "from-oci")
        roots["docker"] = self.check("docker-archive:docker.tar", "from-docker")
        roots["registry"] = self.check(f"docker://{name}", "from-registry", "--tls-verify=false")
        (self.work / "root").mkdir(exist_ok=True)
        (self.work / "untarred").mkdir()
        subprocess.run(["tar", "-xpf", self.work / "root.tar", "-C", self.work / "untarred", "--numeric-owner"], check=True)
        roots["tar"] = tree(self.work / "untarred")
        self.assertIn("srv/two", roots["local"])
        self.assertNotIn("gone", roots["local"])
        self.assertNotIn("data/old/deep", roots["local"])
        for form, root in roots.items():
            self.assertEqual(root, roots["local"], form)

    def test_every_compression_is_read_by_others(self):
        roots = []
        for compression in ("gzip", "gzip:1", "gzip:9", "zstd", "zstd:19"):
            with self.subTest(compression):
                file = compression.replace(":", "-")
                self.build("--compression", compression, "-o", f"type=oci,dest={file}.tar", "-o", f"type=docker,dest={file}-docker.tar")
                raw = json.loads(self.run_command("skopeo", "inspect", "--raw", f"oci-archive:{file}.tar").out)
                kind = compression.split(":")[0]
                self.assertEqual({layer["mediaType"] for layer in raw["layers"]}, {f"application/vnd.oci.image.layer.v1.tar+{kind}"})
                # Debian's umoci and oci-image-tool are older than zstd: skopeo reads it, and writes gzip for them.
                again = ["--dest-compress", "--dest-compress-format", "gzip"] if kind == "zstd" else []
                roots.append(self.check(f"oci-archive:{file}.tar", f"from-{file}", *again))
                self.run_command("skopeo", "inspect", f"docker-archive:{file}-docker.tar")
        self.assertTrue(all(root == roots[0] for root in roots))

    def test_squashed_images_and_those_without_layers_are_read_too(self):
        self.build("-o", "type=oci,dest=whole.tar")
        root = self.check("oci-archive:whole.tar", "from-whole")
        self.build("--squash", "-o", "type=oci,dest=squashed.tar")
        self.assertEqual(self.check("oci-archive:squashed.tar", "from-squashed"), root)
        (self.context / "Dockerfile").write_text("FROM scratch\nLABEL name=empty\n")
        self.build("-o", "type=oci,dest=empty.tar", "-o", "type=docker,dest=empty-docker.tar")
        for image in ("oci-archive:empty.tar", "docker-archive:empty-docker.tar"):
            self.assertEqual(json.loads(self.run_command("skopeo", "inspect", image).out)["Layers"] or [], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
