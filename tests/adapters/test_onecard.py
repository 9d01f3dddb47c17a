"""One-card payments over OpenSSH's sshd: a county's month joined with a zipped bank return, and reconciled."""

from __future__ import annotations

import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Column, Extraction, Request, Secrets
from adapters.onecard import OnecardAdapter, OnecardConfig
from gateway.errors import LimitExceeded, SourceMalformed, SourceNotReady, Unbalanced
from gateway.records.check import Checker
from gateway.records.types import FieldType
from tests.adapters.county_payments import County, yuan
from tests.adapters.onecard import configured, layout
from tests.peers.sshd import Sshd

FEED = "finance.onecard"
PLACE = "returns 20261120_6222.zip/20261120_6222.txt:"
_FOLDERS = count()


class Office:
    """A folder on the server with a month's files, and a configuration that reads them."""

    def __init__(self, server: Sshd) -> None:
        self._server = server
        self._name = f"onecard{next(_FOLDERS)}"
        self.folder = server.folder / self._name
        self.folder.mkdir(mode=0o755)

    def put(self, county: County) -> None:
        self.roster(county.roster_text())
        self.batches(county.batches_text())
        self.returns(county.returns_text())

    def roster(self, text: str) -> None:
        (self.folder / "roster.txt").write_bytes(text.encode("gb18030"))

    def batches(self, text: str) -> None:
        (self.folder / "batches.txt").write_bytes(text.encode("gb18030"))

    def returns(self, text: str) -> None:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("20261120_6222.txt", text.encode("gb18030"))
        (self.folder / "20261120_6222.zip").write_bytes(held.getvalue())

    def place(self, name: str) -> dict[str, Any]:
        return {
            "adapter": "sftp", "host": "127.0.0.1", "port": self._server.port, "host_key": self._server.fingerprint,
            "user": self._server.user, "private_key": f"file:{self._server.key}", "path": f"{self._name}/{name}",
            "ready": {"by": "stable", "seconds": 0.0},
        }  # fmt: skip

    def config(self, **changes: Any) -> OnecardConfig:
        parts = {
            "roster": {"layout": "fiscal_roster", "source": self.place("roster.txt")},
            "batches": {"layout": "fiscal_batches", "source": self.place("batches.txt")},
            "returns": {"layout": "bocom_return", "source": self.place("20261120_6222.zip")},
        }
        return configured(**{name: part for name, part in {**parts, **changes}.items() if part is not None})


@pytest.fixture
def office(server: Sshd) -> Office:
    return Office(server)


@pytest.fixture
def extract(office: Office, secrets: Secrets, ask: Callable[..., Request]) -> Callable[..., Extraction]:
    def begin(config: OnecardConfig | None = None, **changes: Any) -> Extraction:
        return OnecardAdapter(config or office.config(), secrets).extract(ask(FEED, **changes))

    return begin


def read(extraction: Extraction) -> tuple[list[dict[str, Any]], Extraction]:
    with extraction:
        return [row for batch in extraction for row in batch.to_pylist()], extraction


