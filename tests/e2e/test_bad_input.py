"""Bad input gets a clear error, an honest exit code, and leaves nothing behind."""
import os
import signal
import subprocess
import unittest
from pathlib import Path

from support import HTTPD, PAGE, Service, ServiceTest, assert_nothing_left, mounts_of, wait_until


def dockerfile(name: str, *lines: str) -> str:
    """A correct one for container/NAME, with `lines` behind its labels."""
    return "\n".join([
        "FROM busybox:latest", f'LABEL com.redhat.component="{name}-container" name="{name}" version="1.0"', *lines, ""])


class BadInput(ServiceTest):
    def refused(self, name: str, files: dict[str, str], *options: str):
        """Pushes the files, builds, and returns what the failed task says."""
        checkout = self.service.work / name
        if not checkout.exists():
            checkout = self.service.make_repository(name)
        self.service.push(checkout, files)
        done = self.service.build(checkout, *options, check=False)
        self.assertEqual(done.code, 1, done)
        task = self.service.last_task()
        self.assertEqual(task["state"], 5, task)
        fault = self.service.call("getTaskResult", str(task["id"]), "raise_fault=false")
        self.assertIn(fault["faultString"].split("\n")[0], done.err, "the client shows the cause")
        self.assertEqual(mounts_of(self.service), [])
        return done, fault

    def test_no_dockerfile(self):
        done, fault = self.refused("nodockerfile", {"README": "nothing here\n"})
        self.assertEqual(fault["faultCode"], 1005)
        self.assertIn("Dockerfile file missing", done.err)

    def test_a_syntax_error_shows_file_line_column_and_the_line(self):
        done, fault = self.refused("syntax", {"Dockerfile": dockerfile("syntax", "RUNN true")})
        self.assertEqual(fault["faultCode"], 1005)
        self.assertIn("Dockerfile:3:1: error: ", done.err)
        self.assertIn("RUNN true", done.err)
        self.assertIn("RUN", done.err.replace("RUNN", ""), "what was expected")

    def test_missing_labels_are_all_named_at_once(self):
        done, fault = self.refused("labels", {"Dockerfile": "FROM busybox:latest\nRUN true\n"})
        self.assertEqual(fault["faultCode"], 1005)
        for label in ("com.redhat.component", "name", "version"):
            self.assertIn(label, done.err)

    def test_an_unknown_target(self):
        checkout = self.service.make_repository("target")
        self.service.push(checkout, {"Dockerfile": dockerfile("target")})
        done = self.service.build(checkout, "--target", "nosuch", check=False)
        self.assertEqual(done.code, 1, done)
        self.assertIn("Unknown build target: nosuch", done.err)

    def test_a_package_that_the_tag_does_not_list(self):
        done, fault = self.refused("unlisted", {"Dockerfile": dockerfile("other")})
        self.assertIn("package (container) other-container not in list for tag rawhide-container", fault["faultString"])

    def test_a_base_image_that_is_not_there(self):
        text = dockerfile("nobase").replace("busybox:latest", "busibox:latest")
        done, _ = self.refused("nobase", {"Dockerfile": text})
        self.assertIn("busibox:latest", done.err)
        self.assertIn("busybox", done.err, "the name that was meant is offered")

    def test_a_run_that_exits_with_7(self):
        lines = [f"RUN for i in $(seq 1 200); do echo line $i; done; echo the end is near; exit 7"]
        done, fault = self.refused("exit7", {"Dockerfile": dockerfile("exit7", *lines)})
        self.assertEqual(fault["faultCode"], 2001)
        self.assertIn("Dockerfile:3", fault["faultString"])
        self.assertIn("exited with 7", fault["faultString"])
        self.assertIn("the end is near", fault["faultString"], "the last lines of the output are in the result")
        task = self.service.last_task()
        log = self.service.call("listTaskOutput", str(task["id"]))
        self.assertIn("x86_64.log", log)
        folder = self.service.root / f"koji/work/tasks/{task['id'] % 10000}/{task['id']}"
        full = (folder / "x86_64.log").read_text()
        self.assertIn("line 1\n", full)
        self.assertIn("line 200\n", full)
        builds = self.service.call("listBuilds", "prefix=exit7")
        self.assertEqual([one["state"] for one in builds if one["state"] == 1], [], "no complete build")

    def test_a_failed_build_can_be_repaired_under_the_same_release(self):
        self.refused("repair", {"Dockerfile": dockerfile("repair", "RUN exit 3")})
        checkout = self.service.work / "repair"
        self.service.push(checkout, {"Dockerfile": dockerfile("repair", "RUN true")})
        self.service.build(checkout)
        self.assertEqual(self.service.call("getBuild", "repair-container-1.0-1")["state"], 1)

    def test_a_build_of_the_same_release_twice(self):
        checkout = self.service.make_repository("twice")
        self.service.push(checkout, {"Dockerfile": dockerfile("twice")})
        self.service.build(checkout, "--build-release", "5")
        done, fault = self.refused("twice", {"note": "again"}, "--build-release", "5")
        self.assertIn("Build for twice-container-1.0-5 already exists", fault["faultString"])

    def test_options_that_exclude_each_other(self):
        checkout = self.service.make_repository("options")
        self.service.push(checkout, {"Dockerfile": dockerfile("options")})
        done = self.service.build(checkout, "--scratch", "--isolated", check=False)
        self.assertIn(done.code, (1, 2), done)
        self.assertIn("isolated", done.err)

    def test_what_is_not_pushed_is_not_built(self):
        checkout = self.service.make_repository("unpushed")
        (checkout / "Dockerfile").write_text(dockerfile("unpushed"))
        done = self.service.build(checkout, check=False)
        self.assertEqual(done.code, 1, done)
        self.assertIn("uncommitted", done.err)

    def test_the_network_is_closed_unless_the_target_opens_it(self):
        done, fault = self.refused("offline", {"Dockerfile": dockerfile("offline", "RUN ip route | grep -q . || { echo no route; exit 9; }")})
        self.assertIn("exited with 9", fault["faultString"])

    def test_a_client_that_goes_away_does_not_stop_the_build(self):
        checkout = self.service.make_repository("goner")
        self.service.push(checkout, {"Dockerfile": dockerfile("goner", "RUN sleep 2")})
        client = subprocess.Popen(["nacre", "container-build"], cwd=checkout, env=self.service.environment("alice"),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while "RUN sleep 2" not in (line := client.stdout.readline()):
            self.assertNotEqual(line, "", "the client ended before the step began")
        os.kill(client.pid, signal.SIGKILL)
        client.wait()
        client.stdout.close()
        task = self.service.last_task()
        wait_until(lambda: self.service.get_task(task["id"])["state"] not in (0, 1, 4), "the task ends")
        self.assertEqual(self.service.get_task(task["id"])["state"], 2)

    def test_cancel_ends_the_build_and_everything_it_started(self):
        checkout = self.service.make_repository("cancelled")
        self.service.push(checkout, {"Dockerfile": dockerfile("cancelled", "RUN echo marker; sleep 987654")})
        self.service.build(checkout, "--nowait")
        task = self.service.last_task()["id"]
        wait_until(lambda: sleepers(), "the step runs")
        self.service.run("nacre", "cancel", str(task), user="alice")
        wait_until(lambda: not sleepers(), "the process is gone", 5)
        wait_until(lambda: not mounts_of(self.service), "the mounts are gone", 5)
        self.assertEqual(self.service.get_task(task)["state"], 3)

    def test_a_killed_worker_does_not_harm_the_service(self):
        checkout = self.service.make_repository("killed")
        self.service.push(checkout, {"Dockerfile": dockerfile("killed", "RUN sleep 3")})
        self.service.build(checkout, "--nowait")
        task = self.service.last_task()["id"]
        wait_until(lambda: workers(self.service), "the worker runs")
        for pid in workers(self.service):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.service.get_task(task)["state"] == 2, "the task ran again and closed", 40)
        builds = self.service.call("listBuilds", "prefix=killed")
        self.assertEqual([(one["nvr"], one["state"]) for one in builds], [("killed-container-1.0-1", 1)])

    def test_wrong_password_and_unknown_user_look_the_same(self):
        (self.service.work / "wrong.password").write_text("wrong\n")
        texts = []
        for user in ("alice", "nobody"):
            done = self.service.run("nacre", "login", "--server", self.service.url, "--user", user, "--password-file",
                                    self.service.work / "wrong.password", check=False)
            self.assertEqual(done.code, 1, done)
            texts.append(done.err.replace(user, "USER"))
        self.assertEqual(texts[0], texts[1])


