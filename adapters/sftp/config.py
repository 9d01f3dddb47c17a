"""The `source:` block of files on an SFTP server. Must stay importable without a driver."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from adapters.contract import SecretRef, config_error
from adapters.drops.config import DropConfig

_PIN = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?|(\S+ )?(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,2}( .*)?")


class SftpConfig(DropConfig):
    """The server, the account, and which of its files are read (see `DropConfig`).

    Attributes:
        host, port, user: where it listens, and the account on it.
        host_key: the server's pinned key: `SHA256:...` or a line of known_hosts; no other key is ever accepted.
        password, private_key, passphrase: references; a private key is the OpenSSH or PEM text itself.
        certificate: reference to the OpenSSH certificate of the private key, where the server trusts a CA.
        legacy: the server knows only algorithms that are no longer safe, or names its files in GBK. Who reads the wire
            may then decipher it; the host key is pinned all the same.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset(
        {"host", "port", "host_key", "user", "password", "private_key", "passphrase", "certificate", "legacy"}
    )

    adapter: Literal["sftp"]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    host_key: str
    user: Annotated[str, Field(min_length=1, max_length=255)]
    password: SecretRef | None = None
    private_key: SecretRef | None = None
    passphrase: SecretRef | None = None
    certificate: SecretRef | None = None
    legacy: bool = False

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if not _PIN.fullmatch(self.host_key.strip()):
            raise config_error(
                "host_key", "host_key 应为 SHA256:… 或 known_hosts 的一行", "write SHA256:... or a line of known_hosts"
            )
        if self.password is None and self.private_key is None:
            zh, en = (
                "应给出 password 或 private_key(env:变量名 或 file:文件名)",
                "give password or private_key by reference",
            )
            raise config_error("no_credentials", zh, en)
        if self.certificate is not None and self.private_key is None:
            raise config_error("certificate", "certificate 需要 private_key", "a certificate needs its private_key")
        return self
