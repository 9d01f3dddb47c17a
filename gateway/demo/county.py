"""A county's site directories: one centre and one front-end for each department that owes a feed of the sample.

Every node gets its own `site.yaml`, its copy of the sample catalogue and its keys of a PKI made on the spot. Sites made
here rehearse: their certificates are refused in production. Must never start anything; that is `servers`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from ruamel.yaml import YAML

from gateway.keys import Party
from gateway.keys.issuing import Pki, Validity

CENTRE = "changning"
DEPARTMENTS = ("finance", "civil", "agri")
# The people of the sample catalogue, by staff number: in life their keys lie on their own sticks, not on the node.
PERSONS = ("p001", "p003", "p004")
REVIEWER = "p003"
APPROVERS = ("p101",)
_YEARS = timedelta(days=3650)
_STARTS = re.compile(r"^(\s+starts:).*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class County:
    """Where everything lies below one directory."""

    root: Path

    @property
    def centre(self) -> Path:
        """The centre's site directory."""
        return self.root / "centre"

    @property
    def sources(self) -> Path:
        """The departments' own systems: data and logs of the servers that stand for them."""
        return self.root / "sources"

    def front_end(self, department: str) -> Path:
        """A front-end's site directory."""
        return self.root / department

    @property
    def front_ends(self) -> tuple[Path, ...]:
        """All front-ends."""
        return tuple(self.front_end(department) for department in DEPARTMENTS)


def found(county: County, *, at: datetime, port: int, starts: Mapping[str, str]) -> None:
    """Write the nodes' directories.

    Args:
        at: the certificates are valid from an hour before this moment, for ten years.
        port: where the centre will listen on loopback.
        starts: each feed's first period owed.
    """
    pki = Pki.found(Validity(start=at - timedelta(hours=1), end=at + _YEARS))
    encryption = pki.write_centre(county.centre / "keys", CENTRE)
    pki.write_persons(county.centre / "keys", Party.CENTRE, CENTRE, APPROVERS)
    _write_catalogue(county.centre / "catalogue", starts)
    _write_site(county.centre, {
        "site": "centre", "role": "centre", "rehearsal": True, "centre": CENTRE,
        "listen": {"host": "127.0.0.1", "port": port},
    })  # fmt: skip
    for department in DEPARTMENTS:
        root = county.front_end(department)
        pki.write_department(root / "keys", department, {CENTRE: encryption})
        pki.write_persons(root / "keys", Party.DEPARTMENT, department, PERSONS)
        _write_catalogue(root / "catalogue", starts)
        _write_site(root, {
            "site": department, "role": "front-end", "rehearsal": True, "department": department,
            "centres": {CENTRE: {"url": f"https://127.0.0.1:{port}"}},
        })  # fmt: skip


def connect(county: County, department: str, feed: str, connection: Mapping[str, object]) -> None:
    """Tell a front-end where its feed's source is, as its department would: under `sources:` of its site file."""
    path = county.front_end(department) / "site.yaml"
    site = YAML(typ="safe").load(path)
    _write_site(county.front_end(department), site | {"sources": {**site.get("sources", {}), feed: dict(connection)}})


def open_office(county: County, port: int, token: str) -> None:
    """Let programs of the office instruct the county: the centre's office interface, and every front-end's agent.

    Each department's reviewer lets it sign for them what they released from the office.
    """
    centre = YAML(typ="safe").load(county.centre / "site.yaml")
    reference = _place_secret(county.centre, "office", token)
    _write_site(county.centre, centre | {
        "office": {"listen": {"host": "127.0.0.1", "port": port}, "token": reference},
    })  # fmt: skip
    for department in DEPARTMENTS:
        site = YAML(typ="safe").load(county.front_end(department) / "site.yaml")
        _write_site(county.front_end(department), site | {"agent": {"releases_by": [REVIEWER]}})


def place_secret(county: County, department: str, name: str, value: str) -> str:
    """Put a secret into a file that only this user reads; gives the reference to it."""
    return _place_secret(county.front_end(department), name, value)


def _place_secret(site: Path, name: str, value: str) -> str:
    directory = site / "secrets"
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / name
    path.touch(mode=0o600)
    path.write_text(value, encoding="utf-8")
    return f"file:secrets/{name}"


def _write_catalogue(directory: Path, starts: Mapping[str, str]) -> None:
    shutil.copytree(sample_catalogue(), directory)
    for feed, period in starts.items():
        path = directory / "feeds" / f"{feed}.yaml"
        path.write_text(_STARTS.sub(rf"\g<1> {period}", path.read_text(encoding="utf-8")), encoding="utf-8")


def sample_catalogue() -> Path:
    """The sample catalogue: inside an installed wheel, or in this checkout."""
    installed = Path(str(files("gateway.demo"))) / "sample" / "catalogue"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "sample" / "catalogue"


def _write_site(root: Path, site: Mapping[str, object]) -> None:
    with (root / "site.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(dict(site), file)
