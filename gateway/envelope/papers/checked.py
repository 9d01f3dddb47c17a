"""All papers that came with a batch, verified against its manifest: for whoever admits one.

Owns which papers a manifest cannot do without. Which feeds need a release, and which periods an order, stands in the
catalogue; this module must never decide it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.envelope.manifest import Kind
from gateway.envelope.papers.bundle import Papers
from gateway.envelope.papers.endorsement import Endorsed, check_nil, check_release, misplaced
from gateway.envelope.papers.order import Order, another_order, check_order
from gateway.envelope.parties import Trust
from gateway.envelope.sealed import Declared


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The papers of one batch, verified; None for each that did not come with it.

    Attributes:
        declared_by: who answers for a nil return. released_by: the reviewer. order: what allows it in a frozen year.
    """

    declared_by: Endorsed | None
    released_by: Endorsed | None
    order: Order | None


def check_papers(papers: Papers, declared: Declared, trust: Trust, at: datetime) -> Checked:
    """Verify every paper, and that none is missing that the manifest itself calls for: a nil declaration, an order.

    Raises:
        FileTooLong; EndorsementRefused (YZ-46xx); OrderRefused (YZ-47xx); YZ-5xxx from `trust`.
    """
    manifest = declared.manifest
    if papers.nil is None and manifest.kind is Kind.NIL:
        raise misplaced(declared, "零报送无人签署", "nobody has signed this nil return")  # ENVELOPE 6.14
    if papers.order is None and manifest.rectification_order is not None:
        raise another_order(declared, "-")  # ENVELOPE 7.12
    return Checked(
        declared_by=None if papers.nil is None else check_nil(papers.nil, declared, trust, at),
        released_by=None if papers.release is None else check_release(papers.release, declared, trust, at),
        order=None if papers.order is None else check_order(papers.order, declared, trust, at),
    )
