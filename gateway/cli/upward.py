"""`yizhan deliver` at a centre: what waits in `upward` goes to the centre above, once."""

from __future__ import annotations

from gateway.app import CentreNode
from gateway.app.levels import upward_of
from gateway.chain import Fetched
from gateway.cli import chain
from gateway.cli.progress import bars
from gateway.cli.shell import Shell
from gateway.errors import NothingAbove
from gateway.forward import Forwarded, Upward, complete_chains, forward
from gateway.transport import Patience


def send(node: CentreNode, shell: Shell) -> tuple[list[Forwarded], list[Fetched]]:
    """Try everything once, and complete the chains, telling of each error as it happens. Raises: NothingAbove."""
    with bars(shell) as shown:
        rooms = upward_of(node, shown.bytes, Patience())
        if rooms is None:
            raise NothingAbove(site=node.site.file.site)
        return _forward_all(rooms, shell), chain.told(complete_chains(rooms), shell)


def _forward_all(rooms: Upward, shell: Shell) -> list[Forwarded]:
    forwarded = []
    for one in forward(rooms):
        forwarded.append(one)
        if one.error is not None:
            shell.complain(one.error)
    return forwarded
