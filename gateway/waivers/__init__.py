"""Decisions about what is owed, and events that make something owed, as the ledger tells of them.

decisions  exemptions (免报) and extensions (延期) read from lines   `waivers_in`
book       entering and withdrawing them                            `WaiverBook`
events     events of event-driven feeds, entered and read           `EventBook`, `occurrences_in`
authority  who may decide, at a centre and at a front-end           `Authority`

A decision is its lines in the ledger and nothing else. Nodes do not share ledgers: a centre's decision counts on a
front-end's board once its people have entered it there too. Must never judge what is late.
"""

from gateway.waivers.authority import Authority
from gateway.waivers.book import Decision, Span, WaiverBook
from gateway.waivers.decisions import DECISIONS, waivers_in
from gateway.waivers.events import EventBook, occurrences_in

__all__ = [
    "DECISIONS",
    "Authority",
    "Decision",
    "EventBook",
    "Span",
    "WaiverBook",
    "occurrences_in",
    "waivers_in",
]
