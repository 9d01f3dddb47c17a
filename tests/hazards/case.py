"""One hazard: what a department's system really sends, and the only outcome that is right for it.

An outcome is one of three: every value exactly (`rows`), problem rows with their codes (`problems`, beside the rows
that are good), or the whole refused with its code (`refused`). There is no fourth: a changed value is a defect.
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Hazard:
    """A named case, as data.

    Attributes:
        group: encoding, numbers, dates, identifiers, layout or transport.
        shows: what goes wrong in the field, in one line.
        found: where it is known from.
        peer: the kind of source that is started: `files`, `sftp`, `soap`, `sqlite`, `postgres`, `mariadb`, `oracle`.
        fields: the feed's fields, as a catalogue writes them.
        key: names of the key fields.
        source: the adapter's block without its connection.
        given: what the source holds: names of files and their bytes; of a SOAP service, its `answer`; of Oracle, which
            `service` is asked.
        rows: the good rows, each value as text, null where it is missing.
        problems: position and code of every reason.
        refused: the code with which the whole is refused.
    """

    name: str
    group: str
    shows: str
    found: str
    peer: str
    fields: tuple[dict[str, Any], ...]
    source: dict[str, Any]
    given: dict[str, bytes] = field(repr=False)
    key: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    refused: str | None = None

    def encode(self) -> dict[str, Any]:
        """As it stands in the corpus."""
        given = {name: base64.b64encode(content).decode("ascii") for name, content in self.given.items()}
        return asdict(self) | {"given": given}

    @classmethod
    def decode(cls, stored: dict[str, Any]) -> Hazard:
        """Read back from the corpus."""
        given = {name: base64.b64decode(content) for name, content in stored["given"].items()}
        tuples = {name: tuple(map(tuple, stored[name])) for name in ("rows", "problems")}
        return cls(**stored | tuples | {"given": given, "fields": tuple(stored["fields"]), "key": tuple(stored["key"])})
