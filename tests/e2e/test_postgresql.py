"""The service on PostgreSQL; and two hubs over one, which is restarted under them: no task is lost or doubled, no call applied twice."""
import collections
import http.client
import threading
import time
import unittest
import urllib.parse
import xmlrpc.client
from pathlib import Path

from postgresql import Postgresql, find_programs
from support import Service, assert_nothing_left, wait_until
from test_bad_input import dockerfile

OFFLINE, APPLIED = 1014, 1009
CLIENTS, CALLS = 4, 40
RESTARTS = ("fast", "immediate", "fast")
# What clients wait for a hub, as Koji's do, and the pause between attempts.
PATIENCE_SECONDS, PAUSE_SECONDS = 60.0, 0.1
TASK_CLOSED = 2


class HubProcess(Service):
    """`nacred hub`: a data folder of its own, the folder koji/ shared."""

    def __init__(self, postgresql: Postgresql, shared: Path | None):
        super().__init__()
        (self.root / "nacred.toml").write_text(f'[http]\nport = 0\n[database]\nurl = "{postgresql.url()}"\n')
        (self.root / "hub.conf").unlink()
        if shared:
            (self.root / "koji").symlink_to(shared)
        self.command = "hub"


class Session:
    """A Koji session over several hubs: a call whose answer is lost is repeated with its number, at the next hub."""

    def __init__(self, hubs: list[HubProcess], user: str):
        self.hubs, self.turn, self.number, self.repeated = hubs, 0, 0, 0
        self.query = ""
        answer = self.call("login", user, f"password-of-{user}")
        self.query = "?" + urllib.parse.urlencode({"session-id": answer["session-id"], "session-key": answer["session-key"]})

    def send(self, method: str, arguments: tuple):
        hub = self.hubs[self.turn % len(self.hubs)]
        self.turn += 1
        address = urllib.parse.urlsplit(hub.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            query = f"{self.query}&callnum={self.number}" if self.query else ""
            connection.request("POST", f"/kojihub{query}", xmlrpc.client.dumps(arguments, method, allow_none=True), {"Content-Type": "text/xml"})
            (value,), _ = xmlrpc.client.loads(connection.getresponse().read(), use_builtin_types=True)
            return value
        finally:
            connection.close()

    def call(self, method: str, *arguments):
        """The answer; APPLIED for a call that was applied and whose answer is gone."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                value = self.send(method, arguments)
                break
            except xmlrpc.client.Fault as fault:
                if fault.faultCode == APPLIED:
                    value = APPLIED
                    break
                if fault.faultCode != OFFLINE or time.monotonic() > end:
                    raise
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
            self.repeated += 1
            time.sleep(PAUSE_SECONDS)
        self.number += 1
        return value


class Builder(threading.Thread):
    """A host that does nothing but finish what it is given."""

    def __init__(self, hubs: list[HubProcess]):
        super().__init__()
        self.session = Session(hubs, "b1")
        self.opened = collections.Counter()
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self.session.call("exclusiveSession")
        self.session.call("host.updateHost", 0.0, True)
        self.start()

    def run(self) -> None:
        try:
            while not self.stopping.wait(0.02):
                self.turn()
        except BaseException as failure:  # shown by check()
            self.failure = failure

    def turn(self) -> None:
        self.session.call("host.updateHost", 0.0, True)
        # What was opened before its answer was lost.
        for task in self.session.call("host.getHostTasks"):
            self.finish(task["id"])
        for task in self.session.call("host.getTasks"):
            if self.session.call("host.openTask", task["id"]):
                self.opened[task["id"]] += 1
                self.finish(task["id"])

    def finish(self, task: int) -> None:
        self.session.call("host.closeTask", task, xmlrpc.client.dumps(({"koji_builds": []},), methodresponse=True))

    def check(self) -> None:
        if self.failure:
            raise self.failure

    def close(self) -> None:
        self.stopping.set()
        self.join()


NEEDS_POSTGRESQL = unittest.skipUnless(find_programs(), "PostgreSQL is not installed (Debian package postgresql)")


@NEEDS_POSTGRESQL
class WholeService(unittest.TestCase):
    def test_builds_and_publishes(self):
        postgresql = Postgresql()
        self.addCleanup(postgresql.close)
        service = Service()
        self.addCleanup(service.close)
        (service.root / "nacred.toml").write_text(f'[http]\nport = 0\n[database]\nurl = "{postgresql.url()}"\n')
        service.set_up()
        service.import_base("busybox:latest", "busybox")
        checkout = service.make_repository("web")
        service.push(checkout, {"Dockerfile": dockerfile("web", "RUN echo built > /built")})
        service.build(checkout)
        builds = service.call("listBuilds", "prefix=web")
        self.assertEqual([(one["nvr"], one["state"]) for one in builds], [("web-container-1.0-1", 1)])
        mirrored = service.root / "mirror/rawhide-container/Container/x86_64/images/web-container-1.0-1-x86_64-CHECKSUM"
        wait_until(mirrored.exists, "the build is on the mirror")
        self.assertFalse((service.root / "db.sqlite").exists())
        assert_nothing_left(service)


@NEEDS_POSTGRESQL
class TwoHubs(unittest.TestCase):
    def setUp(self):
        self.postgresql = Postgresql()
        self.addCleanup(self.postgresql.close)
        first = HubProcess(self.postgresql, None)
        self.addCleanup(first.close)
        for user, options in (("admin", ["--admin"]), ("alice", [])):
            first.add_user(user, *options)
        first.start()
        second = HubProcess(self.postgresql, first.root / "koji")
        self.addCleanup(second.close)
        second.start()
        self.hubs = [first, second]
        self.admin = Session(self.hubs, "admin")
        for call in (("createTag", "f40-build", None, "x86_64"), ("createTag", "f40"), ("createBuildTarget", "f40", "f40-build", "f40"),
                     ("addHost", "b1", ["x86_64"]), ("addHostToChannel", "b1", "container"),
                     ("editHost", "b1", {"__starstar": True, "capacity": 50.0})):
            self.admin.call(*call)
        first.add_user("b1")

    def submit(self, sessions: list[Session], restarts: tuple) -> None:
        """Each session asks for CALLS builds, over both hubs; meanwhile the server is restarted."""
        failures = []

        def ask(number: int, session: Session) -> None:
            try:
                for call in range(CALLS):
                    session.call("buildContainer", f"git://x#{number}-{call}", "f40", {})
                    time.sleep(0.05)
            except BaseException as failure:  # shown below
                failures.append(failure)

        threads = [threading.Thread(target=ask, args=one) for one in enumerate(sessions)]
        for thread in threads:
            thread.start()
        for mode in restarts:
            time.sleep(0.5)
            self.postgresql.restart(mode)
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def check_tasks(self, wanted: int) -> None:
        found = collections.Counter(self.postgresql.sql("SELECT substring(request FROM '#([0-9]+-[0-9]+)') FROM task"))
        self.assertEqual(sorted(found.values()), [1] * len(found), "no task is there twice")
        self.assertEqual(len(found), wanted)

    def start_builder(self) -> Builder:
        builder = Builder(self.hubs)
        self.addCleanup(builder.close)
        return builder

    def wait_for_closed(self, builder: Builder, tasks: int) -> None:
        def are_closed() -> bool:
            builder.check()
            return self.states() == {TASK_CLOSED: tasks}

        wait_until(are_closed, f"{tasks} tasks are built", 60)

    def states(self) -> dict[int, int]:
        return {int(state): int(count) for state, count in
                (row.split("|") for row in self.postgresql.sql("SELECT state, COUNT(*) FROM task GROUP BY state"))}

    def consistent(self) -> None:
        """Every reference leads to a row: the server's own check of what it wrote."""
        again = self.postgresql.sql(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s;', conrelid::regclass, conname, conname, pg_get_constraintdef(oid))"
            " FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace")
        self.assertGreater(len(again), 30)
        self.postgresql.sql("BEGIN; " + " ".join(again) + " ROLLBACK")

    def test_calls_over_both_while_the_server_is_restarted(self):
        builder = self.start_builder()
        sessions = [Session(self.hubs, "alice") for _ in range(CLIENTS)]
        self.submit(sessions, RESTARTS)
        self.wait_for_closed(builder, CLIENTS * CALLS)
        self.check_tasks(CLIENTS * CALLS)
        self.assertEqual(sorted(builder.opened), sorted(int(row) for row in self.postgresql.sql("SELECT id FROM task")))
        self.assertEqual(set(builder.opened.values()), {1}, "no task is run twice")
        numbers = self.postgresql.sql("SELECT callnum FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.name = 'alice' ORDER BY s.id")
        self.assertEqual(numbers[-CLIENTS:], [str(CALLS)] * CLIENTS)
        self.consistent()
        print(f"{sum(session.repeated for session in sessions)} calls were repeated")

    def test_the_other_hub_schedules_when_one_is_killed(self):
        builder = self.start_builder()
        self.admin.call("buildContainer", "git://x#before", "f40", {})
        self.wait_for_closed(builder, 1)
        active = next(hub for hub in self.hubs if "scheduler.active" in hub.log())
        other = next(hub for hub in self.hubs if hub is not active)
        self.assertNotIn("scheduler.active", other.log())
        active.stop(9)
        self.admin.call("buildContainer", "git://x#after", "f40", {})
        self.wait_for_closed(builder, 2)
        self.assertIn("scheduler.active", other.log())
        self.consistent()

    def test_reads_go_on_when_the_disk_is_full(self):
        self.postgresql.sql("CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
                            " 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;"
                            "CREATE TRIGGER fill BEFORE INSERT ON tag EXECUTE FUNCTION fill()")
        with self.assertRaisesRegex(xmlrpc.client.Fault, "No space left on device"):
            self.admin.call("createTag", "f41")
        self.assertEqual(self.admin.call("getTag", "f40")["name"], "f40")
        self.postgresql.sql("DROP TRIGGER fill ON tag")
        self.admin.call("createTag", "f41")


if __name__ == "__main__":
    unittest.main(verbosity=2)
