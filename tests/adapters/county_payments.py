"""A county's month of one-card payments, made up: a roster, its fiscal batches, and what the bank said of each entry.

The figures that a reconciliation has to come to are added up here one entry at a time, from what was made, and never
with the product's own code.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from gateway.demo.sources import people

DOCUMENTS = (
    "湘财农〔2026〕7号",
    "湘财资环〔2026〕12号",
    "湘财社〔2026〕3号",
    "湘财社〔2026〕18号",
    "常财社〔2026〕5号",
)
REASONS = {
    "01": "户名不符", "02": "姓名或证件号不符", "03": "账号不存在", "04": "账户已销户", "05": "账户止付",
    "06": "不动户", "07": "账户状态异常", "08": "超限额", "09": "重复", "10": "死亡", "11": "银行通讯失败",
}  # fmt: skip
TITLES = (
    "行政区划", "乡镇", "村", "户编号", "姓名", "证件类型", "身份证号", "联系电话", "开户银行", "银行账号",
    "补贴项目编码", "补贴项目名称", "资金文号", "年度", "批次号",
    "批次内序号", "金额", "应发日期", "原批次号", "原序号",
)  # fmt: skip
EACH = 1_500  # entries of one fiscal batch
REISSUES = "BF2026100"
MEASURES = ("roster", "declared", "succeeded", "failed", "pending", "refunded", "reissued", "duplicates")


@dataclass
class Entry:
    """One entry and its fate: `said` is what the bank answers, one line each."""

    document: str
    batch: str
    serial: int
    fen: int
    name: str
    id_number: str
    account: str
    item: str
    said: list[str] = field(default_factory=list)
    reason: str = ""
    original: tuple[str, int] | None = None
    state: str = "0"
    suspect: bool = False


@dataclass
class Wrong:
    """Lines of the bank's that belong to no entry, by the fault that each must have."""

    lines: list[tuple[str, str]] = field(default_factory=list)


