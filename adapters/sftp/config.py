"""The `source:` block of a delimited text file on an SFTP server. Must stay importable without paramiko."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error

_PIN = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?|(\S+ )?(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]+={0,2}( .*)?")

Names = Annotated[tuple[str, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)]
Place = Annotated[int, Field(ge=1, le=1000)]


class TotalsRow(BaseModel):
    """A line of the file that carries its own totals, with the file's delimiter; places are counted from 1.

    Attributes:
        line: the file's first or last line.
        rows: the place of the number of records.
        sums: by field name, the place of that money field's sum, in the field's own unit.
        mark: the text that has to stand in place 1, where the layout has one ("HZ", "合计").
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    line: Literal["first", "last"] = "first"
    rows: Place
    sums: dict[str, Place] = Field(default_factory=dict)
    mark: str | None = None


class SftpConfig(AdapterConfig):
    """Where the file lies, when it is ready, and how its lines are read.

    Attributes:
        host_key: the server's pinned key: `SHA256:...` or a line of known_hosts; no other key is ever accepted.
        password, private_key, passphrase: references; a private key is the OpenSSH or PEM text itself.
        path: of the file, with the period in it: `{period} {yyyymm} {yyyy} {mm} {q}`.
        marker: a file that the department places once the data file is whole; without it only stability is judged.
        stable_seconds: the time between the two looks at size and time of change that must agree.
        encoding: gb18030 reads GBK and GB2312 too, and refuses only what is no character in any of them.
        columns: the file's columns in order; where absent, the line after the totals holds their titles.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset(
        {"host", "port", "host_key", "user", "password", "private_key", "passphrase"}
    )

    adapter: Literal["sftp"]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    host_key: str
    user: Annotated[str, Field(min_length=1, max_length=255)]
    password: SecretRef | None = None
    private_key: SecretRef | None = None
    passphrase: SecretRef | None = None

    path: Annotated[str, Field(min_length=1, max_length=1024)]
    marker: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    stable_seconds: Annotated[float, Field(ge=0, le=3600)] = 2.0
    encoding: Literal["gb18030", "utf-8"] = "gb18030"
    delimiter: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[^\r\n]+$")] = "|"
    columns: Names | None = None
    totals: TotalsRow | None = None

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
        return self