def figures(extraction: Extraction) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    found: dict[tuple[str, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    for one in extraction.figures or ():
        found[one.document, one.batch][one.measure.value] = one.people, one.fen
    return dict(found)


def told(rows: list[dict[str, Any]]) -> Counter[tuple[int, str]]:
    """Line and fault of the rows that are the bank's own lines."""
    found = [(row["_position"].removeprefix(PLACE), row["_fault"]) for row in rows if row["_fault"] is not None]
    return Counter((int(line), fault) for line, fault in found)


@pytest.fixture(scope="module")
def month() -> County:
    return County(30_000)


def test_a_countys_month_is_joined_and_every_figure_is_right(
    office: Office, extract: Callable[..., Extraction], month: County
) -> None:
    office.put(month)
    rows, reading = read(extract(batch_rows=4_096))
    entries = [row for row in rows if row["_fault"] is None]
    assert [row["_position"] for row in entries] == [str(3 + at) for at in range(len(month.entries))]
    assert [(r["batch_no"], r["serial_no"], r["amount"], r["bank_account"]) for r in entries] == [
        (e.batch, str(e.serial), yuan(e.fen), e.account) for e in month.entries
    ]
    assert [(r["pay_state"], r["failure"] or "") for r in entries] == [(e.state, e.reason) for e in month.entries]
    links = [(r["original_batch_no"], r["original_serial_no"]) for r in entries]
    assert links == [(e.original[0], str(e.original[1])) if e.original else ("", "") for e in month.entries]
    assert told(rows) == month.expected_told()
    assert figures(reading) == month.figures()
    assert {entry.reason for entry in month.entries} == {"", *(f"{code:02}" for code in range(1, 12))}


def test_the_same_figures_come_out_of_one_entry_at_a_time(office: Office, extract: Callable[..., Extraction]) -> None:
    county = County(1_500)
    office.put(county)
    one, other = (read(extract(batch_rows=size)) for size in (29, 65_536))
    assert one[0] == other[0]
    assert figures(one[1]) == figures(other[1]) == county.figures()


def test_late_returns_leave_nobody_pending(office: Office, extract: Callable[..., Extraction]) -> None:
    county = County(3_000)
    office.put(county)
    before = figures(read(extract())[1])
    county.return_late()
    office.returns(county.returns_text())
    rows, reading = read(extract())
    assert sum(line["pending"][0] for line in before.values()) == len(county.late) > 0
    assert sum(line["pending"][0] for line in figures(reading).values()) == 0
    assert figures(reading) == county.figures()
    assert told(rows) == county.expected_told()


def test_the_checks_take_every_entry_and_set_every_other_answer_aside_with_its_reason(
    office: Office, extract: Callable[..., Extraction], ask: Callable[..., Request]
) -> None:
    county = County(2_000)
    office.put(county)
    checker = Checker(ask(FEED).columns, key=("batch_no", "serial_no"), salt=b"s" * 16)
    with extract() as reading:
        checked = [checker.check(batch) for batch in reading]
        declared = reading.declared
    codes = Counter(problem.code for one in checked for problem in one.problems)
    faults = Counter(fault for (_, fault), n in county.expected_told().items() for _ in range(n))
    assert codes == {
        "YZ-3002": faults["layout"], "YZ-3095": faults["unmatched"], "YZ-3096": faults["disagrees"],
        "YZ-3097": faults["repeated"],
    }  # fmt: skip
    assert sum(one.good.num_rows for one in checked) == len(county.entries)
    assert declared is not None
    assert declared.rows == sum(one.extracted.rows for one in checked)


def test_until_the_bank_has_returned_everybody_is_pending(office: Office, extract: Callable[..., Extraction]) -> None:
    county = County(1_500)
    office.put(county)
    (office.folder / "20261120_6222.zip").unlink()
    rows, reading = read(extract())
    assert {row["pay_state"] for row in rows} == {"0"}
    assert {row["failure"] for row in rows} == {None}
    for line in figures(reading).values():
        assert line["pending"] == line["roster"] == line["declared"]
    waiting = office.config(
        returns={"layout": "bocom_return", "absent": "wait", "source": office.place("20261120_6222.zip")}
    )
    with pytest.raises(SourceNotReady):
        extract(waiting)


def test_without_batches_the_rosters_own_totals_declare_its_only_batch(
    office: Office, extract: Callable[..., Extraction]
) -> None:
    county = County(1_500)
    county.entries = [entry for entry in county.entries if entry.original is None]
    office.put(county)
    found = figures(read(extract(office.config(batches=None)))[1])
    assert {place: line["declared"] for place, line in found.items()} == {
        place: line["roster"] for place, line in county.figures().items()
    }
    assert len(found) == 1


@pytest.mark.parametrize(("rows", "fen"), [(1, 0), (0, 1), (0, -1)])
def test_a_roster_that_is_not_what_its_totals_say_is_unbalanced(
    office: Office, extract: Callable[..., Extraction], rows: int, fen: int
) -> None:
    county = County(1_500)
    office.put(county)
    total = sum(entry.fen for entry in county.entries)
    head, rest = county.roster_text().split("\r\n", 1)
    office.roster(f"汇总|{len(county.entries) + rows}|{yuan(total + fen)}\r\n{rest}")
    assert head == f"汇总|{len(county.entries)}|{yuan(total)}"
    with pytest.raises(Unbalanced, match="roster"):
        read(extract())


def test_a_fiscal_batch_that_is_there_twice_or_has_no_number_is_refused(
    office: Office, extract: Callable[..., Extraction]
) -> None:
    county = County(1_500)
    office.put(county)
    lines = county.batches_text().splitlines(keepends=True)
    for wrong in (lines[-1], "某号|B1|十|1.00\n", "某号|B1|1|1.005\n", "某号|B1||1.00\n"):
        office.batches("".join([*lines, wrong]))
        with pytest.raises(SourceMalformed) as refused:
            read(extract())
        assert refused.value.facts["where"] == f"batches {len(lines) + 1}"


def test_more_fiscal_batches_than_a_manifest_states_are_refused(
    office: Office, extract: Callable[..., Extraction]
) -> None:
    county = County(1_500)
    for at, entry in enumerate(county.entries):
        entry.batch = f"X{at}"
    office.put(county)
    with pytest.raises(LimitExceeded, match="document numbers"):
        read(extract(office.config(batches=None)))


def test_an_entry_that_cannot_be_read_is_a_row_with_its_fault_and_reconciles_nobody(
    office: Office, extract: Callable[..., Extraction]
) -> None:
    county = County(1_500)
    office.put(county)
    raw = [line.encode("gb18030") for line in county.roster_text().split("\r\n")[1:]]  # without totals to prove
    raw[5] = b"\x81\xff" + raw[5]
    (office.folder / "roster.txt").write_bytes(b"\r\n".join(raw))
    source = {**office.place("roster.txt"), "format": {"kind": "delimited", "delimiter": "|"}}
    office.returns("")
    config = office.config(roster={"layout": "fiscal_roster", "source": source}, batches=None)
    rows, reading = read(extract(config))
    bad = [row for row in rows if row["_fault"] is not None]
    assert [(row["_position"], row["_fault"], row["pay_state"], row["amount"]) for row in bad] == [
        ("6", "encoding", None, None)
    ]
    assert sum(line["roster"][0] for line in figures(reading).values()) == len(county.entries) - 1


def test_positions_of_suspects_are_told_without_a_persons_data(
    office: Office, extract: Callable[..., Extraction]
) -> None:
    county = County(1_500)
    office.put(county)
    rows, reading = read(extract())
    facts = dict(reading.source_facts)
    places = [3 + at for at, entry in enumerate(county.entries) if entry.suspect]
    assert facts["suspects"] == str(len(places))
    assert facts["suspected_at"] == ", ".join(map(str, places))
    assert facts["told"] == str(sum(county.expected_told().values())) == str(len(rows) - len(county.entries))
    assert {"roster.file", "returns.file"} <= facts.keys()


def test_a_repeated_entry_gets_no_answer_that_was_anothers(office: Office, extract: Callable[..., Extraction]) -> None:
    county = County(1_500)
    twice = next(entry for entry in county.entries if entry.state == "1")
    county.entries.append(twice)
    office.put(county)
    for size in (10_000, 31):
        rows, reading = read(extract(batch_rows=size))
        same = [r["pay_state"] for r in rows if (r["batch_no"], r["serial_no"]) == (twice.batch, str(twice.serial))]
        assert same == ["1", "0"]
    line = figures(reading)[twice.document, twice.batch]
    assert line["succeeded"][0] + line["failed"][0] + line["pending"][0] == line["roster"][0]


AMOUNTS = ("12.34", "0.01", "500.00")
BANK_FILES = {
    "lanzhou_bank": (
        "1|王芳|621700|12.34|430482199001010016\n2|李億|621701|0.01|430482199001010024\n3|弢亅|621702|500.00|43048219\n",
        {"序号": "serial", "姓名": "name", "金额": "amount"},
    ),
    "yonyou_payroll": (
        "汇总|3|512.35\n1|621700|王芳|12.34|4304821|耕地\n2|621701|李億|0.01|4304822|耕地\n3|621702|弢亅|500.00|4304823|耕地\n",
        {"序号": "serial", "姓名": "name", "金额": "amount"},
    ),
    "channel_xml": (
        '<?xml version="1.0" encoding="gbk"?><BATCH><TRX_CODE>DF01</TRX_CODE><TRANS_NUM>3</TRANS_NUM>'
        "<TRANS_SUM>512.35</TRANS_SUM><DETAILS>"
        + "".join(
            f"<DETAIL><SEQ_NO>{at}</SEQ_NO><ACCT_NO>62170{at}</ACCT_NO><ACCT_NAME>{name}</ACCT_NAME>"
            f"<TRANS_AMT>{amount}</TRANS_AMT><ID_NO>4304{at}</ID_NO></DETAIL>"
            for at, (name, amount) in enumerate(zip(("王芳", "李億", "弢亅"), AMOUNTS, strict=True), start=1)
        )
        + "</DETAILS></BATCH>",
        {"SEQ_NO": "serial", "ACCT_NAME": "name", "TRANS_AMT": "amount"},
    ),
}


@pytest.mark.parametrize("name", BANK_FILES)
def test_a_banks_own_file_is_read_by_its_shipped_layout_and_answered_by_another_banks(
    office: Office, secrets: Secrets, ask: Callable[..., Request], name: str
) -> None:
    text, titles = BANK_FILES[name]
    types = {"serial": FieldType.TEXT, "name": FieldType.PERSON_NAME, "amount": FieldType.MONEY}
    columns = tuple(Column(name=field, type=types[field], source=title) for title, field in titles.items())
    columns += (Column(name="pay_state", type=FieldType.CODE), Column(name="failure", type=FieldType.CODE))
    office.roster(text)
    accounts = ["621701", "621702", "621703"] if name == "channel_xml" else ["621700", "621701", "621702"]
    words = (("成功", ""), ("失败", "账户冻结"), ("失败", "印鉴不清"))
    office.returns("".join(
        f"202610|!{at:05}|!{account}|!某|!{amount}|!{word}|!{reason}\n"
        for at, (account, amount, (word, reason)) in enumerate(zip(accounts, AMOUNTS, words, strict=True), start=1)
    ))  # fmt: skip
    config = office.config(roster={"layout": name, "source": office.place("roster.txt")}, batches=None)
    rows, reading = read(OnecardAdapter(config, secrets).extract(ask(FEED, columns=columns)))
    assert [(r["serial"], r["name"], r["amount"], r["pay_state"], r["failure"]) for r in rows] == [
        ("1", "王芳", "12.34", "1", None), ("2", "李億", "0.01", "2", "05"), ("3", "弢亅", "500.00", "2", "印鉴不清"),
    ]  # fmt: skip
    found = figures(reading)["-", "202610"]
    assert (found["roster"], found["succeeded"], found["failed"]) == ((3, 51_235), (1, 1_234), (2, 50_001))
    assert found.get("declared") == (None if name == "lanzhou_bank" else (3, 51_235))


def test_what_no_layout_states_is_read_from_the_roster_itself(
    office: Office, extract: Callable[..., Extraction], ask: Callable[..., Request]
) -> None:
    county = County(1_500)
    office.put(county)
    columns = tuple(
        replace(column, source="户编号") if column.name in ("pay_state", "failure") else column
        for column in ask(FEED).columns
    )
    rows, _ = read(extract(office.config(returns=None), columns=columns))
    assert {(row["pay_state"], row["failure"]) for row in rows} == {("H1", "H1")}


def test_a_rosters_own_states_count_where_the_bank_says_nothing(
    office: Office, secrets: Secrets, ask: Callable[..., Request], tmp_path: Path
) -> None:
    office.roster("批次|序号|金额|状态|原因\nB|1|1.00|成|\nB|2|2.00|败|死亡\nB|3|4.00||\nB|4|8.00|疑|\nB|5|16.00|成|\n")
    office.returns("B|!5|!|!|!16.00|!退汇|!账户已销户\n")
    own = {
        "title": "清册", "found": "测试", "holds": "roster", "format": {"kind": "delimited", "delimiter": "|"},
        "roles": {"batch": "批次", "serial": "序号", "amount": "金额", "state": "状态", "reason": "原因"},
        "states": {"成": "success", "败": "failure", "": "pending"}, "reasons": {"死亡": "10"},
    }  # fmt: skip
    place = {"layout": layout(tmp_path, own), "source": office.place("roster.txt")}
    columns = tuple(column for column in ask(FEED).columns if column.name in ("pay_state", "failure"))
    config = office.config(roster=place, batches=None)
    rows, reading = read(OnecardAdapter(config, secrets).extract(ask(FEED, columns=columns)))
    assert [(row["pay_state"], row["failure"]) for row in rows] == [
        ("1", None), ("2", "10"), ("0", None), ("疑", None), ("3", "04"),
    ]  # fmt: skip
    line = figures(reading)["-", "B"]
    assert [line[name] for name in ("roster", "succeeded", "failed", "pending", "refunded")] == [
        (5, 3_100), (2, 1_700), (1, 200), (2, 1_200), (1, 1_600),
    ]  # fmt: skip


def test_refunds_and_re_issues_in_files_of_their_own_count_with_the_returns(
    office: Office, secrets: Secrets, ask: Callable[..., Request], tmp_path: Path
) -> None:
    office.roster("批次|序号|金额\nB|1|1.00\nB|2|2.00\nB|3|4.00\nC|1|2.00\n")
    office.returns("B|!1|!|!|!1.00|!成功|!\nB|!2|!|!|!2.00|!失败|!死亡\nB|!3|!|!|!4.00|!成功|!\n")
    text = {"kind": "delimited", "delimiter": "|"}
    own = {
        "title": "清册", "found": "测试", "holds": "roster", "format": text,
        "roles": {"batch": "批次", "serial": "序号", "amount": "金额"},
    }  # fmt: skip
    listed = {
        "title": "退汇", "found": "测试", "holds": "returns", "format": text, "every_line": "refund",
        "roles": {"batch": "批", "serial": "号"},
    }  # fmt: skip
    again = {
        **listed, "title": "补发", "every_line": "reissue",
        "roles": {"batch": "批", "serial": "号", "original_batch": "原批", "original_serial": "原号"},
    }  # fmt: skip
    (office.folder / "refunds.txt").write_bytes("批|号\nB|3\nB|9\n".encode("gb18030"))
    (office.folder / "reissues.txt").write_bytes("批|号|原批|原号\nC|1|B|2\n".encode("gb18030"))
    config = office.config(
        roster={"layout": layout(tmp_path, own), "source": office.place("roster.txt")},
        batches=None,
        refunds={"layout": layout(tmp_path, listed), "source": office.place("refunds.txt")},
        reissues={"layout": layout(tmp_path, again), "source": office.place("reissues.txt")},
    )
    names = ("pay_state", "original_batch_no", "original_serial_no")
    columns = tuple(column for column in ask(FEED).columns if column.name in names)
    rows, reading = read(OnecardAdapter(config, secrets).extract(ask(FEED, columns=columns)))
    assert [(row["_position"], row["_fault"], *(row[name] for name in names)) for row in rows] == [
        ("2", None, "1", None, None), ("3", None, "2", None, None), ("4", None, "3", None, None),
        ("5", None, "4", "B", "2"), ("refunds 3", "unmatched", None, None, None),
    ]  # fmt: skip
    found = figures(reading)
    assert (found["-", "B"]["refunded"], found["-", "C"]["reissued"]) == ((1, 400), (1, 200))
    paid = sum(line["succeeded"][1] - line["refunded"][1] for line in found.values())
    owed = sum(line["roster"][1] - line["reissued"][1] for line in found.values())
    assert (paid, owed) == (300, 700)
    assert all(line["duplicates"] == (0, 0) for line in found.values())
