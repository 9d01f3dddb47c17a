"""The spool: a durable queue of sealed batches made of directories, used as a department's outbox and a centre's inbox.

Owns everything below one directory: `partial ready inflight done dead`, one directory an entry. It must never look
inside a manifest, verify anything, or delete a sealed batch that was put: an entry only ever moves, and may lose its
payload once it is done and an archive holds it.
"""

from gateway.spool.arrival import Arrival
from gateway.spool.draft import Draft
from gateway.spool.entry import Claim, Entry, State
from gateway.spool.names import EntryName, mark_of
from gateway.spool.queue import Spool

__all__ = ["Arrival", "Claim", "Draft", "Entry", "EntryName", "Spool", "State", "mark_of"]
