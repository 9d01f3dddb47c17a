"""OpenSSH's own sshd on a loopback port, serving one folder by SFTP to one key; ended by its pid.

Started as an ordinary user: sshd run by root wants an account `sshd` and a directory of the system's, so a test run as
root starts it as `nobody`.
"""

from __future__ import annotations

import base64
import getpass
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.peers.processes import ROOT

_INSTALLED = Path("/usr/sbin/sshd")
_UNPACKED = ROOT / ".cache" / "sshd"


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """A running server: `folder` is what it serves, `key` logs in as `user`, `host_key` is its public key line."""

    port: int
    pid: int
    user: str
    folder: Path
    key: Path
    host_key: str
    fingerprint: str

    def sessions(self) -> int:
        """How many connections are open now: each is one child of the server."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return len(children)


@contextmanager
def enterable_home() -> Iterator[Path]:
    """A folder that the server's user may enter. Not one of pytest's: each new session closes those to others."""
    with TemporaryDirectory(prefix="yizhan-sshd-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@contextmanager
def sshd(home: Path) -> Iterator[Sshd]:
    """Start it below `home`, which others must be able to enter."""
    folder = home / "served"
    folder.mkdir(mode=0o755)
    host, client = new_key(home / "host"), new_key(home / "client")
    shutil.copy(f"{client}.pub", home / "authorized")
    user = _given_to_its_user(host)
    port = _free_port()
    config = home / "sshd_config"
    config.write_text(_config(home, port))
    child = subprocess.Popen([*_binary(), "-D", "-e", "-f", config], stderr=(home / "log").open("wb"), **_as(user))
    try:
        _await(port, child)
        yield Sshd(
            port=port, pid=child.pid, user=user, folder=folder, key=client,
            host_key=" ".join(Path(f"{host}.pub").read_text().split()[:2]), fingerprint=_fingerprint(host),
        )  # fmt: skip
    finally:
        child.terminate()
        child.wait(timeout=10)


def _config(home: Path, port: int) -> str:
    # UsePAM: without it OpenSSH takes `nobody`, who has no password, for a locked account.
    return f"""
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host
AuthorizedKeysFile {home}/authorized
PidFile none
StrictModes no
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp -d {home}/served
"""


def _binary() -> list[str | Path]:
    if _INSTALLED.exists():
        return [_INSTALLED]
    unpacked = _UNPACKED / "usr/sbin/sshd"
    if not unpacked.exists():
        raise RuntimeError("no sshd: run scripts/peers.sh (make test does)")
    libraries = ":".join(str(found) for found in (_UNPACKED / "usr/lib").glob("*-linux-gnu"))
    return ["env", f"LD_LIBRARY_PATH={libraries}", unpacked]


def _as(user: str) -> dict[str, object]:
    return {"user": user, "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _given_to_its_user(host: Path) -> str:
    if os.geteuid() != 0:
        return getpass.getuser()
    shutil.chown(host, "nobody")
    return "nobody"


def new_key(path: Path) -> Path:
    """An Ed25519 key pair as ssh-keygen writes it: the private key at `path`, the public one beside it."""
    key = Ed25519PrivateKey.generate()
    path.touch(0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.with_suffix(".pub").write_bytes(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n")
    return path


def _fingerprint(key: Path) -> str:
    blob = base64.b64decode(key.with_suffix(".pub").read_text().split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _await(port: int, child: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if child.poll() is not None:
            raise RuntimeError(f"sshd ended with {child.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("sshd did not listen in time")
