"""What a machine is called in a label: a front-end by its department, a centre by nothing."""

from __future__ import annotations

from gateway.app.observing import ObservedFrontEnd
from monitoring.exporter.watch import Observed

THIS_NODE = ""


def own_department(node: Observed) -> str:
    """The label of a node's own spool and disk."""
    return node.file.department if isinstance(node, ObservedFrontEnd) else THIS_NODE
