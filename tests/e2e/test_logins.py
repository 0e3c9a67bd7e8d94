"""How users prove who they are: over TLS, by password, with the clients that they have."""
import signal
import unittest
from pathlib import Path

from kerberos import REALM, Realm
from koji_client import CannotInstall, KojiClient, install_koji
from support import HTTPD, PAGE, Service, assert_nothing_left, wait_until

KOJI = Path()
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

    def test_refused_logins_are_in_the_audit_log(self):
        service = self.service
        wrong = "<methodCall><methodName>login</methodName><params><param><value>eve</value></param>" \
                "<param><value>wrong</value></param></params></methodCall>"
        self.curl("--cacert", service.authority(), "--data", wrong, f"{service.url}/kojihub")
        upload = ["--cacert", service.authority(), "--form", "name=container/x", f"{service.url}/repo/pkgs/upload.cgi"]
        self.curl("--user", "alice:wrong", *upload, check=False)
        self.curl("--header", "Authorization: Bearer wrong", *upload, check=False)
        service.run("nacre", "call", "createTag", "t", user="eve", check=False)
        lines = [line.split("\t")[1:] for line in service.run("nacred", "audit", "--last", "20").out.splitlines()]
        self.assertIn(["-", "127.0.0.1", "login.refused", "eve", "invalid username or password"], lines)
        self.assertIn(["-", "127.0.0.1", "login.refused", "alice", "wrong user, password or token"], lines)
        self.assertIn(["-", "127.0.0.1", "login.refused", "token", "wrong user, password or token"], lines)
        self.assertIn(["eve", "127.0.0.1", "call.refused", "createTag", "tag permission required"], lines)

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


def koji_of(service: Service, **settings: str) -> KojiClient:
    """The unmodified client, with more settings in its koji.conf."""
    client = KojiClient(service, KOJI)
    lines = [f"{key} = {value}\n" for key, value in {"serverca": service.authority(), **settings}.items()]
    kept = [line for line in client.config.read_text().splitlines(True) if not line.startswith("authtype") or "authtype" not in settings]
    client.config.write_text("".join(kept) + "".join(lines))
    return client


class Authority:
    """An authority for client certificates, as an administrator makes one by openssl."""

    def __init__(self, service: Service):
        self.service, self.folder = service, service.work / "authority"
        self.folder.mkdir()
        self.certificate = self.folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Example users")

    def openssl(self, *words: str) -> None:
        self.service.run("openssl", *words, cwd=self.folder)

    def issue(self, name: str, days: str = "30"):
        """A file with the key and the certificate of that name, as koji.conf's `cert` wants it."""
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/O=Example/CN={name}")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.crt", "-days", days)
        both = self.folder / f"{name}.pem"
        both.write_text((self.folder / f"{name}.crt").read_text() + (self.folder / f"{name}.key").read_text())
        return both


class CertificatesAndTickets(LoginTest):
    @classmethod
    def prepare(cls) -> None:
        service = cls.service
        global KOJI
        try:
            KOJI = install_koji(service.work / "koji-client")
        except CannotInstall as reason:
            raise unittest.SkipTest(f"the koji client cannot be installed: {reason}") from reason
        if Realm.missing():
            raise unittest.SkipTest(f"these packages are missing: {Realm.missing()}")
        cls.authority = Authority(service)
        cls.realm = Realm(service.work)
        cls.addClassCleanup(cls.realm.close)
        service.variables = cls.realm.variables()
        config = service.root / "nacred.toml"
        config.write_text(config.read_text().replace("[builder]", f'client_ca = "{cls.authority.certificate}"\n[builder]') +
                          '[logins]\ncertificate_proxies = ["CN=web,O=Example"]\n'
                          f'principal_proxies = ["HTTP/web@{REALM}"]\n'
                          f'[kerberos]\nkeytab = "{cls.realm.keytab("HTTP/localhost")}"\nrealms = ["{REALM}"]\n')

    def test_koji_logs_in_by_certificate(self):
        client = koji_of(self.service, authtype="ssl", cert=self.authority.issue("alice"))
        said = client.run("moshimoshi", user=None).out
        self.assertRegex(said, ", alice!")
        self.assertIn("Authenticated via client certificate", said)

    def test_koji_is_refused_with_the_certificate_of_a_stranger(self):
        client = koji_of(self.service, authtype="ssl", cert=self.authority.issue("nobody"))
        said = client.run("moshimoshi", user=None, check=False)
        self.assertNotEqual(said.code, 0)
        self.assertIn("Unknown user: nobody", said.err)

    def test_a_web_server_logs_in_others(self):
        client = koji_of(self.service, authtype="ssl", cert=self.authority.issue("web"))
        self.assertRegex(client.run("--runas=alice", "moshimoshi", user=None).out, ", alice!")
        client = koji_of(self.service, authtype="ssl", cert=self.authority.issue("eve"))
        self.assertIn("is not authorized to login other users", client.run("--runas=alice", "moshimoshi", user=None, check=False).err)

    def test_koji_logs_in_by_a_ticket(self):
        client = koji_of(self.service, authtype="kerberos")
        said = client.run("moshimoshi", user=None, variables=self.realm.tickets("alice")).out
        self.assertRegex(said, ", alice!")
        self.assertIn("Authenticated via GSSAPI", said)

    def test_koji_logs_in_by_a_keytab(self):
        client = koji_of(self.service, authtype="kerberos", keytab=self.realm.keytab("compile/builder"), principal=f"compile/builder@{REALM}")
        unmapped = client.run("moshimoshi", user=None, check=False)
        self.assertIn(f"Unknown user: compile/builder@{REALM}", unmapped.err)
        self.service.call("addHost", "builder.example.test", '["x86_64"]', f"krb_principal=compile/builder@{REALM}")
        said = client.run("moshimoshi", user=None).out
        self.assertIn(", builder.example.test!", said)

    def test_koji_without_a_ticket_is_refused(self):
        client = koji_of(self.service, authtype="kerberos")
        said = client.run("moshimoshi", user=None, check=False, variables=self.realm.variables() | {"KRB5CCNAME": "FILE:/nonexistent"})
        self.assertNotEqual(said.code, 0)
        self.assertIn("gssapi auth failed", said.err)

    def test_curl_negotiates_with_mutual_authentication(self):
        url = f"{self.service.url}/kojihub/ssllogin"
        body = "<methodCall><methodName>sslLogin</methodName></methodCall>"
        words = ["--cacert", self.service.authority(), "--data", body, "--header", "Content-Type: text/xml", "--include", url]
        bare = self.curl(*words, check=False)
        self.assertIn("HTTP/1.1 401", bare.out)
        self.assertIn("WWW-Authenticate: Negotiate", bare.out)
        said = self.service.run("curl", "--silent", "--negotiate", "--user", ":", *words, variables=self.realm.tickets("eve")).out
        self.assertIn("session-key", said)
        self.assertRegex(said, r"WWW-Authenticate: Negotiate [A-Za-z0-9+/=]{20,}")

    def test_a_kerberos_proxy_logs_in_others(self):
        client = koji_of(self.service, authtype="kerberos")
        said = client.run("--runas=alice", "moshimoshi", user=None, variables=self.realm.tickets("HTTP/web")).out
        self.assertRegex(said, ", alice!")


if __name__ == "__main__":
    unittest.main(verbosity=2)
