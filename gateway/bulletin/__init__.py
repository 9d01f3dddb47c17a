"""Bulletins (通报): the on-time table of a period, issued once, and corrected by numbered notices.

    figures    what is counted, and how                         `Obligation`, `Figures`, `tally`
    gathering  what a row of the freshness board counts as      `obligations_of`
    columns    the table's columns, and what stands in a cell   `Column`
    changes    what differs between two tables                  `differences`
    issues     a bulletin, and its lines in the ledger          `Bulletin`, `issues_in`
    press      issuing and correcting                           `Press`
    words      title, text, remarks                             `Words`
    rendering  as .xlsx, .csv or .html                          `render`, `write`

Once issued, a bulletin is its `published` lines: it is shown from them and never counted again, whatever comes later.
Must never decide what came in time; the freshness board does.
"""

from gateway.bulletin.changes import Change, differences
from gateway.bulletin.columns import Column
from gateway.bulletin.figures import Approval, ApprovalKind, Before, Entry, Figures, Obligation, Standing, tally, total
from gateway.bulletin.gathering import obligations_of
from gateway.bulletin.issues import Bulletin, issues_in
from gateway.bulletin.press import Press
from gateway.bulletin.rendering import ENDINGS, render, require_writable, write
from gateway.bulletin.words import Words

__all__ = [
    "ENDINGS",
    "Approval",
    "ApprovalKind",
    "Before",
    "Bulletin",
    "Change",
    "Column",
    "Entry",
    "Figures",
    "Obligation",
    "Press",
    "Standing",
    "Words",
    "differences",
    "issues_in",
    "obligations_of",
    "render",
    "require_writable",
    "tally",
    "total",
    "write",
]
