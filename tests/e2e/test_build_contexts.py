"""`nacre build` from addresses, and named contexts of every kind."""
import http.server
import os
import shutil
import subprocess
import tarfile
import threading
import unittest

from local_builds import LocalBuilds


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves `folder`; what is below /private/ only with the right header."""
    folder = ""
    header = "Bearer word"
    asked: list[str] = []

    def __init__(self, *arguments):
        super().__init__(*arguments, directory=self.folder)

    def do_GET(self):
        self.asked.append(f"{self.path} {self.headers.get('Authorization')}")
        if self.path.startswith("/private/") and self.headers.get("Authorization") != self.header:
            self.send_error(401)
        elif self.path.startswith("/elsewhere/"):
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/private/page")
            self.end_headers()
        elif ".git/" in self.path:
            self.serve_repository()
        else:
            super().do_GET()

    do_POST = do_GET

    def serve_repository(self):
        """git http-backend speaks CGI (RFC 3875)."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": self.folder, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                       "QUERY_STRING": query, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                       "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                       "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "HOME": self.folder,
                       "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Contexts(LocalBuilds):
    def setUp(self) -> None:
        super().setUp()
        self.served = self.work / "served"
        self.served.mkdir()
        Files.folder, Files.asked = str(self.served), []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        self.host = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def nacre_build(self, *words, **keywords):
        return self.run_command("nacre", "build", "--progress", "plain", *words, **keywords)

    def pack(self, name: str, mode: str) -> str:
        with tarfile.open(self.served / name, mode) as tar:
            tar.add(self.context, ".")
        return f"http://{self.host}/{name}"

    def test_a_tar_at_an_address_is_a_context(self):
        wanted = self.build().out
        for name, mode in (("plain.tar", "w"), ("packed", "w:gz"), ("packed.tar.xz", "w:xz")):
            self.assertEqual(self.nacre_build(self.pack(name, mode)).out, wanted, name)
        (self.context / "Other").write_text("FROM scratch\nCOPY etc/hosts /\n")
        address = self.pack("more.tar", "w")
        self.nacre_build("-f", "Other", "-o", "out", address)
        self.assertTrue((self.work / "out/hosts").exists())
        self.nacre_build("-f", "-", "-o", "out-2", address, stdin=b"FROM scratch\nCOPY etc/hosts /again\n")
        self.assertTrue((self.work / "out-2/again").exists())

    def test_a_text_at_an_address_is_a_dockerfile_without_a_context(self):
        (self.served / "recipe").write_text("FROM scratch\nLABEL a=1\n")
        address = f"http://{self.host}/recipe"
        self.nacre_build(address)
        refused = self.nacre_build("-f", "Other", address, check=False)
        self.assertIn("no context for -f 'Other'", refused.err)
        missing = self.nacre_build(f"http://{self.host}/nothing", check=False)
        self.assertEqual(missing.code, 1)
        self.assertIn("404", missing.err)

    def test_a_named_context_is_a_file_at_an_address(self):
        (self.served / "page").write_text("a page\n")
        (self.context / "Dockerfile").write_text("FROM scratch\nCOPY --from=pages page /\n")
        self.build("--build-context", f"pages=http://{self.host}/page", "-o", "out")
        self.assertEqual((self.work / "out/page").read_text(), "a page\n")

    def test_a_named_context_is_an_image_in_a_layout(self):
        self.build("-t", "web:1", "-o", "type=oci,dest=web.tar")
        self.run_command("skopeo", "copy", "oci-archive:web.tar:web:1", "oci:layout:one")
        digest = self.run_command("skopeo", "inspect", "--format", "{{.Digest}}", "oci:layout:one").out.strip()
        (self.context / "Dockerfile").write_text("FROM base AS first\nRUN busybox cat /made > /copy\nFROM scratch\nCOPY --from=first /copy /\n"
                                                 "COPY --from=base /made /\n")
        for number, where in enumerate(("layout:one", "layout", f"layout@{digest}", f"{self.work}/layout:one")):
            self.root = self.work / f"root-{number}"
            self.build("--pull=never", "--build-context", f"base=oci-layout://{where}", "-o", f"out-{number}")
            self.assertEqual((self.work / f"out-{number}/copy").read_text(), "made\n")
        for where, words in (("nowhere", "is no OCI layout"), ("layout:two", "layout"), ("layout@sha256:1", "sha256:1")):
            refused = self.build("--build-context", f"base=oci-layout://{where}", check=False)
            self.assertEqual(refused.code, 1)
            self.assertIn(words, refused.err)

    def test_layers_of_a_layout_are_checked(self):
        self.build("-t", "web:1", "-o", "type=oci,dest=web.tar")
        self.run_command("skopeo", "copy", "oci-archive:web.tar:web:1", "oci:layout:one")
        for blob in (self.work / "layout/blobs/sha256").iterdir():
            if blob.stat().st_size > 100_000:
                content = bytearray(blob.read_bytes())
                content[len(content) // 2] ^= 1
                blob.write_bytes(content)
        self.root = self.work / "root-2"
        (self.context / "Dockerfile").write_text("FROM base\nRUN busybox true\n")
        broken = self.build("--build-context", "base=oci-layout://layout", check=False)
        self.assertEqual(broken.code, 1)
        self.assertIn("digest", broken.err)

    def test_a_commit_gives_its_time_and_its_git_folder(self):
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", self.context]
        self.run_command(*git, "init", "--quiet")
        self.run_command(*git, "add", "--all")
        self.run_command("env", "GIT_COMMITTER_DATE=1600000000 +0000", *git, "commit", "--quiet", "-m", "one")
        self.run_command("git", "clone", "--quiet", "--bare", self.context, self.served / "web.git")
        (self.context / "Dockerfile").write_text("ARG SOURCE_DATE_EPOCH\n")
        address = f"http://{self.host}/web.git"
        built = self.nacre_build("--build-arg", "SOURCE_DATE_EPOCH=context", "-o", "type=oci,dest=web.tar", address)
        for value, has_git in (("0", False), ("1", True)):
            self.nacre_build("--build-arg", f"BUILDKIT_CONTEXT_KEEP_GIT_DIR={value}", "-f", "-", "-o", f"out-{value}", address,
                             stdin=b"FROM scratch\nCOPY . /\n")
            self.assertEqual((self.work / f"out-{value}/.git/HEAD").exists(), has_git)
        facts = self.run_command("skopeo", "inspect", "oci-archive:web.tar").out
        self.assertIn("2020-09-13T12:26:40Z", facts, built)

    def test_secrets_open_addresses(self):
        (self.served / "private").mkdir()
        (self.served / "private/page").write_text("private\n")
        (self.work / "token").write_text("word\n")
        (self.context / "Dockerfile").write_text(f"FROM scratch\nADD http://{self.host}/private/page /\n")
        refused = self.build(check=False)
        self.assertIn("401", refused.err)
        self.build("--secret", f"id=HTTP_AUTH_TOKEN_{self.host},src=token", "-o", "out")
        self.assertEqual((self.work / "out/page").read_text(), "private\n")
        (self.work / "header").write_text("Bearer word")
        self.build("--no-cache", "--secret", f"id=HTTP_AUTH_HEADER_{self.host.split(':')[0]},src=header")
        other = self.build("--secret", "id=HTTP_AUTH_TOKEN_example.org,src=token", check=False)
        self.assertEqual(other.code, 1)
        Files.asked.clear()
        (self.context / "Dockerfile").write_text(f"FROM scratch\nADD http://{self.host}/elsewhere/page /\n")
        sent_on = self.build("--secret", f"id=HTTP_AUTH_TOKEN_{self.host},src=token", check=False)
        self.assertEqual(sent_on.code, 1)
        self.assertIn("/private/page None", Files.asked, "the token stays with its host")
        self.assertNotIn("word", sent_on.err)

    def test_secrets_open_repositories(self):
        Files.header = "basic eC1hY2Nlc3MtdG9rZW46d29yZA=="  # x-access-token:word
        self.addCleanup(setattr, Files, "header", "Bearer word")
        (self.served / "private").mkdir()
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", self.context]
        self.run_command(*git, "init", "--quiet")
        self.run_command(*git, "add", "--all")
        self.run_command(*git, "commit", "--quiet", "-m", "one")
        self.run_command("git", "clone", "--quiet", "--bare", self.context, self.served / "private/web.git")
        (self.work / "token").write_text("word\n")
        (self.context / "Dockerfile").write_text(f"FROM scratch\nADD http://{self.host}/private/web.git /web\n")
        self.assertEqual(self.build(check=False).code, 1)
        for name in ("GIT_AUTH_TOKEN", f"GIT_AUTH_TOKEN.{self.host}"):
            self.build("--no-cache", "--secret", f"id={name},src=token", "-o", "out")
            self.assertTrue((self.work / "out/web/etc/hosts").exists())
            shutil.rmtree(self.work / "out")


if __name__ == "__main__":
    unittest.main(verbosity=2)
