"""A stretch of rows, already parsed, taken apart into columns without a step in Python for each of them.

libxml2 has judged the XML and written it out again, so comments, CDATA and references are gone, and `<` and `>` stand
only around tags: their places give every tag and every text between two of them. Must never repair: a row of another
shape is a row with a fault, and what cannot be taken apart for certain is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from adapters.contract import Fault
from adapters.soap.refusals import PageError

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TAG = re.compile(r"<(?:[^\s/>:]+:)?([^\s/>:]+)(.*?)/?>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([^\s=]+)=(?:"([^"]*)"|'([^']*)')""")
_REFERENCES = (("&lt;", "<"), ("&gt;", ">"), ("&#13;", "\r"), ("&amp;", "&"))  # all that libxml2 writes into a text
_MOST_BYTES = (1 << 31) - 1
_ROW, _FIELD = 2, 3  # levels: the wrapper is 1


@dataclass(frozen=True, kw_only=True)
class Slab:
    """Rows: an array of texts for each name asked for, in step with `faults` (utf8, null or a `Fault` word)."""

    columns: list[pa.Array]
    faults: pa.Array

    @property
    def rows(self) -> int:
        return len(self.faults)


def slab(rows: list[etree._Element], names: tuple[str, ...]) -> Slab:
    """These rows, which are taken out of their document; the values of `names`, local names of their children.

    Raises: PageError: not to be taken apart for certain.
    """
    wrapper = etree.Element("rows", nsmap=rows[0].getparent().nsmap)
    wrapper.extend(rows)
    return _Taken(etree.tostring(wrapper, encoding="utf-8"), names).slab()


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What one spelling of an opening tag means; the same spelling mostly stands there thousands of times."""

    name: str
    nil: bool
    refers: bool


class _Taken:
    """The tags of one stretch by number, with the level each stands on; text `2 * n + 1` follows tag `n`."""

    def __init__(self, written: bytes, names: tuple[str, ...]) -> None:
        self._names = names
        self._split(written)
        self._close = self._bytes[self._starts + 1] == ord("/")
        self._alone = self._bytes[self._ends - 1] == ord("/")
        after = np.cumsum(np.where(self._close, -1, np.where(self._alone, 0, 1)))
        self._level = np.where(self._close | self._alone, after + 1, after)

    def _split(self, written: bytes) -> None:
        self._bytes = np.frombuffer(written, np.uint8)
        self._starts, self._ends = (np.flatnonzero(self._bytes == ord(sign)) for sign in "<>")
        starts, ends = self._starts, self._ends
        apart = len(starts) == len(ends) and (starts < ends).all() and (ends[:-1] < starts[1:]).all()
        if not apart or len(written) > _MOST_BYTES:
            raise _not_apart()
        offsets = np.full(2 * len(starts) + 2, len(written), np.int32)
        offsets[0:-2:2], offsets[1:-2:2] = starts, ends + 1
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(written)]
        self._pieces = pa.Array.from_buffers(pa.utf8(), 2 * len(starts) + 1, buffers)
        self._empty = 2 * len(starts)
        self._escaped = b"&" in written

    def slab(self) -> Slab:
        rows = np.flatnonzero(~self._close & (self._level == _ROW))
        kinds, codes = self._kinds(rows)
        texts, faulty = self._placed(rows)
        faulty |= np.array([kind.refers for kind in kinds], bool)[codes]
        texts[:, faulty] = -1
        word = pa.array([None, Fault.LAYOUT.value], pa.utf8()).take(pa.array(faulty.astype(np.int8)))
        return Slab(columns=[self._column(one) for one in texts], faults=word)

    def _placed(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each name and row the number of its text (-1: none), and which rows are of another shape."""
        count = len(rows)
        fields = np.flatnonzero(~self._close & (self._level == _FIELD))
        kinds, codes = self._kinds(fields)
        places = {name: place for place, name in enumerate(self._names)}
        place = np.array([places.get(kind.name, -1) for kind in kinds], np.int64)[codes]
        nil = np.array([kind.nil for kind in kinds], bool)[codes]
        refers = np.array([kind.refers for kind in kinds], bool)[codes]
        row = np.searchsorted(rows, fields) - 1
        tags, place, row, nil, refers = (part[place >= 0] for part in (fields, place, row, nil, refers))
        content = np.where(self._alone[tags], self._empty, 2 * tags + 1)
        nested = ~self._alone[tags] & ~self._close[np.minimum(tags + 1, len(self._close) - 1)]
        times = np.bincount(place * count + row, minlength=len(self._names) * count).reshape(len(self._names), count)
        faulty = (times > 1).any(axis=0)
        faulty[row[nested | refers | self._contradicts(nil, content)]] = True
        texts = np.full((len(self._names), count), -1, np.int64)
        texts[place, row] = np.where(nil, -1, content)
        return texts, faulty

    def _contradicts(self, nil: np.ndarray, content: np.ndarray) -> np.ndarray:
        """Fields that are called nil and hold something all the same."""
        held = np.zeros(len(nil), bool)
        for at in np.flatnonzero(nil):
            held[at] = bool(self._pieces[int(content[at])].as_py().strip())
        return held

    def _column(self, texts: np.ndarray) -> pa.Array:
        column = self._pieces.take(pa.array(texts, mask=texts < 0))
        if self._escaped and pc.any(pc.match_substring(column, "&")).as_py():
            for written, meant in _REFERENCES:
                column = pc.replace_substring(column, written, meant)
        return column

    def _kinds(self, tags: np.ndarray) -> tuple[list[_Kind], np.ndarray]:
        """The different spellings of these tags, and for each tag the number of its spelling."""
        spelled = self._pieces.take(pa.array(2 * tags)).dictionary_encode()
        return [self._kind(text) for text in spelled.dictionary.to_pylist()], spelled.indices.to_numpy()

    def _kind(self, spelled: str) -> _Kind:
        found = _TAG.fullmatch(spelled)
        if found is None:
            raise _not_apart()
        name, rest = found.groups()
        nil = refers = False
        for key, value in _attributes(rest) if rest else ():
            prefix, _, local = key.rpartition(":")
            nil = nil or (local == "nil" and prefix in self._nil_prefixes and value.strip() in ("true", "1"))
            refers = refers or (key == "href" and value.startswith("#"))
        return _Kind(name=name, nil=nil, refers=refers)

    @cached_property
    def _nil_prefixes(self) -> frozenset[str]:
        """Raises: PageError: one prefix means the schema instance's namespace here and another one there."""
        tags = self._pieces.take(pa.array(2 * np.flatnonzero(~self._close))).unique().to_pylist()
        bound = {pair for tag in tags if "xmlns:" in tag for pair in _attributes(tag) if pair[0].startswith("xmlns:")}
        ours = {key for key, value in bound if value == _XSI}
        if any(key in ours and value != _XSI for key, value in bound):
            raise PageError("命名空间前缀含义不一", "a namespace prefix means two things")
        return frozenset(key.removeprefix("xmlns:") for key in ours)


def _attributes(text: str) -> list[tuple[str, str]]:
    return [(key, one or other) for key, one, other in _ATTRIBUTE.findall(text)]


def _not_apart() -> PageError:
    return PageError("有无法可靠拆分的内容", "it holds what cannot be taken apart for certain")
