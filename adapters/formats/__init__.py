"""How a file's bytes become records: every file format that departments send, wherever the file came from.

Owns decoding, cutting into records and fields, and the totals that a file states about itself. Must never open a file
or a connection (a `Content` comes in), guess an encoding or a type, repair a character, or drop a record.
"""

from adapters.formats.config import FileFormat
from adapters.formats.content import Content
from adapters.formats.reading import records

__all__ = ["Content", "FileFormat", "records"]
