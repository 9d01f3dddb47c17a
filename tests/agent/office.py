"""The office of a county as the agent's tests see it: what it instructs, and what it hears."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.app import CentreNode, open_node
from gateway.envelope.instruction import Instruction, peek, sign_instruction
from gateway.instructions import InstructionBook, Standing, Wanted
from gateway.ledger import EventKind, Line
from tests.journeys.hatchery import Command
from tests.journeys.world import FEED, World, outside, wait_until


@dataclass(frozen=True, kw_only=True)
class Office:
    """At a centre's own tables, beside the process that serves."""

    world: World
    node: CentreNode
    book: InstructionBook

    @classmethod
    def of(cls, world: World) -> Office:
        node = open_node(world.centre_site, os.environ)
        assert isinstance(node, CentreNode)
        return cls(world=world, node=node, book=node.instructions)

    def instruct(self, action: str, period: str, **more: object) -> str:
        """The number of a fresh instruction."""
        wanted = Wanted(request=uuid.uuid4().hex, action=action, feed=FEED, period=period, **more)
        issued = self.book.issue(wanted)
        assert issued.fresh
        return issued.number

    def collect(self, period: str, **more: object) -> str:
        return self.instruct("collect", period, **more)

    def ends(self, number: str, seconds: float = 60.0) -> Standing:
        """How it ended, which it has to."""
        wait_until(lambda: self.book.show(number).ended, seconds)
        return self.book.show(number)

    def forge(self, number: str, document: bytes) -> None:
        """Have the centre hand out another paper under this number."""
        with outside(self.world.centre_site / "warehouse.db") as database:
            database.execute("UPDATE instructions SET document = ? WHERE number = ?", (document, number))

    def paper(self, number: str) -> bytes:
        with outside(self.world.centre_site / "warehouse.db") as database:
            return database.execute("SELECT document FROM instructions WHERE number = ?", (number,)).fetchone()[0]

    def signed(self, number: str, signer_site: Path | None = None, **changed: object) -> bytes:
        """The paper of this number with something changed, signed anew, by another node's key if one is named."""
        node = self.node if signer_site is None else open_node(signer_site, os.environ)
        said: Instruction = peek(self.paper(number))
        return sign_instruction(replace(said, **changed), node.keys.signer())


def lines(site: Path, kind: EventKind) -> list[Line]:
    node = open_node(site, os.environ)
    found = list(node.ledger.lines(kind=kind))
    node.database.dispose()
    return found


def folders(site: Path) -> dict[str, str]:
    """Every instruction in a front-end's tray, and its state."""
    return {path.name.split("@")[0]: path.parent.name for path in (site / "agent").glob("*/*@*")}


def dies(agent: Command) -> None:
    """It kills itself, as it was told to."""
    wait_until(lambda: agent.ended() is not None)
    ended = agent.ended()
    assert ended is not None and ended.code == -9, ended
