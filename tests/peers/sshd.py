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
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_private_key,
    load_ssh_public_key,
)

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
        return len(_children(self.pid))

    def drop_sessions(self) -> None:
        """Break every connection that is open now; the server itself goes on."""
        for session in [deeper for child in _children(self.pid) for deeper in [*_children(child), child]]:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(session, signal.SIGKILL)


OLD = """
HostKeyAlgorithms ssh-rsa
PubkeyAcceptedAlgorithms ssh-rsa
MACs hmac-sha1
"""
"""Settings of a server of 2008; a key exchange and a cipher go with them."""
OLDEST = OLD + "KexAlgorithms diffie-hellman-group1-sha1\nCiphers 3des-cbc\n"
OLDER = OLD + "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\n"


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):  # likewise
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@contextmanager
def enterable_home() -> Iterator[Path]:
    """A folder that the server's user may enter. Not one of pytest's: each new session closes those to others."""
    with TemporaryDirectory(prefix="yizhan-sshd-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@contextmanager
def sshd(home: Path, settings: str = "", keys: Callable[[Path], Path] | None = None) -> Iterator[Sshd]:
    """Start it below `home`, which others must be able to enter; `settings` are further lines of its configuration."""
    folder = home / "served"
    folder.mkdir(mode=0o755)
    make = keys or new_key
    host, client = make(home / "host"), make(home / "client")
    shutil.copy(f"{client}.pub", home / "authorized")
    user = _given_to_its_user(host)
    port = _free_port()
    config = home / "sshd_config"
    config.write_text(_config(home, port) + settings)
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
    return _written(path, Ed25519PrivateKey.generate())


def old_key(path: Path) -> Path:
    """The same with RSA, the one kind that old servers know."""
    return _written(path, rsa.generate_private_key(65537, 2048))


def certify(authority: Path, key: Path, user: str) -> Path:
    """An OpenSSH certificate for `user`'s key, signed by the authority; returns its path."""
    public = load_ssh_public_key(key.with_suffix(".pub").read_bytes())
    signer = load_ssh_private_key(authority.read_bytes(), None)
    now = int(time.time())
    builder = SSHCertificateBuilder().public_key(public).serial(1).type(SSHCertificateType.USER).key_id(b"yizhan")
    builder = builder.valid_principals([user.encode()]).valid_after(now - 60).valid_before(now + 3600)
    path = key.with_name(f"{key.name}-cert.pub")
    path.touch(0o600)
    path.write_bytes(builder.sign(signer).public_bytes())
    return path


def _written(path: Path, key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> Path:
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
