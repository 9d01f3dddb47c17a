"""时效看板: who owes what, by when, and who is late.

Owns which panels answer that. Debts are counted from what the rules remember, so they stay when the exporter is gone.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.common import StackingConfig
from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, Dashboard
from grafana_foundation_sdk.models.common import StackingMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId

from monitoring.dashboards import queries, states, style
from monitoring.dashboards.frame import (
    FRESHNESS,
    RECONCILIATION,
    Shelf,
    address,
    chosen_department,
    chosen_node,
    chosen_period,
    dashboard,
)
from monitoring.dashboards.style import Column, Title
from monitoring.exporter import metrics

LEFT: style.Steps = ((None, "dark-red"), (0, "orange"), (1, "yellow"), (5, "green"))
OVER: style.Steps = ((None, "orange"), (7, "dark-red"))
FORECAST = states.words({"1": ("可能迟报", "orange"), "0": ("预计按时", "green")})
NAMED = ("department_title", "title", "owner")
EXPLAINED = (*NAMED, "deadline", "article")

WHO = (
    Column(field="department", zh="部门代码", hidden=True),
    Column(field="department_title", zh="部门", width=190),
    Column(field="title", zh="归集事项", link=address(RECONCILIATION, "department", "period")),
    Column(field="period", zh="数据期", width=110),
)
STATE = Column(field="state", zh="状态", mappings=states.by_name(), width=120)
DEADLINE = Column(field="deadline", zh="应报时限", width=230)
DAYS_LEFT = Column(field="Value #B", zh="剩余", unit=style.DAYS, decimals=1, steps=LEFT, width=110)
OWNER = Column(field="owner", zh="责任科室", width=160)
ARTICLE = Column(field="article", zh="依据")


def build() -> Dashboard:
    """The dashboard; its uid is `yizhan-freshness`."""
    title = Title(
        zh="驿站 · 时效看板",
        en="Freshness: what every department owes, by when, and what is late. Times are Beijing time.",
    )
    shelves = (
        Shelf(height=4, panels=[(3, panel) for panel in _counts()]),
        Shelf(height=12, panels=[(24, _by_department())]),
        Shelf(height=9, panels=[(12, _due_today()), (12, _debts())], heading="今日与逾期"),
        Shelf(height=14, panels=[(24, _deadlines())], heading="时限一览"),
        Shelf(height=12, panels=[(24, _by_feed())]),
        Shelf(height=9, panels=[(16, _history()), (8, _dunnings())], heading="变化与催报"),
    )
    variables = [*chosen_node(), chosen_department(), chosen_period()]
    return dashboard(FRESHNESS, title, variables, shelves).annotation(_became_overdue())


def _counts() -> list[style.Panels]:
    state, alarm, note = _count, style.ALARM_FROM_ONE, style.NOTE_FROM_ONE
    late = f"{queries.series(metrics.PERIOD_FORECAST_LATE)} == 1"
    return [
        style.number(
            Title(
                zh="逾期未报",
                en="Periods past due without a receipt, unbalanced and held ones too. Remembered while the exporter "
                "does not answer.",
            ),
            queries.counted(queries.overdue()),
            steps=alarm,
        ),
        state("即将到期", "Periods without a receipt whose first reminder is due.", note, "due_soon"),
        state("对账不平", "Periods whose newest attempt did not balance.", alarm, "unbalanced"),
        state("待审核放行", "Periods a batch of which waits for a reviewer.", note, "held"),
        style.number(
            Title(zh="预测迟报", en="Open periods that will probably be late, going by each feed's own history."),
            queries.counted(late),
            steps=note,
        ),
        state("按时", "Periods on the board that came in time, nil too.", style.PLAIN, "on_time", "nil_on_time"),
        state("迟报", "Periods on the board that came after their due, nil too.", note, "late", "nil_late"),
        state("免报", "Periods nothing is owed for, by an approval.", style.PLAIN, "exempt"),
    ]


def _count(zh: str, en: str, steps: style.Steps, *of: str) -> style.Panels:
    return style.number(Title(zh=zh, en=en), queries.counted(queries.in_state(*of)), steps=steps)


def _by_department() -> style.Panels:
    return style.matrix(
        Title(zh="部门 × 数据期", en="Departments by period. A cell is the worst state among the department's feeds."),
        f"max by (department_title, period) ({queries.named(queries.ranked())})",
        down="department_title",
        across="period",
        corner="部门",
        mappings=states.by_rank(),
    )


def _by_feed() -> style.Panels:
    both = f'label_join({queries.named(queries.ranked())}, "item", " · ", "department_title", "title")'
    return style.matrix(
        Title(zh="归集事项 × 数据期", en="Feeds by period, one state a cell."),
        f"max by (item, period) ({both})",
        down="item",
        across="period",
        corner="归集事项",
        mappings=states.by_rank(),
    )


def _due_today() -> style.Panels:
    today = queries.due_today()
    chosen = f"{queries.series(metrics.PERIOD_STATE)} and {queries.OF_PERIOD} {today}"
    hours = Column(field="Value #B", zh="剩余小时", unit=style.HOURS, decimals=1, width=110)
    left = f"{queries.days_to(queries.unreceipted())} and {queries.OF_PERIOD} {today}"
    return style.listing(
        Title(zh="今日到期", en="Everything due today, Beijing time, with what has come of it and the hours left."),
        {
            "A": queries.of_period(queries.explained(f"({chosen})"), "state", *EXPLAINED),
            "B": queries.of_period(f"({left}) * 24"),
        },
        (*WHO, STATE, hours, DEADLINE, OWNER),
        sort="剩余小时",
    )


def _debts() -> style.Panels:
    owed = queries.overdue()
    over = Column(field="Value #B", zh="逾期", unit=style.DAYS, decimals=1, steps=OVER, width=110)
    return style.listing(
        Title(
            zh="逾期清单",
            en="Debts as the recording rule remembers them: they stay while the exporter does not answer.",
        ),
        {
            "A": queries.of_period(owed, *EXPLAINED),
            "B": queries.of_period(f"(time() - {owed}) / {queries.DAY}"),
        },
        (*WHO, over, DEADLINE, OWNER, ARTICLE),
        sort="逾期",
        falling=("逾期",),
    )


def _deadlines() -> style.Panels:
    received = queries.milliseconds(queries.series(metrics.PERIOD_RECEIPTED))
    return style.listing(
        Title(
            zh="应报时限、剩余天数与预测",
            en="Every period on the board: its deadline, the days left while nothing has come (below nought: overdue), "
            "what the feed's own history forecasts, and when it was accepted.",
        ),
        {
            "A": queries.of_period(queries.explained(queries.series(metrics.PERIOD_STATE)), "state", *EXPLAINED),
            "B": queries.of_period(queries.days_to(queries.unreceipted())),
            "C": queries.of_period(queries.series(metrics.PERIOD_FORECAST_LATE)),
            "D": queries.of_period(received),
        },
        (
            *WHO,
            STATE,
            DEADLINE,
            DAYS_LEFT,
            Column(field="Value #C", zh="预测", mappings=FORECAST, width=110),
            Column(field="Value #D", zh="接收时间", unit=style.DATE, width=160),
            OWNER,
            ARTICLE,
        ),
        sort="剩余",
    )


def _history() -> style.Panels:
    panel = style.lines(
        Title(zh="各状态期数的变化", en="How many periods were in each state, over the chosen time."),
        f"count by (state) ({queries.series(metrics.PERIOD_STATE)})",
        legend="{{state}}",
    )
    for one in states.STATES:
        colour = {"mode": FieldColorModeId.FIXED, "fixedColor": one.colour}
        look = [DynamicConfigValue("displayName", one.word), DynamicConfigValue("color", colour)]
        panel = panel.override_by_name(one.state, look)
    return panel.stacking(StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(60).min(0).decimals(0)


def _dunnings() -> style.Panels:
    return style.bars(
        Title(zh="催报次数", en="Dunning notices written to each department in all."),
        f"max by (department_title) ({queries.titled(queries.series(metrics.DUNNINGS))})",
        legend="{{department_title}}",
    )


def _became_overdue() -> AnnotationQuery:
    owed = queries.series(queries.OWED)
    # an hour wide: over long times the answer's step is coarse, and a narrower mark would fall between two steps
    fresh = f"({owed} <= time()) > time() - 3600"
    return (
        AnnotationQuery()
        .name("逾期起点")
        .datasource(style.SOURCE)
        .enable(True)
        .icon_color("red")
        .expr(queries.of_period(fresh, "department_title", "title"))
    )
