"""The inbox of a centre: sealed batches on their way in, from the first byte to the verdict.

contract  what the journey needs of an inbox                `Inbox`, `Claimed`, `Found`
local     in the spool of this machine                      `LocalInbox`
shared    in PostgreSQL and a shared folder or a bucket     `SharedInbox`, over `Register` and `Objects`

Must never verify a batch or judge a refusal: it keeps what it is given.
"""

from gateway.inbox.claim import SharedEntry
from gateway.inbox.contract import Claimed, Found, Inbox, Kept, TakenUp, Upload
from gateway.inbox.local import LocalInbox
from gateway.inbox.objects import Objects, Service, bucket, shared_folder
from gateway.inbox.register import Register
from gateway.inbox.shared import SharedInbox
from gateway.inbox.tables import PIECES, RECEIPTS, SCHEMA, UPLOADS

__all__ = [
    "PIECES",
    "RECEIPTS",
    "SCHEMA",
    "UPLOADS",
    "Claimed",
    "Found",
    "Inbox",
    "Kept",
    "LocalInbox",
    "Objects",
    "Register",
    "Service",
    "SharedEntry",
    "SharedInbox",
    "TakenUp",
    "Upload",
    "bucket",
    "shared_folder",
]
