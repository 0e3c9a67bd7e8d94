"""The real `koji` command, installed for one test run and configured for one service."""
import os
import subprocess
import venv
from pathlib import Path

from support import COMMAND_LIMIT_SECONDS, Result, Service

KOJI_VERSION = "1.36.1"
KOJI_NEEDS = ("defusedxml", "python-dateutil", "requests", "six")
# Of its Kerberos libraries one wants a compiler and headers: it is Debian's python3-gssapi, and the other goes without its own needs.
KOJI_KERBEROS = ("requests-gssapi",)
INSTALL_LIMIT_SECONDS = 180


class CannotInstall(Exception):
    """Why the client is not to be had here."""


def install_koji(folder: Path) -> Path:
    """Installs the unmodified client from the machine's configured package index; returns the command."""
    try:
        venv.create(folder, with_pip=True, system_site_packages=True)
        python = folder / "bin/python"
        for packages in (["--no-deps", f"koji=={KOJI_VERSION}"], ["--no-deps", *KOJI_KERBEROS], ["--ignore-installed", *KOJI_NEEDS]):
            done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
                                  capture_output=True, text=True, timeout=INSTALL_LIMIT_SECONDS)
            if done.returncode:
                raise CannotInstall(f"pip install {' '.join(packages)}: {done.stderr.strip()[-500:]}")
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotInstall(str(error)) from error
    return folder / "bin/koji"


class KojiClient:
    """`koji` as each of the service's users."""

    def __init__(self, service: Service, command: Path):
        self.service, self.command = service, command
        self.config = service.work / "koji.conf"
        self.config.write_text("[koji]\n" f"server = {service.url}/kojihub\n" f"topurl = {service.url}/kojifiles\n"
                               f"weburl = {service.url}/koji\n" "authtype = password\npoll_interval = 1\nmax_retries = 2\n"
                               "retry_interval = 1\nplugins = save_failed_tree\n")

    def run(self, *words, user: str | None = "admin", check: bool = True, cwd: Path | None = None,
            variables: dict[str, str] | None = None) -> Result:
        """Without a user: as the configuration and the words say."""
        credentials = [f"--user={user}", f"--password=password-of-{user}"] if user else []
        command = [str(self.command), "--config", str(self.config), *credentials, *map(str, words)]
        env = self.service.environment() | (variables or {})
        env.update(PYTHONWARNINGS="ignore", TZ="UTC", COLUMNS="200", PATH=f"{self.command.parent}:{os.environ['PATH']}")
        done = subprocess.run(command, cwd=cwd or self.service.work, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=COMMAND_LIMIT_SECONDS)
        result = Result(done)
        if check and result.code:
            raise AssertionError(f"koji {' '.join(map(str, words))}: {result}\n--- service\n{self.service.log()[-2000:]}")
        return result
