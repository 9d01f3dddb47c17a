"""对账: what the centre counted of each period, what was set aside, what was corrected, and what does not balance.

Owns which panels answer that. It must never add up what the exporter has not: figures are as the ledger has them.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards import queries, states, style
from monitoring.dashboards.frame import (
    RECONCILIATION,
    Shelf,
    chosen_department,
    chosen_node,
    chosen_period,
    dashboard,
)
from monitoring.dashboards.style import Column, Title
from monitoring.exporter import metrics

ROWS = queries.series(metrics.PERIOD_ROWS)
AMOUNT = queries.series(metrics.PERIOD_AMOUNT)
PROBLEMS = queries.series(metrics.PERIOD_PROBLEM_ROWS)
REVISION = queries.series(metrics.PERIOD_REVISION)
UNBALANCED = f"{queries.series(metrics.PERIOD_BALANCED)} == 0"
HELD = queries.series(metrics.PERIOD_HELD)

SHARE: style.Steps = ((None, "green"), (0.01, "yellow"), (0.05, "red"))
BALANCE = states.words({"1": ("平", "green"), "0": ("不平", "red")})
WHO = (
    Column(field="department_title", zh="部门", width=190),
    Column(field="title", zh="归集事项"),
    Column(field="period", zh="数据期", width=110),
)


def build() -> Dashboard:
    """The dashboard; its uid is `yizhan-reconciliation`."""
    title = Title(
        zh="驿站 · 对账",
        en="Reconciliation: rows and amounts counted of each period, rows set aside, what does not balance.",
    )
    shelves = (
        Shelf(height=4, panels=[(4, panel) for panel in _figures()]),
        Shelf(height=15, panels=[(24, _ledger())]),
        Shelf(height=10, panels=[(8, _share()), (8, _amounts()), (8, _held())], heading="部门"),
        Shelf(height=9, panels=[(12, _rows()), (12, _problems())], heading="变化"),
    )
    return dashboard(RECONCILIATION, title, [*chosen_node(), chosen_department(), chosen_period()], shelves)


def _figures() -> list[style.Panels]:
    number, alarm, note = style.number, style.ALARM_FROM_ONE, style.NOTE_FROM_ONE
    return [
        number(
            Title(
                zh="清点条数", en="Rows the centre counted, loaded and duplicate, of the chosen periods on the board."
            ),
            f"sum({ROWS})",
        ),
        number(
            Title(zh="清点金额(元)", en="Their amount in yuan, over the feeds that have one."),
            f"sum({AMOUNT})",
            decimals=2,
        ),
        number(Title(zh="问题数据", en="Rows set aside on both sides."), f"sum({PROBLEMS})", steps=note),
        number(
            Title(zh="问题率", en="Rows set aside, of those set aside and those counted."),
            _part("sum({})"),
            steps=SHARE,
            unit=style.PART,
            decimals=2,
        ),
        number(
            Title(zh="对账不平", en="Periods whose newest attempt does not balance."),
            queries.counted(UNBALANCED),
            steps=alarm,
        ),
        number(
            Title(zh="有更正的期数", en="Periods whose newest accepted revision is not the first."),
            queries.counted(f"{REVISION} > 1"),
        ),
    ]


def _part(total: str) -> str:
    """`total` is the sum to take, with `{}` for what is summed."""
    aside, held = total.format(PROBLEMS), total.format(ROWS)
    return f"{aside} / (({aside} + {held}) > 0)"


def _ledger() -> style.Panels:
    come = f"{queries.series(metrics.PERIOD_STATE)} and {queries.OF_PERIOD} ({REVISION} or {UNBALANCED})"
    asked = {
        "B": REVISION,
        "C": ROWS,
        "D": AMOUNT,
        "E": PROBLEMS,
        "F": f"{queries.series(metrics.PERIOD_BALANCED)} and {queries.OF_PERIOD} ({REVISION} or {UNBALANCED})",
        "G": queries.milliseconds(queries.series(metrics.PERIOD_LANDED)),
        "H": queries.milliseconds(queries.series(metrics.PERIOD_RECEIPTED)),
    }
    named = queries.of_period(queries.named(f"({come})"), "state", "department_title", "title")
    return style.listing(
        Title(
            zh="逐期对账",
            en="Each period that has come: revision, rows and amount counted, rows set aside, whether the newest "
            "attempt balances, when it landed and when it was accepted.",
        ),
        {"A": named} | {letter: queries.of_period(expression) for letter, expression in asked.items()},
        (
            *WHO,
            Column(field="state", zh="状态", mappings=states.by_name(), width=120),
            Column(field="Value #B", zh="版次", unit="prefix:r", decimals=0, width=80),
            Column(field="Value #C", zh="清点条数", unit=style.WHOLE, decimals=0, width=120),
            Column(field="Value #D", zh="清点金额(元)", unit=style.WHOLE, decimals=2, width=160),
            Column(field="Value #E", zh="问题数据", unit=style.WHOLE, decimals=0, width=110, steps=style.NOTE_FROM_ONE),
            Column(field="Value #F", zh="对账", mappings=BALANCE, width=90),
            Column(field="Value #G", zh="落地时间", unit=style.DATE, width=160),
            Column(field="Value #H", zh="接收时间", unit=style.DATE, width=160),
        ),
        sort="数据期",
        falling=("数据期",),
    )


def _share() -> style.Panels:
    by = "sum by (instance, job, department) ({})"
    return style.bars(
        Title(zh="问题率(按部门)", en="Share of rows set aside, by department."),
        f"max by (department_title) ({queries.titled(_part(by))})",
        legend="{{department_title}}",
        unit=style.PART,
        steps=SHARE,
    )


def _amounts() -> style.Panels:
    return style.bars(
        Title(zh="清点金额(按部门,元)", en="Amount counted, by department, in yuan."),
        f"sum by (department_title) ({queries.named(AMOUNT)})",
        legend="{{department_title}}",
    )


def _held() -> style.Panels:
    return style.listing(
        Title(zh="待审核", en="Batches that wait for a reviewer, and for how long."),
        {
            "A": queries.of_period(queries.named(HELD), "department_title", "title"),
            "B": queries.of_period(f"time() - {HELD}"),
        },
        (*WHO, Column(field="Value #B", zh="已等待", unit=style.DURATION, width=130, steps=style.WAITING)),
        sort="已等待",
        falling=("已等待",),
    )


def _rows() -> style.Panels:
    return style.lines(
        Title(zh="清点条数的变化", en="Rows counted of the periods on the board, by department, over the chosen time."),
        f"sum by (department_title) ({queries.named(ROWS)})",
        legend="{{department_title}}",
    )


def _problems() -> style.Panels:
    return style.lines(
        Title(zh="问题数据的变化", en="Rows set aside, by department, over the chosen time."),
        f"sum by (department_title) ({queries.named(PROBLEMS)})",
        legend="{{department_title}}",
    )
