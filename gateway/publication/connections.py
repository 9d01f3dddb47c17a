"""What a published catalogue may not change at a front-end: where its sources are, how they are spoken to, its secrets.

A feed's `source:` block is the catalogue's, with the site's `sources:` laid over it. What comes to lie there is told in
two parts: the connection (each adapter's own `connection_keys`, and every reference to a secret, wherever it stands)
and the layout (all the rest). The connection has to be, under a catalogue that came from a centre, exactly what it was:
what the site itself says, and what stood in the catalogue already in force. Otherwise an office could have a
department's password sent to another machine. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from gateway.catalogue import Located, Sources, is_reference, overlay
from gateway.catalogue.load import Adapters, Overrides
from gateway.errors import CatalogueConnectionPushed


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Whose sources these are, the adapters' models by kind, and what the site says of each feed's connection."""

    department: str
    adapters: Adapters
    overrides: Overrides


def require_connections_kept(new: Sources, before: Sources, consent: Consent) -> None:
    """Raise unless each of the department's feeds connects as it did; a feed that is new to it, as the site alone says.

    Args:
        new, before: the sources of the catalogue that came, and of the one in force, by feed id.

    Raises:
        CatalogueConnectionPushed: for the first that differs.
    """
    for feed, owned in new.items():
        if owned.department == consent.department:
            known = before.get(feed)
            theirs = known.source if known is not None and known.department == consent.department else None
            _require_kept(feed, owned.source, theirs, consent)


def _require_kept(feed: str, new: Located, before: Located | None, consent: Consent) -> None:
    over = consent.overrides.get(feed)
    now, was = _Told.of(_laid(new, over), consent), _Told.of(_laid(before, over), consent)
    kinds = () if not was.connection else (now.kinds, was.kinds)
    for said, stood in ((now.connection, was.connection), kinds or ({}, {})):
        changed = [key for key in sorted({*said, *stood}) if said.get(key, _ABSENT) != stood.get(key, _ABSENT)]
        if changed:
            raise CatalogueConnectionPushed(feed=feed, key=changed[0])


_ABSENT = object()


def _laid(base: Located | None, over: Located | None) -> Located | None:
    if base is None or over is None:
        return base or over
    return overlay(base, over)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """By dotted path: what says where to connect and with which secrets, and the adapters that are asked to."""

    connection: Mapping[str, JsonValue]
    kinds: Mapping[str, JsonValue]

    @classmethod
    def of(cls, source: Located | None, consent: Consent) -> _Told:
        if source is None:
            return cls(connection={}, kinds={})
        found = list(_parts(source, "", "", frozenset(), consent.adapters))
        kinds = {key: value for key, value in found if key.rpartition(".")[2] == "adapter"}
        return cls(connection={key: value for key, value in found if key not in kinds}, kinds=kinds)


def _parts(
    block: Located, path: str, within: str, keys: frozenset[str], adapters: Adapters
) -> Iterator[tuple[str, JsonValue]]:
    """The connection below a block. `within`: its path below the block of the adapter whose `keys` these are."""
    entries = dict(block.items())
    kind = entries.get("adapter")
    if kind is not None:
        yield f"{path}adapter", kind.plain()
        model = adapters.get(kind.value) if isinstance(kind.value, str) else None
        within, keys = "", getattr(model, "connection_keys", frozenset())
    for step, child in entries.items():
        here, inside = f"{path}{step}", f"{within}{step}"
        if inside in keys or (isinstance(child.value, str) and is_reference(child.value)):
            yield here, child.plain()
        elif child is not kind:
            yield from _parts(child, f"{here}.", f"{inside}.", keys, adapters)
