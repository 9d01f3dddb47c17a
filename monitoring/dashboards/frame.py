"""What all dashboards share: their head, the variables above them, the links between them, and the shelves below.

Owns uids, tags, the time zone and the places of panels. It must never know what a panel shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    Panel,
    VariableModel,
    VariableRefresh,
    VariableSort,
)

from monitoring.dashboards.style import SOURCE, Title
from monitoring.exporter import metrics

Variable = Builder[VariableModel]

TAG = "yizhan"
WIDTH = 24

FRESHNESS = "yizhan-freshness"
RECONCILIATION = "yizhan-reconciliation"
FRONT_ENDS = "yizhan-front-ends"
UPKEEP = "yizhan-upkeep"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Panels beside each other, left to right; their widths, of 24, fill the shelf. A heading stands above, if any."""

    height: int
    panels: Sequence[tuple[int, Builder[Panel]]]
    heading: str | None = None


def dashboard(uid: str, title: Title, variables: Sequence[Variable], shelves: Sequence[Shelf]) -> Dashboard:
    """The dashboard of these shelves, the first at the top."""
    made = (
        Dashboard(title.zh)
        .uid(uid)
        .description(title.en)
        .tags([TAG])
        .timezone("Asia/Shanghai")
        .week_start("monday")
        .time("now-30d", "now")
        .refresh("5m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .variables(list(variables))
        .annotation(_unread())
        .link(_others())
    )
    return _shelved(made, shelves)


def chosen_node() -> list[Variable]:
    """Data source, kind of node and node: a Prometheus that watches front-ends too would count everything twice."""
    node = metrics.NODE_INFO.name
    return [
        DatasourceVariable("datasource").label("数据源").description("Data source").type("prometheus"),
        _values("role", "节点类型", "Kind of node", f"label_values({node}, role)"),
        _values("node", "节点", "Node", f'label_values({node}{{role="$role"}}, instance)'),
    ]


def chosen_department() -> Variable:
    """Departments by title; their ids are what is asked for."""
    info = f'{metrics.FEED_INFO.name}{{instance="$node"}}'
    query = f"query_result(max by (department, department_title) ({info}))"
    parts = r'/department="(?<value>[^"]*)",\s*department_title="(?<text>[^"]*)"/'
    asked = _asked("department", "部门", "Department", query, kind=3).regex(parts)
    return asked.multi(True).include_all(True).all_value(".*").sort(VariableSort.ALPHABETICAL_ASC)


def chosen_period() -> Variable:
    """Periods on the board, newest first."""
    query = f'label_values({metrics.PERIOD_STATE.name}{{instance="$node"}}, period)'
    asked = _values("period", "数据期", "Period", query)
    return asked.multi(True).include_all(True).all_value(".*").sort(VariableSort.ALPHABETICAL_DESC)


def address(uid: str, *fields: str) -> str:
    """Where a table's row leads: that dashboard, with the row's values of these labels chosen."""
    chosen = [f"var-{name}=${{__data.fields.{name}}}" for name in fields]
    return f"/d/{uid}?" + "&".join((*chosen, "${datasource:queryparam}", "${role:queryparam}", "${node:queryparam}"))


def _values(name: str, zh: str, en: str, query: str) -> QueryVariable:
    return _asked(name, zh, en, query, kind=1).sort(VariableSort.ALPHABETICAL_ASC)


def _asked(name: str, zh: str, en: str, query: str, *, kind: int) -> QueryVariable:
    """`kind` is the Prometheus plugin's own number: 1 values of a label, 3 answer of a query."""
    asked = {"qryType": kind, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    shown = QueryVariable(name).label(zh).description(en).datasource(SOURCE)
    return shown.query(asked).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def _unread() -> AnnotationQuery:
    """Marks the times at which the exporter could not read a source: what was shown then was not the whole."""
    failed = f'max by (source) ({metrics.SOURCE_SUCCESS.name}{{instance="$node"}}) == 0'
    return AnnotationQuery().name("数据源读取失败").datasource(SOURCE).enable(True).icon_color("orange").expr(failed)


def _others() -> DashboardLink:
    link = DashboardLink("驿站看板").type(DashboardLinkType.DASHBOARDS).tags([TAG]).tooltip("Other dashboards")
    return link.as_dropdown(False).include_vars(True).keep_time(True)


def _shelved(made: Dashboard, shelves: Sequence[Shelf]) -> Dashboard:
    number, top = 1, 0
    for shelf in shelves:
        if shelf.heading:
            made = made.with_row(Row(shelf.heading).id(number).grid_pos(GridPos(h=1, w=WIDTH, x=0, y=top)))
            number, top = number + 1, top + 1
        left = 0
        for width, panel in shelf.panels:
            panel.id(number).grid_pos(GridPos(h=shelf.height, w=width, x=left, y=top))
            made = made.with_panel(panel)
            number, left = number + 1, left + width
        if left != WIDTH:
            raise ValueError(f"the shelf at {top} is {left} wide, not {WIDTH}")
        top += shelf.height
    return made