class FullDisk(unittest.TestCase):
    def test_a_full_disk_while_a_layer_is_committed_loses_nothing(self):
        service = Service()
        disk = service.work / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "nacre-e2e", disk], check=True)
        try:
            service.root = disk / "root"
            service.root.mkdir()
            (service.root / "nacred.toml").write_text("[http]\nport = 0\n")
            service.set_up()
            service.import_base("busybox:latest", "busybox")
            checkout = service.make_repository("full")
            service.push(checkout, {"Dockerfile": dockerfile("full", "RUN head -c 80000000 /dev/urandom > /big")})
            done = service.build(checkout, check=False)
            self.assertEqual(done.code, 1, done)
            self.assertRegex(done.err, "no space in .*bytes")
            self.assertEqual(service.get_task(service.last_task()["id"])["state"], 5)
            # The service goes on, and the space is free again.
            service.push(checkout, {"Dockerfile": dockerfile("full", "RUN echo small > /small")})
            service.build(checkout)
            self.assertEqual(service.call("getBuild", "full-container-1.0-1")["state"], 1)
            assert_nothing_left(service)
        finally:
            if service.process and service.process.poll() is None:
                service.stop()
            subprocess.run(["umount", "--lazy", disk], check=True)
            service.close()


def sleepers() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and b"sleep\x00987654" in read(entry / "cmdline")]


def workers(service: Service) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and b"\0worker\0" in read(entry / "cmdline") and is_below(int(entry.name), service.process.pid)]


def is_below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        status = read(Path(f"/proc/{pid}/stat"))
        if not status:
            return False
        pid = int(status.rsplit(b")", 1)[1].split()[1])
        if pid == ancestor:
            return True
    return False


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    unittest.main(verbosity=2)
