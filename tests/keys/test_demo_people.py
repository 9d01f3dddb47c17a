"""The demonstration's people: everybody the sample catalogue names can sign at their own node, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

from gateway.demo.county import CENTRE, DEPARTMENTS, County, found
from gateway.keys import KeyRing, Purpose, Stage

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def signing_at(site: Path) -> set[str]:
    """Whom the certificates in a site's `keys/persons` speak for; each has its key."""
    ring = KeyRing(directory=site / "keys", stage=Stage.REHEARSAL)
    signers = [ring.person(path.stem) for path in (site / "keys" / "persons").glob("*.crt")]
    return {str(ring.trust().verify(one.certificate, one.intermediates, Purpose.PERSON, NOW)) for one in signers}


def test_everybody_in_the_sample_catalogue_can_sign_at_their_own_node(tmp_path: Path) -> None:
    county = County(root=tmp_path)
    found(county, at=NOW, port=8443, starts={})
    written = YAML(typ="safe").load(county.centre / "catalogue" / "departments.yaml")
    named = {
        f"{party}:{entry['id']}:person:{person['id']}"
        for party, entries in (("centre", written["centres"]), ("department", written["departments"]))
        for entry in entries
        for person in entry.get("people", ())
    }
    nodes = {f"centre:{CENTRE}": county.centre} | {f"department:{one}": county.front_end(one) for one in DEPARTMENTS}
    signing = {node: signing_at(site) for node, site in nodes.items()}
    assert set().union(*signing.values()) == named
    assert all(person.startswith(f"{node}:") for node, persons in signing.items() for person in persons)
