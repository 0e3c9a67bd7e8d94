"""A Kerberos realm for one test: MIT's KDC from Debian's packages, on a free port, with everything below one folder."""
import os
import shutil
import socket
import subprocess
from pathlib import Path

from support import wait_until

REALM = "EXAMPLE.TEST"
KDC = "/usr/sbin/krb5kdc"


class Realm:
    def __init__(self, work: Path):
        self.folder = work / "kerberos"
        self.folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        (self.folder / "krb5.conf").write_text(
            f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\nrdns = false\ndns_canonicalize_hostname = false\n"
            f"[realms]\n{REALM} = {{\nkdc = {address}\n}}\n[domain_realm]\nlocalhost = {REALM}\n")
        (self.folder / "kdc.conf").write_text(
            f"[realms]\n{REALM} = {{\ndatabase_name = {self.folder}/principal\nkey_stash_file = {self.folder}/stash\n"
            f"acl_file = {self.folder}/acl\nkdc_listen = {address}\nkdc_tcp_listen = {address}\n}}\n"
            f"[logging]\nkdc = FILE:{self.folder}/kdc.log\n")
        self.run("/usr/sbin/kdb5_util", "create", "-s", "-P", "master")
        self.process = subprocess.Popen([KDC, "-n"], env=self.environment(), cwd=self.folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        log = self.folder / "kdc.log"
        wait_until(lambda: log.exists() and "commencing operation" in log.read_text(), "the KDC answers")

    @staticmethod
    def missing() -> str:
        """What has to be installed first; empty: nothing."""
        programs = {KDC: "krb5-kdc", "/usr/sbin/kadmin.local": "krb5-admin-server", "/usr/bin/kinit": "krb5-user"}
        return ", ".join(package for path, package in programs.items() if not shutil.which(path))

    def variables(self) -> dict[str, str]:
        return {"KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5CCNAME": f"FILE:{self.folder}/default.cache"}

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables(), "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf")}

    def run(self, *command: str) -> None:
        done = subprocess.run(command, env=self.environment(), cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def keytab(self, principal: str) -> Path:
        """Makes the principal, and its key."""
        path = self.folder / (principal.replace("/", "_") + ".keytab")
        self.run("/usr/sbin/kadmin.local", "addprinc", "-randkey", principal)
        self.run("/usr/sbin/kadmin.local", "ktadd", "-k", str(path), principal)
        return path

    def tickets(self, principal: str) -> dict[str, str]:
        """The environment of somebody who has typed kinit."""
        cache = self.folder / (principal.replace("/", "_") + ".cache")
        self.run("/usr/bin/kinit", "-c", str(cache), "-k", "-t", str(self.keytab(principal)), principal)
        return {**self.variables(), "KRB5CCNAME": f"FILE:{cache}"}

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
