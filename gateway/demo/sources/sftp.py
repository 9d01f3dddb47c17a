"""The finance bureau's SFTP server: one account, one folder, read only.

Must never write, follow a path out of its folder, or offer anything but SFTP.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import os
import socket
import threading
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.demo.sources.serving import announce, password, until_terminated


class Folder(paramiko.SFTPServerInterface):
    """The files below one directory; every way to change something answers "permission denied"."""

    def __init__(self, server: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(server)
        self._root = root.resolve()

    def _inside(self, path: str) -> Path:
        """Raises: PermissionError: the path leads out of the folder."""
        real = self._root.joinpath(path.lstrip("/")).resolve()
        if not real.is_relative_to(self._root):
            raise PermissionError(path)
        return real

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._inside(path).stat())
        except OSError as error:
            return _answer(error)

    lstat = stat

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            entries = sorted(self._inside(path).iterdir())
            return [paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name) for entry in entries]
        except OSError as error:
            return _answer(error)

    def open(self, path: str, flags: int, attributes: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            return paramiko.SFTP_PERMISSION_DENIED
        try:
            return _Opened(self._inside(path))
        except OSError as error:
            return _answer(error)


class _Opened(paramiko.SFTPHandle):
    def __init__(self, path: Path) -> None:
        super().__init__(os.O_RDONLY)
        self.readfile = path.open("rb")

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


def _answer(error: OSError) -> int:
    return paramiko.SFTPServer.convert_errno(error.errno) if error.errno else paramiko.SFTP_PERMISSION_DENIED


class Gate(paramiko.ServerInterface):
    """One user, by password or by key."""

    def __init__(self, user: str, secret: str, key: paramiko.PKey | None) -> None:
        self._user, self._secret, self._key = user, secret, key

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, given: str) -> int:
        right = hmac.compare_digest(given.encode(), self._secret.encode()) and username == self._user
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        right = self._key is not None and key == self._key and username == self._user
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, number: int) -> int:
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


def host_key(path: Path) -> paramiko.PKey:
    """The key kept in the file; made there on the first start, readable by its owner alone."""
    if not path.exists():
        text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def fingerprint(key: paramiko.PKey) -> str:
    """As OpenSSH prints it, and as `host_key:` in the site file wants it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def serve(listener: socket.socket, key: paramiko.PKey, gate: Gate, root: Path, folder: type[Folder] = Folder) -> None:
    """Answer connections until the listener is closed."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_session, args=(connection, key, gate, root, folder), daemon=True).start()


def _session(connection: socket.socket, key: paramiko.PKey, gate: Gate, root: Path, folder: type[Folder]) -> None:
    transport = paramiko.Transport(connection)
    transport.add_server_key(key)
    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, folder, root)
    try:
        transport.start_server(server=gate)
    except (paramiko.SSHException, EOFError, OSError):
        transport.close()
        return
    transport.join()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="gateway.demo.sources.sftp", description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--host-key", type=Path, required=True, help="made when absent")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-env", required=True, help="name of the variable that holds the password")
    parser.add_argument("--client-key", type=Path, help="a private key whose owner may log in too")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    key = host_key(given.host_key)
    client_key = paramiko.PKey.from_path(str(given.client_key)) if given.client_key else None
    gate = Gate(given.user, password(given.password_env), client_key)
    with socket.create_server(("127.0.0.1", given.port)) as listener:
        threading.Thread(target=serve, args=(listener, key, gate, given.root), daemon=True).start()
        announce(port=listener.getsockname()[1], host_key=fingerprint(key))
        until_terminated()


if __name__ == "__main__":
    main()
