"""How users prove who they are: over TLS, by password, with the clients that they have."""
import signal
import unittest

from koji_client import CannotInstall, KojiClient, install_koji
from support import HTTPD, PAGE, Service, assert_nothing_left, wait_until

TLS = '[http]\nport = 0\n[tls]\nenabled = true\naddress = "127.0.0.1"\nport = 0\nnames = ["localhost"]\n'


class LoginTest(unittest.TestCase):
    service: Service
    settings = TLS + "[builder]\nenabled = false\n"

    @classmethod
    def setUpClass(cls) -> None:
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)
        (cls.service.root / "nacred.toml").write_text(cls.settings)
        cls.prepare()
        cls.service.set_up()

    @classmethod
    def prepare(cls) -> None:
        """Before the service starts."""

    @classmethod
    def tearDownClass(cls) -> None:
        assert_nothing_left(cls.service)

    def curl(self, *words, check: bool = True):
        return self.service.run("curl", "--silent", "--show-error", "--fail-with-body", *words, check=check)


class Encrypted(LoginTest):
    settings = TLS

    def test_a_build_from_clone_to_pull(self):
        service = self.service
        self.assertRegex(service.url, r"^https://localhost:\d+$")
        service.import_base("busybox:latest", "busybox")
        checkout = service.make_repository("tls")
        service.push(checkout, {"Dockerfile": HTTPD.replace("httpd-container", "tls-container").replace('name="httpd"', 'name="tls"'),
                                "index.html": PAGE})
        built = service.build(checkout)
        self.assertIn("completed successfully", built.out)
        self.assertIn(f"{service.registry()}/tls:", built.out)
        certificates = service.work / "certificates"
        certificates.mkdir()
        (certificates / "ca.crt").write_bytes(service.authority().read_bytes())
        service.run("skopeo", "inspect", "--cert-dir", certificates, f"docker://{service.registry()}/tls:latest")

    def test_a_client_that_does_not_trust_the_server_says_what_to_do(self):
        said = self.service.run("nacre", "--server", self.service.url, "call", "getAPIVersion", check=False)
        self.assertNotEqual(said.code, 0)
        self.assertRegex(said.err, r"error: POST https://localhost:\d+/kojihub: .*certificate")
        self.assertIn("hint: give the certificate of the authority that signed the server's by --ca-file FILE", said.err)

    def test_the_unmodified_koji_client_logs_in_by_password(self):
        try:
            command = install_koji(self.service.work / "koji-client")
        except CannotInstall as reason:
            self.skipTest(f"the koji client cannot be installed: {reason}")
        client = KojiClient(self.service, command)
        untrusting = client.run("moshimoshi", check=False)
        self.assertNotEqual(untrusting.code, 0)
        self.assertIn("certificate verify failed", untrusting.err)
        client.config.write_text(client.config.read_text() + f"serverca = {self.service.authority()}\n")
        said = client.run("moshimoshi").out
        self.assertIn("Authenticated via password", said)
        self.assertIn(f"You are using the hub at {self.service.url}/kojihub", said)

    def test_sighup_takes_other_certificates_while_it_runs(self):
        service = self.service
        url = f"{service.url}/koji/"
        before = service.authority().read_text()
        (service.work / "before.pem").write_text(before)
        for name in ("authority.pem", "authority.key", "server.pem"):
            (service.root / "tls" / name).unlink()
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "service.reloaded" in service.log(), "the service follows SIGHUP")
        self.assertNotEqual(service.authority().read_text(), before)
        self.curl("--cacert", service.authority(), "--output", "/dev/null", url)
        self.assertEqual(self.curl("--cacert", service.work / "before.pem", url, check=False).code, 60)
        (service.root / "tls/server.pem").write_text("broken")
        (service.root / "tls/authority.pem").write_text("broken")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "tls.reload_failed" in service.log(), "the service says what is broken")
        self.curl("--insecure", "--output", "/dev/null", url)
        for name in ("authority.pem", "server.pem"):
            (service.root / "tls" / name).unlink()
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: service.log().count("tls.authority_made") == 3, "the certificates are made anew")
        for user in ("admin", "alice", "eve"):
            service.login(user)


if __name__ == "__main__":
    unittest.main(verbosity=2)
