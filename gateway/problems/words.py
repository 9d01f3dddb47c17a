"""What the problem workbook says, in Chinese and in English. Must never hold a value of a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.catalogue import Feed, Mode
from gateway.errors import Lang
from gateway.problems.followed import By, Cure, Outcome
from gateway.records.problems import Problem

_TEXTS = {
    "problems": ("问题数据", "Problem rows"),
    "summary": ("汇总", "Summary"),
    "past": ("上版整改情况", "Revision before"),
    "position": ("源位置", "position"),
    "reason": ("原因", "reason"),
    "code": ("代码", "code"),
    "compared": ("与上版比较", "since the revision before"),
    "reasons": ("条数", "times"),
    "advice": ("原因及处理办法", "reason and what to do"),
    "field": ("字段", "field"),
    "title": ("名称", "title"),
    "codes": ("代码及条数", "codes and times"),
    "whole": ("(整行)", "(whole row)"),
    "was": ("上版源位置", "position then"),
    "state": ("整改情况", "outcome"),
    "now": ("现源位置", "position now"),
    "by": ("认定依据", "known by"),
    "new": ("新出现", "new"),
    "none": ("没有问题数据", "no problem rows"),
    "by_code": ("按原因代码", "By code"),
    "by_field": ("按字段", "By field"),
    "do": ("怎样整改", "What to do"),
    "unsealed": ("未封装(读取后未发出)", "not sealed (read, and not sent)"),
    "nothing_before": ("没有可比较的上一版。", "There is no revision before to compare with."),
}
_STATES = {
    Cure.CURED: ("已整改", "cured"),
    Cure.REMAINING: ("仍有问题", "still a problem"),
    Cure.GONE: ("已不在源中", "no longer in the source"),
}
_BYS = {
    By.KEY: ("主键", "key"),
    By.CONTENT: ("整行内容未变(主键无法读取)", "the same cells (its key cannot be read)"),
    By.POSITION: ("源位置(主键无法读取或比对)", "position (its key cannot be read or compared)"),
}
_NOTES = (
    (
        "着色单元格为不合格的栏目,其中的值已遮蔽,原值请按源位置在原系统中查看;未着色的栏目没有问题,不列出其值。",
        "Coloured cells failed a check; their values are masked: look them up in the source by their position. "
        "Fields without colour passed, and their values are not shown.",
    ),
)
_TO_DO = (
    ("1. 按“源位置”在原系统中找到该条记录,按“原因”改正;不要在本表中改,也不要把改正后的表当作数据报送。",
     "1. Find each record in the source by its position and correct it there; this workbook is not read back."),
    ("2. 改正后重新归集:{command}",
     "2. Then collect again: {command}"),
    ("3. 再次导出本表,“上版整改情况”列出每一条是否已整改。",
     "3. Export this workbook again: its last sheet says of every row whether it was cured."),
)  # fmt: skip
_BASIS = (
    "认定方法:主键能读取的按主键;主键无法读取的按整行内容,其次按源位置,源中行已移动时不按位置认定为已整改。"
    "主键无法读取、又未再找到的,可能已删除,也可能已连同主键改正。",
    "A record is known by its key; where that cannot be read, by its cells, else by its position. Once rows have "
    "moved, no position is taken for a cure. One without a readable key that is not found again was removed, or "
    "corrected together with its key.",
)
_INCREMENT = (
    "本事项为增量:“已不在源中”只表示本次没有读到该记录。",
    "This feed is an increment: no longer in the source means that it was not read this time.",
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words in one language, about one feed."""

    lang: Lang
    feed: Feed

    def say(self, zh: str, en: str) -> str:
        """One of two wordings."""
        return zh if self.lang == "zh" else en

    def __getitem__(self, name: str) -> str:
        return self.say(*_TEXTS[name])

    def field(self, name: str | None) -> str:
        """A field as people call it: its title; in English its name, which is English everywhere."""
        if name is None:
            return self["whole"]
        titles = {field.name: field.title for field in self.feed.fields}
        title = titles.get(name) or name
        shared = list(titles.values()).count(title) > 1
        return name if self.lang == "en" else f"{title}({name})" if shared else title

    def advice(self, problem: Problem) -> str:
        """A reason; each says what to do."""
        return self.say(problem.zh, problem.en)

    def reasons(self, problems: Sequence[Problem]) -> str:
        """All reasons of a row."""
        told = (
            f"{self.field(one.field)}:{self.say('', ' ')}{self.advice(one)}" if one.field else self.advice(one)
            for one in problems
        )
        return self.say(";", "; ").join(told)

    def comment(self, problems: Iterable[Problem]) -> str:
        """The reasons of one cell."""
        return "\n".join(f"{self.advice(one)} [{one.code}]" for one in problems)

    def state(self, state: Cure) -> str:
        """What became of a row."""
        return self.say(*_STATES[state])

    def by(self, by: By) -> str:
        """What tells so."""
        return self.say(*_BYS[by])

    def before(self, position: str) -> str:
        """A row that was a problem row in the revision before."""
        return self.say(f"上版已有(源位置 {position})", f"was there before (position {position})")

    def header(self, period: str, revision: int | None, batch: str | None, at: datetime | None) -> str:
        """Which feed, period, revision and batch, and when it was read."""
        said = [self.feed.id, self.feed.title, period]
        if revision is not None:
            said += [self.say(f"第{revision}版", f"revision {revision}")]
            said += [self.say(f"批次 {batch}", f"batch {batch}") if batch else self["unsealed"]]
        if at is not None:
            said += [self.say(f"读取于 {at.isoformat()}", f"read {at.isoformat()}")]
        return "  ".join(said)

    def notes(self, comments: int) -> tuple[str, ...]:
        """What to know of the first sheet."""
        more = self.say(
            f"前 {comments} 个着色单元格以批注说明原因;所有原因都在“原因”一栏。",
            f"The first {comments} coloured cells say why in a comment; the column reason says it of all.",
        )
        return *(self.say(*note) for note in _NOTES), more

    def to_do(self, period: str) -> tuple[str, ...]:
        """How problems are cured."""
        who = self.say("--reason 更正理由 --by 责任人", "--reason WHY --by WHO")
        command = f"yizhan run {self.feed.id} --period {period} {who}"
        return tuple(self.say(*step).format(command=command) for step in _TO_DO)

    def counts(self, outcome: Outcome) -> str:
        """What became of the revision before, counted."""
        return self.say(
            f"上版 r{outcome.revision} 共 {outcome.rows} 行问题数据:已整改 {outcome.cured},"
            f"仍有问题 {outcome.remaining},已不在源中 {outcome.gone}",
            f"of the {outcome.rows} problem rows of r{outcome.revision} before: {outcome.cured} cured, "
            f"{outcome.remaining} still a problem, {outcome.gone} no longer in the source",
        )

    def basis(self) -> tuple[str, ...]:
        """How records are known again."""
        return (self.say(*_BASIS), *([self.say(*_INCREMENT)] if self.feed.mode is Mode.INCREMENT else []))
