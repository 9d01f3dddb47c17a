"""What a published catalogue may not change at a front-end: where its sources are, how they are spoken to, its secrets.

A feed's `source:` block is the catalogue's, with the site's `sources:` laid over it. What comes to lie there is told in
two parts: the connection (each adapter's own `connection_keys`, the path of a file of this machine, and every reference
to a secret, wherever it stands) and the layout (all the rest). The connection has to be, under a catalogue that came
from a centre, exactly what it was: what the site itself says, and what stood in the catalogue already in force.
Otherwise an office could have a department's password sent to another machine. What has a connection also keeps what is
done with it: its adapters, and what they write at the source. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue

from gateway.catalogue import Located, Sources, is_reference, overlay
from gateway.catalogue.load import Adapters, Overrides
from gateway.errors import CatalogueConnectionPushed


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Whose sources these are, the adapters' models by kind, and what the site says of each feed's connection.

    Attributes:
        recipients: centres that this department lets the office add to the routes of its feeds.
    """

    department: str
    adapters: Adapters
    overrides: Overrides
    recipients: frozenset[str] = frozenset()


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
    ways = () if not was.connection else (now.ways, was.ways)
    for said, stood in ((now.connection, was.connection), ways or ({}, {})):
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
    """By dotted path: what says where to connect and with which secrets, and what is done there."""

    connection: Mapping[str, JsonValue]
    ways: Mapping[str, JsonValue]

    @classmethod
    def of(cls, source: Located | None, consent: Consent) -> _Told:
        found = [] if source is None else list(_parts(source, "", "", _Keys(), consent.adapters))
        return cls(
            connection={one.path: one.value for one in found if not one.way},
            ways={one.path: one.value for one in found if one.way},
        )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Something at a dotted path. way: it says what is done with a connection, and is none itself."""

    path: str
    value: JsonValue
    way: bool = False


@dataclass(frozen=True, kw_only=True)
class _Keys:
    """What an adapter's model says of its keys (`adapters.contract.AdapterConfig`)."""

    connection: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    writing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: type[BaseModel] | None) -> _Keys:
        names = {"connection": "connection_keys", "files": "file_keys", "writing": "writing_keys"}
        return cls(**{own: getattr(model, theirs, frozenset()) for own, theirs in names.items()})

    def connect(self, inside: str, said: Located) -> bool:
        """Whether what stands at this path of the adapter's block is part of a connection."""
        if inside in self.connection:
            return True
        text = said.value
        return isinstance(text, str) and (is_reference(text) or (inside in self.files and text.startswith("/")))

    def write(self, inside: str, said: Located) -> bool:
        """Whether this block says what is written at the source."""
        return any(f"{inside}.{step}" in self.writing for step, _ in said.items())


def _parts(block: Located, path: str, within: str, keys: _Keys, adapters: Adapters) -> Iterator[_Part]:
    """What is told of a block. `within`: its path below the block of the adapter whose `keys` these are."""
    entries = dict(block.items())
    kind = entries.get("adapter")
    if kind is not None:
        yield _Part(path=f"{path}adapter", value=kind.plain(), way=True)
        within, keys = "", _Keys.of(adapters.get(kind.value) if isinstance(kind.value, str) else None)
    for step, child in entries.items():
        here, inside = f"{path}{step}", f"{within}{step}"
        if keys.connect(inside, child):
            yield _Part(path=here, value=child.plain())
        elif child is not kind:
            if keys.write(inside, child):
                yield _Part(path=here, value=child.plain(), way=True)
            yield from _parts(child, f"{here}.", f"{inside}.", keys, adapters)
