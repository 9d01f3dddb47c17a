"""Subscribers: who outside a feed's own region may read it, and every copy that left the centre.

grants   what was granted, until when, by whom       `Grant`, `grants_in`, `require_readable`
granting entering and revoking them                   `GrantBook`
outward  a copy: rows into a file, with a signed note `Copyist`, `Order`, `copy_out`
note     the signed note beside a copy                `Note`
files    rows as CSV or Parquet

A grant is its lines in the ledger and nothing else, so nobody can be given a right that the ledger does not tell of.
Must never hand out a row without a grant in force or the reader's own region, nor before the ledger has the copy.
"""

from gateway.subscribers.granting import GrantBook
from gateway.subscribers.grants import Grant, grants_in, require_readable
from gateway.subscribers.note import Note, read_note
from gateway.subscribers.outward import Copied, Copyist, Order, copies_due, copy_out, left_behind, stem_of

__all__ = [
    "Copied",
    "Copyist",
    "Grant",
    "GrantBook",
    "Note",
    "Order",
    "copies_due",
    "copy_out",
    "grants_in",
    "left_behind",
    "read_note",
    "require_readable",
    "stem_of",
]
