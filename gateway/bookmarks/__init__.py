"""Bookmarks: how far each sealed batch of an increment has read its source, and what is to be said back to it.

One file a batch, `bookmarks/<feed>/<entry>.json`, durable before the spool shows the entry: the cursors it started and
ended at. Where the source wants to be told what became of its rows, beside it `<entry>.rows`: a keyed digest of each
row with its verdict, dropped once the source was told. Owns everything below `bookmarks/`, and the secret of the
digests. Must never hold a value of a record, read a source, or judge whether a batch arrived: the ledger knows that.
"""

from gateway.bookmarks.bookmark import Bookmark
from gateway.bookmarks.rows import RowsWriter
from gateway.bookmarks.shelf import Bookmarks
from gateway.bookmarks.verdicts import BatchVerdicts

__all__ = ["BatchVerdicts", "Bookmark", "Bookmarks", "RowsWriter"]
