"""The real, unmodified `koji` command against the service: every command that the hub answers, and its output.

Without the client (no package index, no wheel) the tests are skipped, with the reason.
"""
import hashlib
import json
import re
import unittest

from koji_client import CannotInstall, KojiClient, install_koji
from support import HTTPD, PAGE, Service, assert_nothing_left, wait_until

DATE = r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d 20\d\d"


def httpd(name: str) -> str:
    return HTTPD.replace("httpd-container", f"{name}-container").replace('name="httpd"', f'name="{name}"')


class KojiTest(unittest.TestCase):
    """One service and one client for all tests of a class; the tests have names of their own for what they make."""

    service: Service
    koji_client: KojiClient
    has_builder = True

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)
        try:
            command = install_koji(cls.service.work / "koji-client")
        except CannotInstall as reason:
            raise unittest.SkipTest(f"the koji client cannot be installed: {reason}") from reason
        if not cls.has_builder:
            config = cls.service.root / "nacred.toml"
            config.write_text(config.read_text() + "[builder]\nenabled = false\n")
        cls.service.set_up()
        cls.koji_client = KojiClient(cls.service, command)

    @classmethod
    def tearDownClass(cls) -> None:
        assert_nothing_left(cls.service)

    def koji(self, *words, **options) -> str:
        return self.koji_client.run(*words, **options).out

    def refused(self, *words, **options) -> str:
        result = self.koji_client.run(*words, check=False, **options)
        self.assertNotEqual(result.code, 0, result)
        self.assertNotIn("Traceback", result.err)
        return result.err + result.out

    def match(self, pattern: str, text: str) -> re.Match:
        found = re.search(pattern, text, re.MULTILINE)
        self.assertIsNotNone(found, f"/{pattern}/ is not in\n{text}")
        return found

    def get(self, method: str, *arguments):
        """What `koji call` answers: the arguments go to the hub as they are."""
        return json.loads(self.koji("call", "--json", method, *map(json.dumps, arguments)))


