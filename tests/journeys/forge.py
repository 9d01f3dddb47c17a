"""Sealed batches for tampering: a genuine one out of a real run, and what a dishonest holder of real keys can make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.app import open_node
from gateway.envelope.manifest import Manifest
from gateway.envelope.sealed import Sealed, open_key, verify
from gateway.envelope.sealing import seal_keys, seal_manifest
from gateway.errors import EnvelopeRefused, Refuse
from tests.journeys.world import FEED, World, copy_site

SEALED = "call:gateway.deliver:drain:1"


@dataclass(frozen=True, kw_only=True)
class Files:
    """A sealed batch, unverified."""

    manifest: bytes
    keys: bytes
    payload: bytes


def seal(world: World, site: Path, period: str) -> Files:
    """A genuine batch of a period, sealed at a copy of the front-end that is killed before it delivers."""
    if not site.exists():
        copy_site(world.pristine, site)
    assert world.yizhan("run", "--period", period, site=site, killed=SEALED).code == -9
    (entry,) = (site / "spool" / "ready").glob(f"{FEED}_{period}_*")
    return Files(
        manifest=(entry / "manifest.p7s").read_bytes(),
        keys=(entry / "keys.p7m").read_bytes(),
        payload=(entry / "payload").read_bytes(),
    )


def reseal(world: World, genuine: Files, signer: Path, **changes: object) -> Files:
    """The same content under another manifest, signed and sealed with the real keys of the site `signer`."""
    key, said = _opened(world, genuine)
    site = open_node(signer, {})
    manifest = seal_manifest(replace(said, **changes), site.keys.signer())
    recipient = site.keys.recipient("changning", datetime.now(UTC))
    keys = seal_keys(manifest, key, [recipient], site.keys.signer(), os.urandom)
    return Files(manifest=manifest, keys=keys, payload=genuine.payload)


def declared(world: World, genuine: Files) -> Manifest:
    return _opened(world, genuine)[1]


def offline(world: World, manifest: bytes, keys: bytes) -> str:
    """The code with which anybody would refuse these two files, without a network."""
    try:
        verify(Sealed.parse(manifest, keys), open_node(world.centre_site, {}).keys.trust(), datetime.now(UTC))
    except Refuse as refusal:
        assert isinstance(refusal, EnvelopeRefused) or refusal.code.startswith("YZ-50")
        return refusal.code
    raise AssertionError("these files are genuine")


def flipped(data: bytes, positions: list[int]) -> Iterator[bytes]:
    """The data with one byte changed, for each position (from the end if negative)."""
    for at in positions:
        changed = bytearray(data)
        changed[at] ^= 0x01
        yield bytes(changed)


def _opened(world: World, genuine: Files) -> tuple[bytes, Manifest]:
    ring = open_node(world.centre_site, {}).keys
    batch = verify(Sealed.parse(genuine.manifest, genuine.keys), ring.trust(), datetime.now(UTC))
    return open_key(batch, ring.decryptor()), batch.manifest
