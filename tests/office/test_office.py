"""The office interface of a real centre, on both products."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.app import open_node
from gateway.errors import PeriodNotOwed, SourceUnavailable
from gateway.freshness import State
from gateway.freshness.words import STATE_WORDS
from gateway.instructions import Advice, InstructionReport, Outcome, ReportLine
from gateway.ledger import Event, EventKind
from tests.office.world import FEED, Centre, Receiver

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
DONE = InstructionReport(seq=2, state="done", stage="receipted")


def test_an_instruction_travels_from_the_office_to_the_agent_and_its_outcome_back(
    receiver: Receiver, other: Receiver
) -> None:
    told = receiver.instruct("t1", period="2016-01", reason="卡号更正", by="值班员")
    assert told == {"number": told["number"], "state": "issued", "fresh": True, "joined": False}
    number = str(told["number"])
    (given,) = [one for one in other.fetch() if one.number == number]
    assert given.order is None
    assert receiver.show(number)["state"] == "fetched"
    line = ReportLine(at=AT, code=None, text="已读 7 行")
    other.report(number, InstructionReport(seq=1, state="running", stage="collecting", done=7, total=10, lines=(line,)))
    found = receiver.show(number)
    assert {name: found[name] for name in ("state", "stage", "done", "total", "seq", "code", "retry", "message")} == {
        "state": "running", "stage": "collecting", "done": 7, "total": 10, "seq": 1, "code": None, "retry": False,
        "message": None,
    }  # fmt: skip
    came = Outcome(batch=f"{FEED}/2016-01/r1", revision=1, unchanged=False, rows=7, amount=123_405, digest="5f" * 32)
    receiver.report(number, InstructionReport(seq=2, state="done", stage="receipted", outcome=came))
    found = other.show(number, "?wait=30")
    assert (found["state"], found["reason"], found["by"]) == ("done", "卡号更正", "值班员")
    assert found["outcome"] == {
        "batch": f"{FEED}/2016-01/r1", "revision": 1, "unchanged": False, "rows": 7, "amount": "1234.05",
        "digest": "5f" * 32,
    }  # fmt: skip
    assert found["lines"] == [{"at": "2026-12-01T08:00:00+00:00", "code": None, "text": "已读 7 行"}]


def test_a_failure_says_why_what_to_do_and_whether_to_try_again(receiver: Receiver) -> None:
    number = str(receiver.instruct("t2", period="2016-02")["number"])
    receiver.fetch()
    error = SourceUnavailable(feed=FEED, reason_zh="连接超时", reason_en="timed out")
    receiver.report(number, InstructionReport(seq=1, state="failed", code=error.code, advice=Advice.of(error)))
    found = receiver.show(number)
    assert (found["state"], found["code"], found["retry"]) == ("failed", "YZ-2001", True)
    assert found["message"] == {"zh": f"连接数据源失败:{FEED}:连接超时。", "en": Advice.of(error).en}
    assert found["next"] == {"zh": error.zh_next, "en": error.en_next}


def test_the_same_request_at_once_at_two_receivers_makes_one_instruction(receiver: Receiver, other: Receiver) -> None:
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda n: (receiver, other)[n % 2].instruct("t3", period="2016-03"), range(8)))
    assert len({one["number"] for one in told}) == 1
    assert [one["fresh"] for one in told].count(True) == 1
    again = receiver.instruct("t3 again".replace(" ", "-"), period="2016-03", reason="再来", by="值班员")
    assert (again["number"], again["joined"]) == (told[0]["number"], True)


def test_another_content_under_a_request_is_refused_with_a_code_and_a_next_step(receiver: Receiver) -> None:
    receiver.instruct("t4", period="2016-04")
    said = {"request": "t4", "action": "deliver", "feed": FEED, "period": "2016-04"}
    answer = receiver.office("POST", "/instructions", said)
    assert (answer.status, answer.code, answer.headers["content-type"]) == (
        409, "YZ-8153", "application/problem+json; charset=utf-8",
    )  # fmt: skip
    assert json.loads(answer.body)["advice_zh"] == "不同的指令请用不同的请求标识。"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"feed": "finance.nothing"}, 422, "YZ-1006"),
        ({"period": "2016Q1"}, 422, "YZ-8105"),
        ({"reason": "身份证 430482199001011234", "by": "x"}, 422, None),
        ({"action": "release"}, 422, None),
        ({"order": "8", "reason": "x", "by": "y"}, 422, "YZ-2072"),
        ({"action": "execute"}, 400, "YZ-5058"),
        ({"feed": "../../etc"}, 400, "YZ-5058"),
        ({"password": "x"}, 400, "YZ-5058"),
        ({"request": ""}, 400, "YZ-5058"),
        ({"digest": "sha256:00"}, 400, "YZ-5058"),
        ({"reason": "x" * 17_000}, 413, None),
    ],
    ids=repr,
)
def test_what_cannot_be_instructed_is_refused(
    receiver: Receiver, said: dict[str, object], status: int, code: str | None
) -> None:
    wanted = {"request": "t5", "action": "collect", "feed": FEED, "period": "2016-05"} | said
    answer = receiver.office("POST", "/instructions", wanted)
    assert answer.status == status, answer.body
    assert answer.code.startswith("YZ-")
    assert code in (None, answer.code)
    assert b"430482199001011234" not in answer.body


def test_without_the_token_nothing_is_told_of_what_is_there(receiver: Receiver) -> None:
    number = str(receiver.instruct("t6", period="2016-06")["number"])
    for token in (None, "", "x" * 64, "5f" * 31):
        answers = [
            receiver.office("GET", f"/instructions/{number}", token=token),
            receiver.office("GET", "/instructions/20260101-bcdfghjklm", token=token),
            receiver.office("POST", "/instructions", {"request": "t6"}, token=token),
            receiver.office("GET", f"/periods/{FEED}/2016-06", token=token),
            receiver.office("GET", "/nothing", token=token),
        ]
        assert {(one.status, one.code, one.headers["www-authenticate"]) for one in answers} == {
            (401, "YZ-5057", "Bearer")
        }
        assert len({one.body for one in answers}) == 1


def test_waiting_ends_when_it_ends_and_with_since_when_something_is_new(receiver: Receiver, other: Receiver) -> None:
    number = str(receiver.instruct("t7", period="2016-07")["number"])
    receiver.fetch()
    with ThreadPoolExecutor(2) as threads:
        began = time.monotonic()
        new = threads.submit(receiver.show, number, "?wait=20&since=0")
        end = threads.submit(receiver.show, number, "?wait=20")
        time.sleep(0.3)
        receiver.report(number, InstructionReport(seq=1, state="running", stage="checking"))
        assert new.result(10)["seq"] == 1
        assert not end.done()
        other.report(number, DONE)
        assert end.result(10)["state"] == "done", "the other receiver heard of it"
        assert time.monotonic() - began < 10
    assert receiver.show(number, "?wait=20")["state"] == "done"


def test_waiting_for_nothing_ends_in_time(receiver: Receiver) -> None:
    number = str(receiver.instruct("t8", period="2016-08")["number"])
    began = time.monotonic()
    assert receiver.show(number, "?wait=1")["state"] == "issued"
    assert 0.9 < time.monotonic() - began < 5


def test_what_nobody_fetched_is_withdrawn_and_what_was_is_not(receiver: Receiver, other: Receiver) -> None:
    number = str(receiver.instruct("t9", period="2016-09")["number"])
    answer = other.office("POST", f"/instructions/{number}/withdraw", {"by": "值班员"})
    assert (answer.status, json.loads(answer.body)["state"]) == (200, "withdrawn")
    assert number not in {one.number for one in receiver.fetch()}
    number = str(receiver.instruct("t10", period="2016-09")["number"])
    other.fetch()
    answer = receiver.office("POST", f"/instructions/{number}/withdraw", {"by": "值班员"})
    assert (answer.status, answer.code) == (409, "YZ-8152")
    unknown = receiver.office("POST", "/instructions/20260101-bcdfghjklm/withdraw", {"by": "值班员"})
    assert (unknown.status, unknown.code) == (404, "YZ-5054")


def test_one_that_expires_says_so_with_its_code_and_is_worth_trying_again(receiver: Receiver) -> None:
    until = datetime.now(UTC) + timedelta(seconds=1)
    number = str(receiver.instruct("t11", period="2016-10", until=until.isoformat())["number"])
    time.sleep(1.1)
    found = receiver.show(number)
    assert (found["state"], found["code"], found["retry"]) == ("expired", "YZ-8150", True)
    assert "yizhan agent" in found["next"]["zh"]
    assert number not in {one.number for one in receiver.fetch()}


def test_a_period_stands_as_the_board_has_it(receiver: Receiver, centre: Centre) -> None:
    answer = receiver.office("GET", f"/periods/{FEED}/2016-11")
    assert answer.status == 200, answer.body
    row = json.loads(answer.body)
    board = json.loads(centre.yizhan("status", "--json", "--all").out)
    (same,) = [one for one in board["feeds"] if (one["feed"], one["period"]) == (FEED, "2016-11")]
    beside = {"digest": None, "held": False, "sent": None, "loaded": None, "problem": None, "duplicate": None}
    words = dict(zip(("zh", "en"), STATE_WORDS[State(same["state"])], strict=True))
    assert row == same | beside | {"words": words}
    assert receiver.office("GET", f"/periods/{FEED}/2016Q1").code == "YZ-8105"
    assert receiver.office("GET", "/periods/finance.nothing/2016-11").code == "YZ-1006"


def test_a_batch_nobody_knows_is_not_there(receiver: Receiver) -> None:
    answer = receiver.office("GET", f"/batches/{'0' * 64}")
    assert (answer.status, answer.code) == (404, "YZ-8157")


def test_a_batchs_lines_come_with_what_their_codes_mean_and_what_to_do(receiver: Receiver, centre: Centre) -> None:
    digest = "d" * 64
    event = Event(at=AT, kind=EventKind.REFUSED, feed=FEED, digest=digest, code=PeriodNotOwed.code)
    open_node(centre.county.centre, {}).ledger.append(event)
    story = json.loads(receiver.office("GET", f"/batches/{digest}").body)
    assert [line["code"] for line in story["lines"]] == [PeriodNotOwed.code]
    assert story["events"] == {"refused": {"zh": "被拒", "en": "refused"}}
    assert story["codes"] == {
        PeriodNotOwed.code: {
            "message": {
                "zh": "… 不是 … 应报的数据期(周期:…,自 … 起报)。",
                "en": "... is no period that ... owes (..., from ... on).",
            },
            "next": {
                "zh": "请用 yizhan catalogue show … 查看周期与起报期。",
                "en": "See its rhythm and first period with: yizhan catalogue show ...",
            },
        }
    }


def test_the_log_has_paths_and_codes_and_never_the_token(receiver: Receiver) -> None:
    receiver.office("GET", "/instructions/20260101-bcdfghjklm?wait=0", token="a-secret-guess")
    said = receiver.log()
    assert "GET /office/v1/instructions/20260101-bcdfghjklm 401 code=YZ-5057 party=-" in said
    assert "party=office" in said
    assert "a-secret-guess" not in said


def test_the_command_line_instructs_lists_shows_and_withdraws(receiver: Receiver, centre: Centre) -> None:
    base = ("instruct", "collect", FEED, "--period", "2016-12", "--request", "cli-1")
    told = json.loads(centre.yizhan(*base, "--json").out)
    assert told["fresh"] is True
    again = centre.yizhan(*base)
    assert (again.code, again.out.strip()) == (0, f"此前已下达:{told['number']}")
    joined = centre.yizhan(*base[:-1], "cli-2")
    assert told["number"] in joined.out
    assert "未另行下达" in joined.out
    listed = json.loads(centre.yizhan("instruct", "list", "--period", "2016-12", "--json").out)
    assert [one["number"] for one in listed["instructions"]] == [told["number"]]
    assert told["number"] in centre.yizhan("instruct", "list").out
    ended = centre.yizhan("instruct", "withdraw", told["number"], "--by", "值班员")
    assert (ended.code, ended.out.strip()) == (0, f"已撤回指令 {told['number']}")
    shown = centre.yizhan("instruct", "show", told["number"])
    assert shown.code == 1
    assert "[YZ-8151]" in shown.err
    assert "已撤回" in shown.out
    batch = f"{FEED}/2016-12/r1"
    held = centre.yizhan("instruct", "hold", "--batch", batch, "--reason", "待核", "--by", "值班员", "--json")
    released = centre.yizhan("instruct", "release", "--batch", batch, "--digest", "5f" * 32, "--by", "p003", "--json")
    delivered = centre.yizhan("instruct", "deliver", FEED, "--period", "2016-12", "--json")
    for ended, action in ((held, "hold"), (released, "release"), (delivered, "deliver")):
        assert ended.code == 0, ended.err
        assert receiver.show(json.loads(ended.out)["number"])["action"] == action
    wrong = centre.hatchery.start(["--site", str(centre.county.front_end("finance")), *base], None).wait(60)
    assert wrong.code == 2
    assert "YZ-1" in wrong.err


@pytest.mark.parametrize(
    ("batch", "digest", "said"),
    [
        (f"{FEED}/2016-12/r1", "abc", "--digest 应为 64 位十六进制(小写)"),
        (f"{FEED}/2016-12/r1", "5F" * 32, "--digest 应为 64 位十六进制(小写)"),
        (f"{FEED}/2016-12", "5f" * 32, "--batch 应为 事项/数据期/r版次"),
    ],
)
def test_a_batch_or_digest_that_can_be_none_is_a_wrong_call(centre: Centre, batch: str, digest: str, said: str) -> None:
    for words in (("release", "--by", "p003"), ("hold", "--by", "p003", "--reason", "待核")):
        ended = centre.yizhan("instruct", *words, "--batch", batch, "--digest", digest)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"[YZ-1012] 命令写法不对:{said}。")


def test_every_step_stands_in_a_ledger_that_is_whole(receiver: Receiver, centre: Centre) -> None:
    number = str(receiver.instruct("t20", period="2017-01")["number"])
    receiver.fetch()
    receiver.report(number, DONE)
    ledger = open_node(centre.county.centre, {}).ledger
    for kind in (EventKind.INSTRUCTED, EventKind.CONCLUDED):
        (line,) = [one for one in ledger.lines(kind=kind) if one.said.number == number]
        assert (line.feed, line.period) == (FEED, "2017-01")
    assert centre.yizhan("ledger", "verify").code == 0
    assert "已下达" in centre.yizhan("ledger", "list").out


def test_who_waits_costs_no_thread_and_is_sent_away_when_the_centre_stops(centre: Centre) -> None:
    here = centre.receiver()
    agents = 40
    begun = threading.Barrier(agents + 1)
    threads_before = _threads(here)

    def wait(_: int) -> int:
        begun.wait()
        return here.agent("GET", "?wait=30", department="civil").status

    with ThreadPoolExecutor(agents) as pool:
        waiting = [pool.submit(wait, n) for n in range(agents)]
        begun.wait()
        time.sleep(3)
        assert not any(one.done() for one in waiting)
        assert _threads(here) - threads_before <= 24
        began = time.monotonic()
        ended = here.stop()
        assert time.monotonic() - began < 10
        assert {one.result(10) for one in waiting} == {200}
    assert ended.code == 0, ended.err


def _threads(receiver: Receiver) -> int:
    """Of the process that has the port: forked by the hatchery, so its number is known."""
    status = Path(f"/proc/{receiver.process.pid}/status").read_text(encoding="utf-8")
    (line,) = [one for one in status.splitlines() if one.startswith("Threads:")]
    return int(line.split()[1])


def test_the_office_is_not_reached_over_the_wire_nor_the_wire_over_the_office(receiver: Receiver) -> None:
    assert receiver.agent("GET", "/../../office/v1/periods/x/y").status == 404
    with socket.create_connection(("127.0.0.1", receiver.office_port), 5) as plain:
        plain.sendall(b"GET /v1/instructions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert plain.recv(4096).startswith(b"HTTP/1.1 401")
