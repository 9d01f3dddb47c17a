"""Real sources, started once for all adapter tests, and requests that ask them for the sample catalogue's feeds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from adapters.contract import Extraction, Request, Secrets
from adapters.registry import Registry
from gateway.catalogue import Catalogue, load
from tests.peers.processes import ROOT, announced, python
from tests.peers.sshd import Sshd, enterable_home, sshd

PASSWORD = "Canary-口令-7f3a"
USER = "yizhan"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(ROOT / "sample" / "catalogue", Registry.installed().configs())


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Secrets:
    return Secrets(root=tmp_path_factory.mktemp("site"), environ={"PASSWORD": PASSWORD, "WRONG": "not-" + PASSWORD})


@pytest.fixture
def ask(catalogue: Catalogue) -> Callable[..., Request]:
    """A request for a feed of the sample catalogue; October 2026 (or its third quarter) unless told otherwise."""

    def build(feed: str, **changes: Any) -> Request:
        quarter = feed == "agri.village_finance"
        start, end = (date(2026, 7, 1), date(2026, 10, 1)) if quarter else (date(2026, 10, 1), date(2026, 11, 1))
        given = {
            "feed": feed,
            "columns": catalogue.feed(feed).fields,
            "period": "2026Q3" if quarter else "2026-10",
            "start": start,
            "end": end,
            "deadline": time.monotonic() + 60,
            "max_rows": 5_000_000,
            "max_bytes": 1 << 30,
            "cancelled": threading.Event(),
        }
        return Request(**(given | changes))

    return build


@pytest.fixture(scope="session")
def server() -> Iterator[Sshd]:
    """OpenSSH's sshd; each test puts its own files into a folder of its own."""
    with enterable_home() as home, sshd(home) as running:
        yield running


@pytest.fixture(scope="session")
def node_soap() -> Iterator[dict[str, Any]]:
    peer = ROOT / "tests" / "peers" / "soap" / "server.js"
    if not (peer.parent / "node_modules").is_dir():
        raise RuntimeError("no node_modules: run scripts/peers.sh (make test does)")
    with announced(["node", str(peer), "2345"], {"PEER_USER": USER, "PEER_PASSWORD": PASSWORD}) as said:
        yield said


@pytest.fixture(scope="session")
def demo_soap() -> Iterator[dict[str, Any]]:
    command = python("gateway.demo.sources.soap", "--rows", 5000, "--user", USER, "--password-env", "DEMO_PASSWORD")
    with announced(command, {"DEMO_PASSWORD": PASSWORD}) as said:
        yield said


def rows_of(extraction: Extraction) -> list[dict[str, Any]]:
    """Everything an extraction gives, as rows; the extraction is closed."""
    with extraction:
        return [row for batch in extraction for row in batch.to_pylist()]
