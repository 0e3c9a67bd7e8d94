"""`nacre build --cache-to` and `--cache-from`: what one machine ran is not run by another. Another machine is another NACRE_ROOT."""
import json
import shutil
import unittest
from pathlib import Path

from local_builds import LocalBuilds
from support import Registry

STAGES = """FROM scratch AS tools
COPY --chmod=755 busybox /bin/
COPY busybox /bin/sh
RUN busybox echo made > /made; busybox dd if=/dev/urandom of=/proof bs=8 count=1; busybox touch /other

FROM scratch
COPY --chmod=755 busybox /bin/
COPY busybox /bin/sh
COPY --from=tools /made /proof /
RUN busybox dd if=/dev/urandom of=/moment bs=8 count=1
WORKDIR /srv
"""


class SharedCaches(LocalBuilds):
    def setUp(self) -> None:
        super().setUp()
        (self.context / "Dockerfile").write_text(STAGES)
        self.machines = 0

    def start_registry(self) -> Registry:
        registry = Registry(self.work)
        self.addCleanup(registry.close)
        return registry

    def use_another_machine(self) -> None:
        self.machines += 1
        self.root = self.work / f"machine-{self.machines}"

    def outcomes(self, *options) -> dict[str, str]:
        """By the text of each step."""
        built = self.run_command("nacre", "build", "--progress", "json", *options, self.context)
        steps, ends = {}, {}
        for line in built.err.splitlines():
            event = json.loads(line)
            if event["event"] == "step_started":
                steps[event["step"]] = f"{event['stage']} {event['text']}"
            elif event["event"] == "step_finished":
                ends[steps[event["step"]]] = event["outcome"]
        self.image, self.notes = built.out.strip(), built.err
        return ends

    def runs(self, *options) -> list[str]:
        """The RUNs that were run."""
        return [step for step, outcome in self.outcomes(*options).items() if " RUN " in step and outcome != "cached"]

    def test_all_steps_go_through_a_registry_and_layers_are_fetched_when_somebody_needs_them(self):
        registry = self.start_registry()
        cache = f"type=registry,ref={registry.address}/cache:all"
        self.assertEqual(len(self.runs("--cache-to", cache + ",mode=max")), 2)
        first = self.image
        self.use_another_machine()
        self.assertEqual(set(self.outcomes("--cache-from", cache).values()), {"cached"})
        self.assertEqual(self.image, first)
        blobs = sum(path.stat().st_size for path in (self.root / "build/blobs").rglob("*") if path.is_file())
        self.assertLess(blobs, 100_000, "no layer came along")
        self.run_command("nacre", "build", "--cache-from", cache, "-t", "web:1", "-o", "type=oci,dest=web.tar", self.context)
        self.run_command("skopeo", "copy", "oci-archive:web.tar:web:1", "oci:layout:web")
        self.run_command("umoci", "unpack", "--image", "layout:web", "bundle")
        self.assertEqual((self.work / "bundle/rootfs/made").read_text(), "made\n")

    def test_a_changed_step_runs_on_top_of_what_came_from_elsewhere(self):
        registry = self.start_registry()
        cache = f"{registry.address}/cache"
        self.runs("--cache-to", f"type=registry,ref={cache},mode=max")
        self.use_another_machine()
        (self.context / "Dockerfile").write_text(STAGES + "RUN busybox cat /moment /proof > /both\n")
        self.assertEqual(self.runs("--cache-from", cache), ["1 RUN busybox cat /moment /proof > /both"])

    def test_mode_min_has_the_steps_of_the_image(self):
        self.runs("--cache-to", "type=local,dest=cache")
        self.use_another_machine()
        ran = self.runs("--cache-from", "type=local,src=cache")
        self.assertEqual([step.split()[0] for step in ran], ["tools", "1"], "its first RUN gives other files, so what is on top is another step")
        index = json.loads((self.work / "cache/index.json").read_text())
        self.assertEqual(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "latest")

    def test_a_folder_is_a_layout_that_is_added_to(self):
        self.runs("--cache-to", "type=local,dest=cache,mode=max,tag=one")
        first = self.image
        self.use_another_machine()
        self.assertEqual(self.runs("--cache-from", "type=local,src=cache,tag=one", "--cache-to", "type=local,dest=cache,mode=max"), [])
        self.assertEqual(self.image, first)
        self.use_another_machine()
        self.assertEqual(self.runs("--cache-from", "type=local,src=cache"), [])
        names = {one["annotations"]["org.opencontainers.image.ref.name"] for one in json.loads((self.work / "cache/index.json").read_text())["manifests"]}
        self.assertEqual(names, {"one", "latest"})
        self.assertEqual([path for path in (self.work / "cache").rglob(".*")], [])

    def test_an_image_tells_of_its_own_steps(self):
        registry = self.start_registry()
        name = f"{registry.address}/web:1"
        (self.context / "Dockerfile").write_text(STAGES.split("\n\n")[0] + "\n")
        self.runs("--cache-to", "type=inline", "-t", name, "--push")
        first = self.image
        self.use_another_machine()
        self.assertEqual(self.runs("--cache-from", name), [])
        self.assertEqual(self.image, first)
        self.use_another_machine()
        self.runs("--build-arg", "BUILDKIT_INLINE_CACHE=1", "-t", name, "--push")
        self.use_another_machine()
        self.assertEqual(self.runs("--cache-from", f"type=registry,ref={name}"), [])

    def test_a_cache_that_is_missing_or_broken_is_named_and_the_build_goes_on(self):
        registry = self.start_registry()
        self.runs("--cache-to", "type=local,dest=cache,mode=max", "-t", f"{registry.address}/web", "--push")
        for blob in (self.work / "cache/blobs/sha256").iterdir():
            if b'"steps":[' in blob.read_bytes()[:1000]:
                blob.write_text("{}")
        self.use_another_machine()
        self.assertEqual(len(self.runs("--cache-from", "type=local,src=cache")), 2)
        self.assertIn("warning: no cache from 'type=local,src=cache'", self.notes)
        others = ("type=local,src=nowhere", f"{registry.address}/nobody/knows", f"{registry.address}/web")
        self.outcomes(*(word for other in others for word in ("--cache-from", other)))
        for other in others:
            self.assertIn(f"warning: no cache from '{other}'", self.notes)

    def test_a_layer_that_the_cache_lost_is_made_again(self):
        self.runs("--cache-to", "type=local,dest=cache,mode=max")
        for blob in (self.work / "cache/blobs/sha256").iterdir():
            if blob.stat().st_size > 2000:
                blob.unlink()
        self.use_another_machine()
        outcomes = self.outcomes("--cache-from", "type=local,src=cache")
        both = {outcomes[stage + " COPY busybox /bin/sh"] for stage in ("tools", "1")}
        self.assertIn("done", both, "one stage makes the layer for both")

    def test_no_cache_runs_all_and_exports_what_it_ran(self):
        self.runs("--cache-to", "type=local,dest=cache,mode=max")
        self.use_another_machine()
        self.assertEqual(len(self.runs("--no-cache", "--cache-from", "type=local,src=cache", "--cache-to", "type=local,dest=cache,mode=max")), 2)
        second = self.image
        self.use_another_machine()
        self.assertEqual(self.runs("--cache-from", "type=local,src=cache"), [])
        self.assertEqual(self.image, second)

    def test_an_export_that_fails_ends_the_build_unless_it_may(self):
        (self.work / "file").write_text("")
        failed = self.build("--cache-to", "type=local,dest=file/cache", check=False)
        self.assertEqual(failed.code, 1)
        self.assertIn("--cache-to 'type=local,dest=file/cache'", failed.err)
        done = self.build("--cache-to", "type=local,dest=file/cache,ignore-error=true")
        self.assertIn("warning: --cache-to", done.err)

    def test_steps_of_others_depend_on_the_same_things(self):
        self.runs("--cache-to", "type=local,dest=cache,mode=max")
        self.use_another_machine()
        self.assertEqual(len(self.runs("--cache-from", "type=local,src=cache", "--source-date-epoch", "7")), 2)
        self.use_another_machine()
        elsewhere = self.work / "elsewhere"
        shutil.copytree(self.context, elsewhere)
        (elsewhere / "busybox").write_bytes(Path("/bin/busybox").read_bytes() + b"\n")
        self.context = elsewhere
        self.assertEqual(len(self.runs("--cache-from", "type=local,src=cache")), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
