"""What is no instruction for this department is refused with its code, entered, told to the office, and never done."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.app import CentreNode, open_node
from gateway.envelope.instruction import Instruction, sign_instruction
from gateway.envelope.parties import Signer
from gateway.errors import InstructionsUnreadable
from gateway.instructions import Given
from gateway.keys.issuing import Pki, Validity
from gateway.ledger import EventKind
from tests.agent.hostile import Hostile, hostile
from tests.agent.office import folders, lines
from tests.journeys.account import states
from tests.journeys.hatchery import Hatchery
from tests.journeys.world import FEED, World, found_world

PERIOD = "2001Q1"
NOW = datetime.now(UTC).replace(microsecond=0)
GOOD = Instruction(
    number="20261123-bcdfghjklm", centre="changning", department="agri", action="collect", feed=FEED, period=PERIOD,
    issued_at=NOW - timedelta(hours=1), expires_at=NOW + timedelta(days=1),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Forger:
    """Whose keys a test may sign with."""

    centre: Signer
    department: Signer
    stranger: Signer
    number: str = "20261123-bcdfghjklm"

    def signed(self, by: Signer | None = None, **changed: object) -> bytes:
        """A good instruction of this number but for what is changed, by the centre if nobody else is named."""
        return sign_instruction(replace(GOOD, **{"number": self.number, **changed}), by or self.centre)


@dataclass(frozen=True, kw_only=True)
class Scene:
    world: World
    hostile: Hostile
    forger: Forger


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, source: Path, hatchery: Hatchery) -> Iterator[Scene]:
    """A front-end whose centre hands out what it should not; another centre's authority is trusted here too."""
    root = tmp_path_factory.mktemp("refusing")
    world = found_world(root / "county", source, hatchery)
    city = Pki.found(Validity(start=NOW - timedelta(days=1), end=NOW + timedelta(days=9)), "Another Authority")
    city.write_centre(root / "city", "city")
    for place in ("anchors", "intermediates", "crls"):
        for path in (root / "city" / place).glob("*"):
            (world.front_end / "keys" / place / f"city-{path.name}").write_bytes(path.read_bytes())
    centre, department = open_node(world.centre_site, os.environ), open_node(world.front_end, os.environ)
    assert isinstance(centre, CentreNode)
    elsewhere = replace(centre.keys, directory=root / "city")
    forger = Forger(centre=centre.keys.signer(), department=department.keys.signer(), stranger=elsewhere.signer())
    with hostile(centre) as face:
        path = world.front_end / "site.yaml"
        path.write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{face.port}", path.read_text(encoding="utf-8")))
        yield Scene(world=world, hostile=face, forger=forger)


def flipped(forger: Forger) -> bytes:
    paper = bytearray(forger.signed())
    paper[paper.index(b"2001Q1")] ^= 1
    return bytes(paper)


REFUSED: list[tuple[str, Callable[[Forger], bytes], str]] = [
    ("one byte flipped", flipped, "YZ-4803"),
    ("cut short", lambda forger: forger.signed()[:-1], "YZ-4801"),
    ("for another department", lambda forger: forger.signed(department="civil"), "YZ-4813"),
    ("about another's feed", lambda forger: forger.signed(feed="civil.dibao", period="2024-10"), "YZ-4813"),
    ("by a centre not on the path", lambda forger: forger.signed(forger.stranger, centre="city"),
     "YZ-4814"),
    ("in a centre's name", lambda forger: forger.signed(forger.stranger), "YZ-4811"),
    ("by a department", lambda forger: forger.signed(forger.department), "YZ-4811"),
    ("expired", lambda forger: forger.signed(issued_at=NOW - timedelta(days=9), expires_at=NOW - timedelta(days=1)),
     "YZ-4812"),
    ("from the future", lambda forger: forger.signed(issued_at=NOW + timedelta(hours=9)), "YZ-4809"),
    ("another's number", lambda forger: forger.signed(number="20261123-zzzzzzzzzz"), "YZ-6150"),
    ("unknown feed", lambda forger: forger.signed(feed="agri.nothing"), "YZ-10"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "paper", "code"),
    [pytest.param(place, paper, code, id=name) for place, (name, paper, code) in enumerate(REFUSED)],
)
def test_it_is_refused_with_its_code_once_and_the_office_hears_of_it(
    scene: Scene, place: int, paper: Callable[[Forger], bytes], code: str
) -> None:
    world, face = scene.world, scene.hostile
    number = f"20261124-{'bcdfghjklm'[place % 10] * (10 - place // 10)}{'n' * (place // 10)}"
    face.given = [Given(number=number, document=paper(replace(scene.forger, number=number)))]
    for _ in range(2):  # the second time it is known, and told again
        ended = world.yizhan("agent", "--once")
        assert ended.code in (0, 1), ended.err
    (heard, again) = face.heard[number]
    assert heard == again
    assert (heard["state"], heard["seq"], heard["outcome"], heard["lines"]) == ("failed", 1, None, [])
    assert str(heard["code"]).startswith(code), heard["code"]
    (line,) = [one for one in lines(world.front_end, EventKind.REFUSED) if one.said.number == number]
    assert (line.code, line.said.centre) == (heard["code"], "changning")
    assert folders(world.front_end)[number] == "refused"
    assert states(world.front_end, PERIOD) == []
    assert lines(world.front_end, EventKind.INSTRUCTED) == []


@pytest.mark.parametrize(("code", "kept"), [("YZ-5013", True), ("YZ-5054", False)])
def test_how_it_ended_is_kept_while_the_centre_turns_this_machine_away_and_not_where_it_has_forgotten_it(
    scene: Scene, code: str, kept: bool
) -> None:
    """A certificate that is not admitted for an hour loses no end of an instruction."""
    world, face, number = scene.world, scene.hostile, "20261126-bcdfghjklm" if kept else "20261126-bcdfghjkln"
    face.given, face.refuses = [Given(number=number, document=scene.forger.signed()[:-1])], code
    told = world.yizhan("agent", "--once")
    assert (f"({code})" in told.err, number in face.heard) == (True, False), told.err
    face.given, face.refuses = [], None
    world.yizhan("agent", "--once")
    assert [one["code"] for one in face.heard.get(number, [])] == (["YZ-4801"] if kept else [])


def test_an_answer_that_is_none_is_told_and_nothing_is_done(scene: Scene) -> None:
    before = folders(scene.world.front_end)
    scene.hostile.raw = b'{"instructions": [{"number": "../../x", "document": "AAAA"}]}'
    ended = scene.world.yizhan("agent", "--once")
    scene.hostile.raw = None
    assert f"[{InstructionsUnreadable.code}]" in ended.err
    assert ended.code == InstructionsUnreadable.exit_code
    assert folders(scene.world.front_end) == before


def test_a_good_one_after_a_bad_one_of_the_same_number_is_carried_out(scene: Scene) -> None:
    """Whoever damages a paper on its way cannot use up its number."""
    world, face, number = scene.world, scene.hostile, "20261125-bcdfghjklm"
    good = scene.forger.signed(number=number)
    face.given = [Given(number=number, document=good[:-1])]
    world.yizhan("agent", "--once")
    assert folders(world.front_end)[number] == "refused"
    face.given = [Given(number=number, document=good)]
    world.yizhan("agent", "--once")
    (line,) = lines(world.front_end, EventKind.INSTRUCTED)
    assert line.said.number == number
    assert states(world.front_end, PERIOD) != []  # it was collected; this centre takes no batches
