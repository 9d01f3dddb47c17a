"""Dunning (催报): the notice that a department gets in writing about what is overdue.

    notices  what the ledger knows of notices      `Notice`, `notices_in`
    page     the paper itself, HTML for A4         `Paper`, `draw`
    office   numbering, entering and handing out   `DunningOffice`

A notice is its `dunned` lines in the ledger, one for each feed and period, all with its number: what is counted is
counted there. Must never judge what is overdue; the freshness board does.
"""

from gateway.dunning.notices import Item, Notice, notices_in
from gateway.dunning.office import DunningOffice, Written, require_dunner
from gateway.dunning.page import Paper, draw

__all__ = ["DunningOffice", "Item", "Notice", "Paper", "Written", "draw", "notices_in", "require_dunner"]
