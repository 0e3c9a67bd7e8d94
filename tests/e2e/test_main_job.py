"""The main job through every part for real: Dockerfile in dist-git, build, pull, import, mirror."""
import hashlib
import json
import shutil
import subprocess
import unittest

from support import HTTPD, PAGE, SOURCE, Service, ServiceTest, wait_until

NGINX = (SOURCE / "docs/examples/nginx/Dockerfile").read_text()


class MainJob(ServiceTest):
    def test_httpd_from_dockerfile_to_answering_container(self):
        service = self.service
        checkout = service.make_repository("httpd")
        commit = service.push(checkout, {"Dockerfile": HTTPD, "index.html": PAGE})

        done = service.build(checkout)
        self.assertIn("Created task: ", done.out)
        self.assertIn("[", done.out, "the log of the steps was followed")
        self.assertIn("completed successfully", done.out)

        task = service.last_task()
        result = service.call("getTaskResult", str(task["id"]))
        self.assertEqual(sorted(result), ["koji_builds", "repositories"])
        self.assertEqual([type(one) for one in result["koji_builds"]], [str])
        build = service.call("getBuild", result["koji_builds"][0])
        self.assertEqual(build["nvr"], "httpd-container-1.0-1")
        self.assertEqual(build["state"], 1)
        self.assertEqual(build["task_id"], task["id"])
        self.assertEqual(build["owner_name"], "alice")
        tagged = service.call("listTagged", "rawhide-container")
        self.assertIn("httpd-container-1.0-1", [one["nvr"] for one in tagged])

        self.check_pulls(build, commit)
        self.check_import(build)
        self.check_mirror(build)
        page = service.run(SOURCE / "scripts/serve-image", f"{service.registry()}/httpd:1.0-1", "8080").out
        self.assertEqual(page, PAGE)

    def check_pulls(self, build: dict, commit: str) -> None:
        service = self.service
        tags = json.loads(service.run("skopeo", "list-tags", "--tls-verify=false", f"docker://{service.registry()}/httpd").out)["Tags"]
        self.assertEqual({"1.0-1", "1.0", "latest"} - set(tags), set())
        unique = [tag for tag in tags if tag.startswith("rawhide-container-candidate-")]
        self.assertEqual(len(unique), 1, tags)
        digests = set()
        for tag in tags:
            seen = json.loads(service.run("skopeo", "inspect", "--tls-verify=false", f"docker://{service.registry()}/httpd:{tag}").out)
            digests.add(seen["Digest"])
            self.assertEqual(seen["Labels"]["release"], "1")
            self.assertEqual(seen["Labels"]["vcs-ref"], commit)
            self.assertEqual(seen["Labels"]["architecture"], "x86_64")
        self.assertEqual(len(digests), 1)
        self.assertIn(digests.pop(), build["extra"]["image"]["index"]["pull"][0])
        storage = service.work / "podman"
        podman = ["podman", "--root", storage, "--runroot", service.work / "podman-run"]
        service.run(*podman, "pull", "--quiet", "--tls-verify=false", f"{service.registry()}/httpd:latest")
        labels = json.loads(service.run(*podman, "image", "inspect", f"{service.registry()}/httpd:latest").out)[0]["Labels"]
        self.assertEqual(labels["com.redhat.component"], "httpd-container")
        service.run(*podman, "rmi", "--all", "--force")
        service.run(*podman, "system", "reset", "--force")
        shutil.rmtree(storage, ignore_errors=True)

    def check_import(self, build: dict) -> None:
        archives = self.service.call("listArchives", str(build["build_id"]))
        self.assertEqual([one["btype"] for one in archives], ["image"])
        archive = archives[0]
        path = self.service.root / "koji/packages/httpd-container/1.0/1/images" / archive["filename"]
        content = path.read_bytes()
        self.assertEqual(len(content), archive["size"])
        self.assertEqual(hashlib.sha256(content).hexdigest(), archive["checksum"])
        self.assertTrue((path.parent.parent / "metadata.json").exists())

    def check_mirror(self, build: dict) -> None:
        folder = self.service.root / "mirror/rawhide-container/Container/x86_64/images"
        checksum = folder / "httpd-container-1.0-1-x86_64-CHECKSUM"
        wait_until(checksum.exists, "the build is on the mirror")
        subprocess.run(["sha256sum", "--check", "--quiet", checksum.name], cwd=folder, check=True)
        archive = folder / "httpd-container-1.0-1.x86_64.oci.tar"
        seen = json.loads(self.service.run("skopeo", "inspect", f"oci-archive:{archive}").out)
        self.assertIn(seen["Digest"], build["extra"]["image"]["index"]["pull"][0])

    def test_nginx_from_debian_packages_with_the_network_that_the_target_allows(self):
        service = self.service
        service.import_base("debian:bookworm", "debian")
        checkout = service.make_repository("nginx")
        service.push(checkout, {"Dockerfile": NGINX})

        service.build(checkout, "--target", "rawhide-container-network")
        page = service.run(SOURCE / "scripts/serve-image", f"{service.registry()}/nginx:latest", "80").out
        self.assertIn("<title>Welcome to nginx!</title>", page)
        build = service.call("getBuild", "nginx-container-1.22-1")
        self.assertEqual(build["state"], 1)
        components = json.loads((service.root / "koji/packages/nginx-container/1.22/1/metadata.json").read_text())["output"][0]["components"]
        self.assertIn(("deb", "nginx-light"), [(one["type"], one["name"]) for one in components])

    def test_a_push_without_commit_rights_is_refused(self):
        service = self.service
        checkout = service.make_repository("private")
        service.push(checkout, {"index.html": "mine"})
        service.run("nacre", "clone", "container/private", "eve-private", user="eve")
        stranger = service.work / "eve-private"
        service.run("git", "commit", "--quiet", "--allow-empty", "--message", "Not mine", cwd=stranger, user="eve")
        refused = service.run("git", "push", cwd=stranger, user="eve", check=False)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("eve", refused.err)
        anonymous = service.run("git", "-c", "credential.helper=", "push", f"{service.url}/git/container/private.git", "HEAD:main", cwd=stranger, check=False)
        self.assertNotEqual(anonymous.code, 0)

    def test_the_second_build_gets_the_next_release_and_moves_the_floating_tags(self):
        service = self.service
        checkout = service.make_repository("again")
        dockerfile = HTTPD.replace("httpd-container", "again-container").replace('name="httpd"', 'name="again"')
        service.push(checkout, {"Dockerfile": dockerfile, "index.html": PAGE})
        service.build(checkout)
        service.push(checkout, {"index.html": "two"})
        service.build(checkout)
        digest = lambda tag: json.loads(service.run("skopeo", "inspect", "--tls-verify=false", f"docker://{service.registry()}/again:{tag}").out)["Digest"]
        self.assertNotEqual(digest("1.0-1"), digest("1.0-2"))
        self.assertEqual(digest("latest"), digest("1.0-2"))
        self.assertEqual(digest("1.0"), digest("1.0-2"))

    def test_a_scratch_build_leaves_no_build_and_no_names_that_users_follow(self):
        service = self.service
        checkout = service.make_repository("scratchy")
        dockerfile = HTTPD.replace("httpd-container", "scratchy-container").replace('name="httpd"', 'name="scratchy"')
        service.push(checkout, {"Dockerfile": dockerfile, "index.html": PAGE})
        service.build(checkout, "--scratch")
        again = service.build(checkout, "--scratch").out
        self.assertIn(" CACHED", again, "the steps of the same commit were run again")
        result = service.call("getTaskResult", str(service.last_task()["id"]))
        self.assertEqual(result["koji_builds"], [])
        self.assertEqual(service.call("getPackageID", "scratchy-container") and service.call("listBuilds", "prefix=scratchy"), [])
        tags = json.loads(service.run("skopeo", "list-tags", "--tls-verify=false", f"docker://{service.registry()}/scratchy").out)["Tags"]
        self.assertEqual([tag for tag in tags if tag in ("latest", "1.0")], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
