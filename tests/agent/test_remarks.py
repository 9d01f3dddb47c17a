"""What the agent's own log says of an instruction: what is to be done, and how it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.agent.remarks import done, failed, received
from gateway.agent.telling import Fault
from gateway.envelope.instruction import Action, Instruction
from gateway.errors import CollectorRequired
from gateway.instructions import Outcome, Stage

NUMBER, FEED, PERIOD = "20261123-rfbtrmwssg", "agri.village_finance", "2026Q3"
BATCH = f"{FEED}/{PERIOD}/r1"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def instruction(action: Action, batch: str | None = None) -> Instruction:
    return Instruction(
        number=NUMBER, centre="changning", department="agri", action=action, feed=FEED, period=PERIOD, batch=batch,
        issued_at=NOW, expires_at=NOW + timedelta(days=7),
    )  # fmt: skip


def test_one_that_comes_is_told_with_what_it_is_about() -> None:
    assert received(instruction("collect")) == (
        f"收到指令 {NUMBER}:归集 {FEED} {PERIOD}(changning)",
        f"instruction {NUMBER} from changning: collect {FEED} {PERIOD}",
    )
    assert received(instruction("hold", BATCH))[0] == f"收到指令 {NUMBER}:留置 {BATCH}(changning)"


@pytest.mark.parametrize(
    ("stage", "outcome", "zh", "en"),
    [
        ("receipted", Outcome(batch=BATCH), f"已办结(已回执){BATCH}", f"done (receipted) {BATCH}"),
        ("held", Outcome(batch=BATCH), f"已办结(待审核){BATCH}", f"done (held) {BATCH}"),
        ("receipted", Outcome(batch=BATCH, unchanged=True), f"已办结(已回执){BATCH}(内容未变)",
         f"done (receipted) {BATCH} (unchanged)"),
        (None, None, "已办结", "done"),
    ],
)  # fmt: skip
def test_one_that_is_done_is_told_with_its_batch(
    stage: Stage | None, outcome: Outcome | None, zh: str, en: str
) -> None:
    assert done(NUMBER, stage, outcome) == (f"指令 {NUMBER}:{zh}", f"instruction {NUMBER}: {en}")


def test_one_that_failed_is_told_with_its_code_and_what_to_do() -> None:
    error = CollectorRequired(feed=FEED, period=PERIOD)
    assert failed(NUMBER, Fault.of(error)) == (
        f"指令 {NUMBER}:失败 [{error.code}] {error.message('zh')}",
        f"instruction {NUMBER}: failed [{error.code}] {error.message('en')}",
    )