class Administration(KojiTest):
    has_builder = False

    def test_greeting_version_and_calls(self):
        for command in ("moshimoshi", "hello"):
            said = self.koji(command)
            self.match(r"^\w.*, admin!$", said)
            self.assertIn(f"You are using the hub at {self.service.url}/kojihub", said)
            self.assertIn("Authenticated via password", said)
        version = self.koji("version")
        self.match(r"^Client: 1\.36\.1$", version)
        self.match(r"^Hub:    1\.\d+\.\d+$", version)
        self.assertEqual(self.koji("--noauth", "call", "getAPIVersion").strip(), "1")
        self.assertIn("'x': 1", self.koji("call", "--python", "echo", "{'x': 1}", "[None, 2.5]"))
        self.assertIn("getTaskInfo(task_id, request=False, strict=False)", self.koji("list-api"))
        self.assertIn("description: ", self.koji("list-api", "getTaskInfo"))
        self.assertIn("GenericError: Invalid method: noSuchThing", self.refused("call", "noSuchThing"))
        self.assertIn("ParameterError: ", self.refused("call", "getTag", "x", "bad=1"))
        wrong = self.koji_client.run("--password=wrong", "moshimoshi", check=False)
        self.assertNotEqual(wrong.code, 0)
        self.assertIn("AuthError", wrong.err)

    def test_users_and_permissions(self):
        self.match(r"^Added user bob \(\d+\)$", self.koji("add-user", "bob"))
        self.assertIn("GenericError: ", self.refused("add-user", "bob"))
        self.assertIn("ActionNotAllowed: ", self.refused("grant-permission", "admin", "bob", user="alice"))
        self.koji("grant-permission", "tag", "bob")
        self.match(r"^tag\b", self.koji("list-permissions", "--user", "bob"))
        self.koji("grant-permission", "--new", "--description", "Signs images", "image-signer", "bob")
        self.match(r"^image-signer +Signs images$", self.koji("list-permissions"))
        self.koji("edit-permission", "image-signer", "Signs all")
        self.match(r"^image-signer +Signs all$", self.koji("list-permissions"))
        self.koji("revoke-permission", "tag", "bob")
        self.assertNotRegex(self.koji("list-permissions", "--user", "bob"), r"(?m)^tag\b")
        self.match(r"^image-signer", self.koji("list-permissions", "--user", "bob"))
        self.match(r"^admin", self.koji("list-permissions", "--mine"))
        self.match(r"^bob$", self.koji("list-users"))
        history = self.koji("list-history", "--user=bob")
        self.match(rf"^{DATE} permission tag granted to bob by admin$", history)
        self.match(rf"^{DATE} permission tag revoked for bob by admin$", history)
        self.koji("edit-user", "bob", "--rename=robert")
        self.match(r"^robert$", self.koji("list-users", "--prefix=rob"))
        self.koji("disable-user", "robert")
        self.assertEqual(self.get("getUser", "robert")["status"], 1)
        self.koji("enable-user", "robert")
        self.match(r"^User name: robert$", self.koji("userinfo", "robert"))

    def test_tags(self):
        self.koji("add-tag", "t-base", "--arches=x86_64 aarch64", "--extra", "color=blue")
        self.koji("add-tag", "t-child", "--parent", "t-base")
        self.assertIn("already exists", self.refused("add-tag", "t-base"))
        self.assertIn("t-base", self.koji("list-tags").split())
        info = self.koji("taginfo", "t-base")
        self.match(r"^Tag: t-base \[\d+\]$", info)
        self.match(r"^Arches: x86_64 aarch64$", info)
        self.match(r"^  color : 'blue'", info)
        self.koji("edit-tag", "t-base", "--arches=x86_64", "--rename=t-root", "--remove-extra=color")
        info = self.koji("taginfo", "t-root")
        self.match(r"^Arches: x86_64$", info)
        self.assertNotIn("color", info)
        tree = self.koji("list-tag-inheritance", "t-child")
        self.match(r"t-child \(\d+\)\n.*t-root \(\d+\)", tree)
        self.match(r"t-child", self.koji("list-tag-inheritance", "--reverse", "t-root"))
        self.koji("add-tag", "t-other")
        self.koji("add-tag-inheritance", "t-child", "t-other", "--priority=10", "--intransitive")
        self.match(r"^  10 +\.+I?\.* t-other \[\d+\]$|t-other", self.koji("taginfo", "t-child"))
        self.koji("edit-tag-inheritance", "t-child", "t-other", "--priority=20")
        self.assertIn(20, [one["priority"] for one in self.get("getInheritanceData", "t-child")])
        self.koji("remove-tag-inheritance", "t-child", "t-other")
        self.assertNotIn("t-other", self.koji("taginfo", "t-child"))
        self.koji("remove-tag", "t-other")
        self.assertNotIn("t-other", self.koji("list-tags").split())
        self.assertIn("No such tag", self.refused("taginfo", "t-other"))

    def test_locks(self):
        self.koji("add-tag", "l-tag")
        self.koji("lock-tag", "l-tag", "--perm=sign")
        self.match(r"^Required permission: 'sign'$", self.koji("taginfo", "l-tag"))
        self.koji("lock-tag", "--master", "l-tag")
        self.match(r"^LOCKED$", self.koji("taginfo", "l-tag"))
        self.assertIn("master lock already set", self.koji("lock-tag", "--master", "l-tag"))
        self.koji("unlock-tag", "l-tag")
        info = self.koji("taginfo", "l-tag")
        self.assertNotIn("LOCKED", info)
        self.assertNotIn("Required permission", info)

    def test_targets(self):
        self.koji("add-tag", "g-build", "--arches=x86_64")
        self.koji("add-tag", "g-dest")
        self.koji("add-target", "g", "g-build", "g-dest")
        self.match(r"^g +g-build +g-dest", self.koji("list-targets"))
        self.koji("edit-target", "g", "--rename=gg", "--dest-tag=g-build")
        self.match(r"^gg +g-build +g-build", self.koji("list-targets", "--name", "gg"))
        self.assertIn("No such build target", self.refused("edit-target", "nothing", "--rename=x"))
        self.koji("remove-target", "gg")
        self.assertNotRegex(self.koji("list-targets"), r"(?m)^gg ")

    def test_package_lists(self):
        self.koji("add-tag", "p-tag")
        self.koji("add-pkg", "--owner=alice", "p-tag", "p-one", "p-two")
        listed = self.koji("list-pkgs", "--tag=p-tag")
        self.match(r"^p-one +p-tag +alice *$", listed)
        self.assertIn("already exists", self.koji_client.run("add-pkg", "--owner=alice", "p-tag", "p-one", check=False).out)
        self.koji("block-pkg", "p-tag", "p-one")
        self.match(r"^p-one +p-tag +alice +\[BLOCKED\]", self.koji("list-pkgs", "--tag=p-tag", "--show-blocked"))
        self.koji("unblock-pkg", "p-tag", "p-one")
        self.koji("set-pkg-owner", "eve", "p-tag", "p-one")
        self.match(r"^p-one +p-tag +eve", self.koji("list-pkgs", "--tag=p-tag"))
        self.koji("set-pkg-arches", "x86_64", "p-tag", "p-two")
        self.match(r"^p-two +p-tag +x86_64 +alice", self.koji("list-pkgs", "--tag=p-tag"))
        self.match(r"^p-one", self.koji("list-pkgs", "--owner=eve"))
        self.koji("remove-pkg", "--force", "p-tag", "p-two")
        self.assertNotIn("p-two", self.koji("list-pkgs", "--tag=p-tag"))
        self.match(r"^p-one$", self.koji("search", "package", "p-*"))

    def test_hosts_and_channels(self):
        self.match(r"^h-one added: id \d+$", self.koji("add-host", "h-one", "x86_64", "aarch64"))
        self.koji("edit-host", "h-one", "--capacity=7.5", "--description=rack 3", "--comment=new")
        self.koji("add-channel", "h-channel", "--description=tests")
        self.koji("add-host-to-channel", "h-one", "h-channel")
        self.assertIn("already subscribed", self.refused("add-host-to-channel", "h-one", "h-channel"))
        info = self.koji("hostinfo", "h-one")
        for line in (r"Name: h-one", r"Arches: x86_64 aarch64", r"Capacity: 7.5", r"Description: rack 3", r"Comment: new",
                     r"Enabled: yes", r"Ready: no", r"Last Update: never", r"Channels: .*h-channel"):
            self.match(f"^{line}", info)
        self.match(r"^h-one +Y +N +0.0/7.5 +x86_64,aarch64", self.koji("list-hosts", "--channel=h-channel"))
        self.match(r"^h-channel +\d+", self.koji("list-channels"))
        self.koji("disable-host", "h-one", "--comment=off")
        self.match(r"^h-one +N", self.koji("list-hosts"))
        self.koji("enable-host", "h-one")
        self.koji("disable-channel", "h-channel")
        self.match(r"h-channel", self.koji("list-channels", "--disabled"))
        self.koji("enable-channel", "h-channel")
        self.koji("edit-channel", "h-channel", "--name=h-renamed")
        self.koji("remove-host-from-channel", "h-one", "h-renamed")
        self.assertNotIn("h-one", self.koji("list-hosts", "--channel=h-renamed"))
        self.match(r"^h-one$", self.koji("search", "host", "H-*"))

    def test_tasks_that_no_builder_takes(self):
        task = self.koji("make-task", "--channel=container", "--priority=15", "sleep", "5").split()[-1]
        self.match(rf"^{task} +15 +admin +FREE", self.koji("list-tasks", "--mine"))
        info = self.koji("taskinfo", "-v", "-r", task)
        for line in (f"Task: {task}", "Type: sleep", "Owner: admin", "State: free", "Created: "):
            self.match(f"^{line}", info)
        self.koji("set-task-priority", "--priority=3", task)
        self.assertEqual(self.get("getTaskInfo", int(task))["priority"], 3)
        self.koji("add-host", "k-one", "x86_64")
        self.koji("add-host-to-channel", "k-one", "container")
        self.assertIn(f"assigned task {task} to host k-one", self.koji("assign-task", task, "k-one"))
        self.match(rf"^{task} .*ASSIGNED", self.koji("list-tasks", "--host=k-one"))
        self.koji("free-task", task)
        self.assertEqual(self.get("getTaskInfo", int(task))["state"], 0)
        self.assertIn("Cannot cancel task, not owner", self.refused("cancel", task, user="eve"))
        self.koji("cancel", task)
        self.match("^State: canceled", self.koji("taskinfo", task))
        again = self.koji("resubmit", "--nowait", task)
        new = self.match(rf"Resubmitted task {task} as new task (\d+)", again).group(1)
        self.koji("cancel", new)
        watched = self.koji_client.run("watch-task", new, check=False)
        self.assertEqual(watched.code, 1)
        self.match(rf"^{new} sleep .*was canceled|{new} sleep.*: .*canceled", watched.out)

    def test_fixed_lists(self):
        self.match(r"^DEFAULT$", self.koji("list-volumes"))
        self.assertIn("image", [one["name"] for one in self.get("listBTypes")])

    def test_what_the_hub_leaves_out(self):
        target, source = "rawhide-container-candidate", "git://example.org/x#main"
        for words, fault in (
                (("save-failed-tree", "1"), "No buildroots for task 1"),
                (("call", "saveFailedTree", "1"), "left out of this hub: side tags, run roots and saved trees"),
                (("rpminfo", "bash-1-1.x86_64"), "No such rpm"),
                (("build", "--nowait", target, source), "left out of this hub: rpm builds"),
                (("maven-build", "--nowait", target, source), "Maven support not enabled"),
                (("win-build", "--nowait", target, source, "vm"), "Windows support not enabled"),
                (("add-group", "rawhide-container", "build"), "left out of this hub: groups"),
                (("add-external-repo", "extras", "http://example.org/"), "left out of this hub: rpm repositories"),
                (("call", "showOpts"), "left out of this hub: options"),
                (("search", "-r", "package", "^a"), "left out of this hub: search by regular expression")):
            with self.subTest(words[0]):
                self.assertRegex(self.refused(*words), fault)


