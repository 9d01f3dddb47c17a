"""site.yaml: what one node is, strictly read.

Owns the shape of the site file. A front-end names its department, the addresses of its centres and the connections of
its sources; a centre names itself and where it listens. Must never open a room; that is `rooms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.secrets import SecretRef
from gateway.catalogue import Located, bind, read
from gateway.errors import ConfigInvalid
from gateway.keys import RevocationPolicy

FILE = "site.yaml"
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class CentreAddress(_Strict):
    """Where a centre of the routes is reached: `https://host:port`, with a path prefix if a proxy wants one."""

    url: Annotated[str, Field(pattern=r"^https://[^\s?#]+$")]


class Listen(_Strict):
    """Where a centre listens; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8443


class NodeFile(_Strict):
    """What every node says of itself.

    Attributes:
        site: the node's name in its ledger.
        rehearsal: throw-away certificates and `YIZHAN_NOW` are accepted here, and nowhere else.
        catalogue: file or directory, relative to the site.
        passphrase: reference to what opens this node's private keys; None where they are stored plain.
        revocation: what to do about an authority whose revocation list is not held.
    """

    site: Name
    rehearsal: bool = False
    catalogue: str = "catalogue"
    passphrase: SecretRef | None = None
    revocation: RevocationPolicy = RevocationPolicy.REQUIRED


class FrontEndFile(NodeFile):
    """A front-end. `sources` holds each feed's connection keys, laid over the catalogue's `source:` block."""

    role: Literal["front-end"]
    department: Name
    centres: dict[str, CentreAddress]
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)


class CentreFile(NodeFile):
    """A centre."""

    role: Literal["centre"]
    centre: Name
    listen: Listen = Listen()


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