class County:
    """The month. `late` entries are those of whom the bank has not yet said anything."""

    def __init__(self, rows: int, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self.entries = self._drawn(rows, np.random.default_rng(seed))
        self._fates()
        self._reissued()
        self._suspects()
        self.late = [entry for entry in self.entries if not entry.said]
        self.told: list[tuple[str, str]] = []
        self._lines = self._said() + self._wrong()
        self._random.shuffle(self._lines)

    def _drawn(self, rows: int, rng: np.random.Generator) -> list[Entry]:
        drawn = zip(
            people.names(rng, rows), people.id_numbers(rng, rows), people.numbers(rng, rows, "81012", 14), strict=True
        )
        return [
            Entry(
                document=DOCUMENTS[at // EACH % 5], batch=f"B{1 + at // EACH:03}", serial=1 + at % EACH,
                fen=self._random.randint(1, 900_000), name=name, id_number=number, account=account,
                item=f"BT{at // EACH % 5:03}",
            )
            for at, (name, number, account) in enumerate(drawn)
        ]  # fmt: skip

    def _fates(self) -> None:
        for at, entry in enumerate(self.entries):
            lot = self._random.random()
            if lot < 0.93:
                entry.said, entry.state = ["成功"], "1"
            elif lot < 0.97:
                entry.said, entry.state, entry.reason = ["失败"], "2", [*REASONS][at % 11]
            elif lot < 0.98:
                entry.said, entry.state, entry.reason = ["成功", "退汇"], "3", "04"

    def _reissued(self) -> None:
        """Every third entry that failed or came back is paid again in a batch of its own; a few fail again."""
        unpaid = [entry for entry in self.entries if entry.state in "23"][::3]
        for serial, old in enumerate(unpaid, start=1):
            said, state, reason = (["失败"], "2", "05") if serial % 25 == 0 else (["补发"], "4", "")
            self.entries.append(
                Entry(
                    document=old.document, batch=REISSUES, serial=serial, fen=old.fen, name=old.name,
                    id_number=old.id_number, account=f"9{serial:018}", item=old.item, said=said, state=state,
                    reason=reason, original=(old.batch, old.serial),
                )
            )  # fmt: skip

    def _suspects(self) -> None:
        """The same person and item a second time, with another account; and one entry paid that was never failed."""
        first = [entry for entry in self.entries if entry.original is None]
        for at in range(0, 60):
            one, other = first[at], first[at + 60]
            other.id_number = one.id_number
        paid = next(entry for entry in first[200:] if entry.state == "1")
        again = next(entry for entry in self.entries if entry.state == "4")
        again.original = (paid.batch, paid.serial)
        claims = Counter((entry.id_number, entry.item) for entry in first)
        owners = Counter(entry.original or (entry.batch, entry.serial) for entry in self.entries if entry.state in "14")
        for entry in self.entries:
            claimed = entry.original is None and claims[entry.id_number, entry.item] > 1
            paid_twice = entry.state in "14" and owners[entry.original or (entry.batch, entry.serial)] > 1
            entry.suspect = claimed or paid_twice

    def _said(self) -> list[str]:
        return [self.line(entry, word) for entry in self.entries for word in entry.said]

    def line(self, entry: Entry, word: str, fen: int | None = None, account: str | None = None) -> str:
        reason = REASONS.get(entry.reason, "") if word in ("失败", "退汇") else ""
        amount = entry.fen if fen is None else fen
        return "|!".join([
            entry.batch, f"{entry.serial:06}", account or entry.account, entry.name, yuan(amount), word, reason,
        ])  # fmt: skip

    def _wrong(self) -> list[str]:
        """Lines that no entry may take, remembered with the fault that each must have."""
        lines: list[str] = []
        for at in range(7):
            stranger = Entry("", "B999", 1 + at, 100, "某", "", "6", "")
            lines += self._remembered("unmatched", self.line(stranger, "成功"))
        for entry in self.late[:5]:
            lines += self._remembered("disagrees", self.line(entry, "成功", fen=entry.fen + 1))
        for entry in self.late[5:8]:
            lines += self._remembered("disagrees", self.line(entry, "成功", account="6" * 19))
        for entry in self.late[8:12]:  # what contradicts is told twice over, and the entry stays pending
            lines += self._remembered("disagrees", self.line(entry, "成功"))
            lines += self._remembered("disagrees", self.line(entry, "失败"))
        for entry in [one for one in self.entries if one.state == "1"][:9]:
            lines.append(self.line(entry, "成功"))
        lines += self._remembered("layout", self.line(self.late[12], "不知道"))
        return lines

    def _remembered(self, fault: str, line: str) -> list[str]:
        self.told.append((fault, line))
        return [line]

    @property
    def returns(self) -> list[str]:
        return list(self._lines)

    def expected_told(self) -> Counter[tuple[int, str]]:
        """Line number and fault of every line that no entry takes; of a line given twice it is the later one."""
        places = defaultdict(list)
        for number, line in enumerate(self._lines, start=1):
            places[line].append(number)
        found = Counter((places[line][0], fault) for fault, line in self.told)
        found.update((later, "repeated") for numbers in places.values() for later in numbers[1:])
        return found

    def figures(self) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
        """Every figure of every document and batch, one entry at a time."""
        sums: dict[tuple[str, str], dict[str, list[int]]] = {}
        for entry in self.entries:
            line = sums.setdefault((entry.document, entry.batch), {name: [0, 0] for name in MEASURES})
            for name in self._counts(entry):
                line[name][0] += 1
                line[name][1] += entry.fen
        return {place: {name: tuple(pair) for name, pair in line.items()} for place, line in sums.items()}

    def _counts(self, entry: Entry) -> list[str]:
        outcome = {"0": "pending", "2": "failed"}.get(entry.state, "succeeded")
        names = ["roster", "declared", outcome]
        names += ["refunded"] if entry.state == "3" else []
        names += ["reissued"] if entry.original else []
        return names + (["duplicates"] if entry.suspect else [])

    def return_late(self) -> None:
        """The bank has answered about everybody it owed an answer, and withdrawn what it had said wrongly of them."""
        wrong = {line for fault, line in self.told if fault != "unmatched"}
        self._lines = [line for line in self._lines if line not in wrong]
        self.told = [(fault, line) for fault, line in self.told if fault == "unmatched"]
        for entry in self.late:
            entry.said, entry.state = ["成功"], "1"
            self._lines.append(self.line(entry, "成功"))

    def roster_text(self) -> str:
        total = sum(entry.fen for entry in self.entries)
        lines = [f"汇总|{len(self.entries)}|{yuan(total)}", "|".join(TITLES), *map(_row, self.entries)]
        return "".join(f"{line}\r\n" for line in lines)

    def batches_text(self) -> str:
        lines = [f"{d}|{b}|{line['roster'][0]}|{yuan(line['roster'][1])}" for (d, b), line in self.figures().items()]
        return "".join(f"{line}\n" for line in ["资金文号|批次号|人数|金额", *lines])

    def returns_text(self) -> str:
        return "".join(f"{line}\r\n" for line in self._lines)


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _row(entry: Entry) -> str:
    batch, serial = entry.original or ("", "")
    return "|".join([
        "430482100", "柏坊镇", "大塘村", "H1", entry.name, "01", entry.id_number, "", "常宁农商银行", entry.account,
        entry.item, "补贴", entry.document, "2026", entry.batch, str(entry.serial), yuan(entry.fen), "2026-10-15",
        batch, str(serial),
    ])  # fmt: skip
