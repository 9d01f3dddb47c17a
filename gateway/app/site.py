"""site.yaml: what one node is, strictly read.

Owns the shape of the site file. A front-end names its department, the addresses of its centres and the connections of
its sources; a centre names itself and where it listens. Must never open a room; that is `rooms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from adapters.secrets import SecretRef
from gateway.catalogue import Located, bind, read
from gateway.errors import ConfigInvalid
from gateway.keys import RevocationPolicy

FILE = "site.yaml"
MIN_LOG_MONTHS, MIN_ARCHIVE_YEARS = 6, 3
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _six_months(months: int) -> int:
    if months < MIN_LOG_MONTHS:
        zh = "不能小于 6:网络日志留存不少于六个月(《网络安全法》第二十一条第三项)"
        en = "must be at least 6: network logs are kept for six months (Cybersecurity Law, Article 21(3))"
        raise PydanticCustomError("log_retention", en, {"zh": zh})
    return months


def _three_years(years: int) -> int:
    if years < MIN_ARCHIVE_YEARS:
        zh = "不能小于 3:数据提供记录保存不少于三年(《个人信息保护法》第五十六条)"
        en = "must be at least 3: records of provision are kept for three years (PIPL, Article 56)"
        raise PydanticCustomError("archive_retention", en, {"zh": zh})
    return years


class CentreAddress(_Strict):
    """Where a centre of the routes is reached: `https://host:port`, with a path prefix if a proxy wants one."""

    url: Annotated[str, Field(pattern=r"^https://[^\s?#]+$")]


class Listen(_Strict):
    """Where a centre listens; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8443


class ProxyFile(_Strict):
    """The centre's own proxy that ends TLS before it: `proxy:`; absent, no header is ever believed.

    Attributes:
        certificates: files with the certificates it connects with, relative to the site; a new one beside the old.
    """

    certificates: Annotated[tuple[str, ...], Field(min_length=1, max_length=8, strict=False)]


class OfficeFile(_Strict):
    """The office interface: `office:`; absent, this centre has none.

    Attributes:
        listen: beyond this machine only where `trusted_network` says that the network is one the office trusts.
        token: what programs of the office say; at least 32 characters.
    """

    listen: Listen = Listen(port=8444)
    token: SecretRef
    trusted_network: bool = False

    @model_validator(mode="after")
    def _on_this_machine(self) -> OfficeFile:
        if not self.trusted_network and not _loopback(self.listen.host):
            zh = "办公接口不带 TLS,只在本机使用:listen.host 应为 127.0.0.1;确在受信内网的,写明 trusted_network: true"
            en = "it has no TLS and is for this machine: listen.host must be 127.0.0.1, unless trusted_network: true"
            raise PydanticCustomError("office", en, {"zh": zh})
        return self


