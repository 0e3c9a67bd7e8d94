"""nacred killed with SIGKILL in the middle of a build and started again: the task ends COMPLETE with exactly one build."""
import random
import signal
import time
import unittest

from support import Service, assert_nothing_left, mounts_of, processes_of, wait_until
from test_bad_input import dockerfile

KILLS = 6
SEED = 20151


class Restart(unittest.TestCase):
    def setUp(self):
        self.service = Service()
        self.addCleanup(self.service.close)
        self.service.set_up()
        self.service.reserve_port()
        self.service.import_base("busybox:latest", "busybox")

    def kill_and_start(self) -> None:
        self.service.stop(signal.SIGKILL)
        wait_until(lambda: not processes_of(self.service), "nothing outlives the service", 10)
        self.service.start()

    def finish(self, task: int, name: str) -> None:
        wait_until(lambda: self.service.get_task(task)["state"] not in (0, 1, 4), "the task ends", 60)
        self.assertEqual(self.service.get_task(task)["state"], 2, self.service.call("getTaskResult", str(task), "raise_fault=false"))
        builds = self.service.call("listBuilds", f"prefix={name}")
        self.assertEqual([(one["nvr"], one["state"]) for one in builds], [(f"{name}-container-1.0-1", 1)])
        digest = self.service.run("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}",
                                  f"docker://{self.service.registry()}/{name}:latest").out.strip()
        self.assertTrue(digest.startswith("sha256:"))
        mirrored = self.service.root / f"mirror/rawhide-container/Container/x86_64/images/{name}-container-1.0-1-x86_64-CHECKSUM"
        wait_until(mirrored.exists, "the build is on the mirror")

    def test_killed_in_the_middle_of_a_step(self):
        checkout = self.service.make_repository("middle")
        self.service.push(checkout, {"Dockerfile": dockerfile("middle", "RUN echo one > /one", "RUN sleep 1.5")})
        self.service.build(checkout, "--nowait")
        task = self.service.last_task()["id"]
        wait_until(lambda: mounts_of(self.service), "a step runs")
        self.kill_and_start()
        self.finish(task, "middle")
        assert_nothing_left(self.service)

    def test_killed_at_random_moments(self):
        moments = random.Random(SEED)
        print(f"seed {SEED}")
        for number in range(KILLS):
            name = f"random{number}"
            checkout = self.service.make_repository(name)
            self.service.push(checkout, {"Dockerfile": dockerfile(name, f"RUN echo {number} > /number")})
            self.service.build(checkout, "--nowait")
            task = self.service.last_task()["id"]
            time.sleep(moments.uniform(0.0, 0.8))
            self.kill_and_start()
            self.finish(task, name)
        assert_nothing_left(self.service)

    def test_a_stop_in_the_middle_gives_the_task_back(self):
        checkout = self.service.make_repository("polite")
        self.service.push(checkout, {"Dockerfile": dockerfile("polite", "RUN sleep 1.5")})
        self.service.build(checkout, "--nowait")
        task = self.service.last_task()["id"]
        wait_until(lambda: mounts_of(self.service), "a step runs")
        self.assertEqual(self.service.stop(), 0)
        self.assertEqual(mounts_of(self.service), [])
        self.service.start()
        self.finish(task, "polite")


if __name__ == "__main__":
    unittest.main(verbosity=2)
