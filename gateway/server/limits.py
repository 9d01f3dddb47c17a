"""How much the centre reads before it refuses, and how long it waits: each read of the wire has its bound here."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.envelope.papers.bundle import MAX_PAPER, PAPERS
from gateway.presence import MAX_REPORT


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds.

    Attributes:
        manifest, keys, paper: the parts of a submission.
        heartbeat: a front-end's report.
        piece: how much of an upload is held in memory before it is written and forced to the disk.
        idle: how long an upload may send nothing before its connection is given up, so that a front-end whose line
            died can take over its own upload.
        wait: the longest a question for a receipt is held open.
        glance: how often the store is asked meanwhile: another receiver may load the batch.
        again: how long a load that could not be done now is put off.
        look: how often the inbox is looked into for batches that other receivers left, on an average.
        rest: how long a batch whose load failed on a defect is left alone.
        shutdown: how long connections are given to finish at SIGTERM.
    """

    manifest: int = 1024 * 1024
    keys: int = 256 * 1024
    paper: int = MAX_PAPER
    heartbeat: int = MAX_REPORT
    piece: int = 4 * 1024 * 1024
    idle: float = 30.0
    wait: float = 20.0
    glance: float = 1.0
    again: float = 30.0
    look: float = 3.0
    rest: float = 600.0
    shutdown: float = 5.0

    @property
    def submission(self) -> int:
        """All parts and the multipart framing around them."""
        return self.manifest + self.keys + len(PAPERS) * self.paper + 16 * 1024
