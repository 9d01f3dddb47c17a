"""A folder in which a department drops files: which of them belong to a period, when they are whole, and their records.

Owns patterns, readiness, what is settled, control digests, zip archives, and several files as one reading. Must never
know a protocol (a `Folder` comes in) or a file format's inside, write at the source, or keep data in a temporary file.
"""

from adapters.drops.config import DropConfig
from adapters.drops.folder import Folder, Kind, Look
from adapters.drops.reading import open_drops

__all__ = ["DropConfig", "Folder", "Kind", "Look", "open_drops"]