class Builds(KojiTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.service.import_base("busybox:latest", "busybox")
        checkout = cls.service.make_repository("kojic")
        cls.service.push(checkout, {"Dockerfile": httpd("kojic"), "index.html": PAGE})
        cls.service.build(checkout)
        cls.task = str(cls.service.last_task()["id"])
        cls.source = cls.service.get_task(cls.task)["request"][0]
        cls.nvr = "kojic-container-1.0-1"

    def test_a_container_build_by_call_and_its_task(self):
        task = self.koji("call", "--python", "buildContainer", repr(self.source), "'rawhide-container-candidate'",
                         "{'git_branch': 'main', 'scratch': True}", user="alice").strip()
        watched = self.koji("watch-task", task)
        self.match(rf"^{task} buildContainer \(noarch\): ", watched)
        self.match(rf"^{task} buildContainer \(noarch\) completed successfully$", watched)
        self.match("FROM busybox", self.koji("watch-logs", task))
        listed = self.get("listTaskOutput", int(task))
        self.assertTrue(any(name.endswith(".log") for name in listed), listed)
        folder = self.service.work / "downloads-task"
        folder.mkdir()
        self.koji("download-logs", task, cwd=folder)
        self.assertTrue(list(folder.rglob("*.log")), list(folder.rglob("*")))
        self.koji("download-task", "--all", "--noprogress", task, cwd=folder)
        self.match(rf"^{task} .*CLOSED", self.koji("list-tasks", "--all", "--after=2020-01-01", "--user=alice", "--method=buildContainer"))
        info = self.koji("taskinfo", "-r", task)
        self.match("^State: closed", info)
        self.match("^Host: localhost", info)
        self.match("^Owner: alice", info)

    def test_a_build(self):
        self.match(rf"^{self.nvr} +alice +COMPLETE", self.koji("list-builds", "--package=kojic-container"))
        info = self.koji("buildinfo", self.nvr)
        for line in (rf"BUILD: {self.nvr} \[\d+\]", "State: COMPLETE", "Built by: alice", rf"Task: {self.task} buildContainer",
                     "Tags: rawhide-container", "Image archives:|Image Archives:"):
            self.match(f"^{line}", info)
        self.match(rf"^{self.nvr} +rawhide-container +alice", self.koji("latest-build", "rawhide-container", "kojic-container"))
        self.match(rf"^{self.nvr} +rawhide-container +alice", self.koji("list-tagged", "rawhide-container", "kojic-container"))
        self.match(rf"^{self.nvr}$", self.koji("search", "build", "kojic-*"))
        folder = self.service.work / "downloads-build"
        folder.mkdir()
        self.koji("download-build", "--type=image", "--noprogress", self.nvr, cwd=folder)
        archive = self.get("listArchives", self.get("getBuild", self.nvr)["id"])[0]
        content = next(folder.rglob(archive["filename"])).read_bytes()
        self.assertEqual(hashlib.sha256(content).hexdigest(), archive["checksum"])

    def test_tagging(self):
        for tag in ("m-one", "m-two"):
            self.koji("add-tag", tag)
        self.assertIn("not in list for m-one", self.refused("tag-build", "m-one", self.nvr))
        for tag in ("m-one", "m-two"):
            self.koji("add-pkg", "--owner=alice", tag, "kojic-container")
        said = self.koji("tag-build", "--wait", "m-one", self.nvr)
        self.match(r"^Created task \d+$", said)
        self.match("completed successfully", said)
        self.match(rf"^{self.nvr}", self.koji("list-tagged", "m-one"))
        self.match("moving " + self.nvr, self.koji("move-build", "m-one", "m-two", self.nvr))
        self.assertNotIn(self.nvr, self.koji("list-tagged", "m-one"))
        self.match("m-two", self.koji("list-tags", f"--build={self.nvr}"))
        self.koji("untag-build", "m-two", self.nvr)
        history = self.koji("list-history", f"--build={self.nvr}")
        self.match(rf"^{DATE} {self.nvr} tagged into m-one by admin$", history)
        self.match(rf"^{DATE} {self.nvr} untagged from m-two by admin$", history)
        history = self.koji("list-history", "--tag=m-one")
        self.match(rf"^{DATE} new tag: m-one by admin \[still active\]$", history)
        self.match(rf"^{DATE} package list entry created: kojic-container in m-one by admin", history)
        self.match(rf"^{DATE} package owner alice set for kojic-container in m-one by admin", history)

    def import_build(self, release: str) -> str:
        """Builds by a content generator of another kind: `import-cg`, with real files."""
        folder = self.service.work / f"cg-{release}"
        folder.mkdir()
        (folder / "disk.tar.gz").write_bytes(b"not really a disk\n")
        output = {"filename": "disk.tar.gz", "buildroot_id": 1, "filesize": 18, "arch": "x86_64", "type": "docker-image",
                  "checksum_type": "md5", "checksum": hashlib.md5(b"not really a disk\n").hexdigest(),
                  "extra": {"image": {"arch": "x86_64"}}, "components": []}
        metadata = {
            "metadata_version": 0,
            "build": {"name": "cg-container", "version": "1", "release": release, "start_time": 1700000000, "end_time": 1700000005,
                      "source": "git://x#1", "owner": "alice", "extra": {"image": {}, "typeinfo": {"image": {}}}},
            "buildroots": [{"id": 1, "host": {"os": "debian", "arch": "x86_64"}, "content_generator": {"name": "kiln", "version": "1"},
                            "container": {"type": "docker", "arch": "x86_64"}, "tools": [], "components": [], "extra": {}}],
            "output": [output]}
        (folder / "metadata.json").write_text(json.dumps(metadata))
        return self.koji("import-cg", "--noprogress", "metadata.json", ".", cwd=folder)

    def test_imports_of_content_generators(self):
        self.koji("grant-cg-access", "--new", "admin", "kiln")
        self.assertIn("admin", self.get("listCGs")["kiln"]["users"])
        self.match(r"^Imported build cg-container-1-1 with id \d+$", self.import_build("1"))
        self.match("^cg-container-1-1", self.koji("list-untagged", "cg-container"))
        self.match("^cg-container-1-1", self.koji("list-untagged", "--show-references", "cg-container"))
        reserved = self.koji("reserve-cg", "kiln", "cg-container-1-7")
        self.match(r"cg-container-1-7|\d+", reserved)
        self.assertIn("already exists", self.refused("reserve-cg", "kiln", "cg-container-1-1"))
        path = self.service.root / "koji/packages/cg-container/1/1"
        self.assertTrue(path.exists())
        self.assertEqual(self.koji("call", "deleteBuild", "cg-container-1-1").strip(), "True")
        self.assertEqual(self.get("getBuild", "cg-container-1-1")["state"], 2)
        self.assertFalse(path.exists())
        self.assertIn("Cannot delete build, tagged", self.refused("call", "deleteBuild", self.nvr))
        self.assertIn("Not a draft build", self.refused("promote-build", self.nvr))
        self.assertIn("Not a draft build", self.refused("call", "promoteBuild", self.nvr))
        self.koji("revoke-cg-access", "admin", "kiln")

    def test_cancel_of_a_running_build(self):
        checkout = self.service.make_repository("slow")
        self.service.push(checkout, {"Dockerfile": httpd("slow").rstrip() + "\nRUN sleep 100\n", "index.html": PAGE})
        self.service.build(checkout, "--nowait")
        task = str(self.service.last_task()["id"])
        wait_until(lambda: self.service.get_task(task)["state"] == 1, "the build runs")
        self.koji("cancel", task, user="alice")
        self.match(rf"^{task} buildContainer", self.koji_client.run("watch-task", task, check=False).out)
        self.assertEqual(self.service.get_task(task)["state"], 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