def _loopback(host: str) -> bool:
    """An address of this machine; a name is none, whatever it may stand for today."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class RetentionFile(_Strict):
    """How long things are kept: `retention:`. The rules' own minima cannot be undercut.

    Attributes:
        payload_days: of a settled batch that is archived. log_months: of `log/`. archive_years: of the archives.
    """

    payload_days: Annotated[int, Field(ge=1, le=36_500)] = 180
    log_months: Annotated[int, Field(le=1_200), AfterValidator(_six_months)] = 6
    archive_years: Annotated[int, Field(le=100), AfterValidator(_three_years)] = 3


class NodeFile(_Strict):
    """What every node says of itself.

    Attributes:
        site: the node's name in its ledger.
        rehearsal: throw-away certificates and `YIZHAN_NOW` are accepted here, and nowhere else.
        catalogue: file or directory, relative to the site; at a front-end that takes a centre's, what it begins with.
        passphrase: reference to what opens this node's private keys; None where they are stored plain.
        revocation: what to do about an authority whose revocation list is not held.
        retention: how long payloads, logs and archives are kept; the ledger is kept for good.
    """

    site: Name
    rehearsal: bool = False
    catalogue: str = "catalogue"
    passphrase: SecretRef | None = None
    revocation: RevocationPolicy = RevocationPolicy.REQUIRED
    retention: RetentionFile = RetentionFile()


class SslMode(StrEnum):
    """How far the database server is believed to be who it says."""

    VERIFY_FULL = "verify-full"
    DISABLE = "disable"


class DatabaseOwner(_Strict):
    """The log-in that owns the tables."""

    user: Annotated[str, Field(min_length=1, max_length=63)]
    password: SecretRef


class DatabaseAuditor(DatabaseOwner):
    """The log-in that only reads the records: a member of yizhan_auditor."""


class WarehouseFile(_Strict):
    """A centre's PostgreSQL: `warehouse:`; where it is absent, the warehouse is the file `warehouse.db`.

    Attributes:
        sslrootcert: file of the authority, relative to the site.
        user: a log-in that is a member of yizhan_loader.
        owner: only where `yizhan warehouse upgrade` is run.
        auditor: what `yizhan exporter` enters as; without it, as `user`.
    """

    host: Annotated[str, Field(min_length=1, max_length=1000)]
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    database: Annotated[str, Field(min_length=1, max_length=63)]
    sslmode: SslMode = SslMode.VERIFY_FULL
    sslrootcert: str | None = None
    user: Annotated[str, Field(min_length=1, max_length=63)]
    password: SecretRef
    owner: DatabaseOwner | None = None
    auditor: DatabaseAuditor | None = None


class InboxOptions(_Strict):
    """How the service behind `s3://` is reached; what is absent is left to the driver (instance roles, usual place).

    Attributes:
        certificates: file of the authority of the service's certificate, relative to the site.
    """

    endpoint_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    key: SecretRef | None = None
    secret: SecretRef | None = None
    certificates: str | None = None


class InboxFile(_Strict):
    """An inbox that several receivers share: `inbox:`; where it is absent, the inbox is the spool of this machine.

    Attributes:
        url: `file:///mnt/inbox`, a folder mounted at every receiver, or `s3://bucket/prefix`.
        look_seconds: how often a receiver looks for batches that others left, on an average.
    """

    url: Annotated[str, Field(pattern=r"^(file:///\S+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*/?)$")]
    options: InboxOptions = InboxOptions()
    look_seconds: Annotated[float, Field(ge=0.1, le=300)] = 3.0


class AgentFile(_Strict):
    """What this department lets its front-end's agent do: `agent:`.

    Attributes:
        releases_by: reviewers (staff numbers), whose keys lie at this machine, whom it lets sign upon the office's
            release instruction; nobody else's release is ever signed by a machine.
        schedule: at this Beijing time each day what is owed is collected, be the office in reach or not; None: never.
        catalogue_from: the centre whose published catalogue takes the place of the site's own; None: nobody's does.
        recipients: centres that a published catalogue may add to the routes of this department's feeds.
    """

    releases_by: Annotated[tuple[Name, ...], Field(max_length=32, strict=False)] = ()
    schedule: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    catalogue_from: Name | None = None
    recipients: Annotated[tuple[Name, ...], Field(max_length=32, strict=False)] = ()


class FrontEndFile(NodeFile):
    """A front-end. `sources` holds each feed's connection keys, laid over the catalogue's `source:` block.

    `collector` is the id of the person who answers for first pushes that nobody attends; a correction names its own.
    """

    role: Literal["front-end"]
    department: Name
    centres: dict[str, CentreAddress]
    collector: Name | None = None
    agent: AgentFile = AgentFile()
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)


class UpwardAddress(CentreAddress):
    """The centre that stands directly above this one, and where it is reached."""

    centre: Name


class CentreFile(NodeFile):
    """A centre. `upward` is absent where nothing is sent upward from this machine, `warehouse` where it is a file.

    `inbox` is absent where this machine is the only receiver, `proxy` where connections end at this process itself.
    """

    role: Literal["centre"]
    centre: Name
    listen: Listen = Listen()
    upward: UpwardAddress | None = None
    warehouse: WarehouseFile | None = None
    inbox: InboxFile | None = None
    proxy: ProxyFile | None = None
    office: OfficeFile | None = None

    @model_validator(mode="after")
    def _known_server(self) -> CentreFile:
        if self.warehouse is not None and self.warehouse.sslmode is not SslMode.VERIFY_FULL and not self.rehearsal:
            zh = "sslmode 应为 verify-full(disable 仅限演练站点)"
            raise PydanticCustomError("sslmode", "sslmode must be verify-full (disable: rehearsal only)", {"zh": zh})
        return self

    @model_validator(mode="after")
    def _shared_inbox(self) -> CentreFile:
        if self.inbox is None:
            return self
        if self.warehouse is None:
            zh = "inbox 须与 warehouse(PostgreSQL)同用:共享收件箱的接收机共用一个库"
            en = "inbox needs warehouse (PostgreSQL): receivers that share an inbox share one database"
            raise PydanticCustomError("inbox", en, {"zh": zh})
        if self.inbox.url.startswith("file:") and self.inbox.options != InboxOptions():
            raise PydanticCustomError("inbox", "options belong to s3://", {"zh": "options 仅用于 s3://"})
        if (self.inbox.options.endpoint_url or "").startswith("http:") and not self.rehearsal:
            zh = "endpoint_url 应为 https://(http:// 仅限演练站点)"
            raise PydanticCustomError("inbox", "endpoint_url must be https:// (http: rehearsal only)", {"zh": zh})
        return self


_ROLES: Mapping[object, type[FrontEndFile] | type[CentreFile]] = {"front-end": FrontEndFile, "centre": CentreFile}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site directory, its file, and the connections laid over the catalogue's sources, each with its place."""

    root: Path
    file: FrontEndFile | CentreFile
    overrides: Mapping[str, Located]

    @property
    def catalogue(self) -> Path:
        """The catalogue's file or directory."""
        return self.root / self.file.catalogue


def read_site(root: Path) -> Site:
    """Read `site.yaml` of a site directory.

    Raises:
        ConfigMissing, ConfigInvalid, ConfigFaults, SecretLiteral
    """
    located = read(root / FILE)
    entries = dict(located.items())
    role = entries.get("role")
    if role is None or role.value not in _ROLES:
        place = role.place if role else located.place
        problem = "role 应为 front-end 或 centre", "role must be front-end or centre"
        raise ConfigInvalid(place=place, problem_zh=problem[0], problem_en=problem[1])
    sources = entries.get("sources")
    return Site(
        root=root,
        file=bind(located, _ROLES[role.value]),
        overrides={str(feed): over for feed, over in sources.items()} if sources else {},
    )
