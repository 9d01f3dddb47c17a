"""How panels look: counts, tables, matrices, bars and lines, each made in one way on all dashboards.

Owns titles (Chinese) with their descriptions (English), colours by threshold and what an empty panel says. It must
never know what a metric means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, TableSortByFieldState, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TableCellDisplayMode,
    TableColoredBackgroundCellOptions,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsMode,
    ValueMapping,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
NOTHING = "无数据(采集中断或尚未发生)"
WHOLE = "locale"
DATE = "time:YYYY-MM-DD HH:mm"
DURATION = "dtdhms"
DAYS = "suffix: 天"
HOURS = "suffix: 小时"
SECONDS = "suffix: 秒"
BYTES = "bytes"
PART = "percentunit"

Panels = Builder[Panel]
"""Any panel, not built yet."""

Steps = Sequence[tuple[float | None, str]]
"""Lower bounds and their colours, rising; the first has none."""

ALARM_FROM_ONE: Steps = ((None, "green"), (1, "red"))
NOTE_FROM_ONE: Steps = ((None, "green"), (1, "yellow"))
PLAIN: Steps = ((None, "blue"),)
WAITING: Steps = ((None, "green"), (3600, "yellow"), (86400, "red"))


@dataclass(frozen=True, kw_only=True)
class Title:
    """What a panel says above it, in Chinese, and behind its information mark, in English."""

    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        field: its name in the answer: a label, or `Value #<query>` (`Value` where the table asks one query).
        link: an address; `${__data.fields.<label>}` stands for the row's value.
    """

    field: str
    zh: str
    unit: str | None = None
    decimals: int | None = None
    steps: Steps | None = None
    mappings: Sequence[ValueMapping] = ()
    width: int | None = None
    hidden: bool = False
    link: str | None = None


def number(title: Title, expression: str, *, steps: Steps = PLAIN, unit: str = WHOLE, decimals: int = 0) -> stat.Panel:
    """One figure on a coloured ground."""
    return (
        stat.Panel()
        .title(title.zh)
        .description(title.en)
        .datasource(SOURCE)
        .with_target(_now("A", expression))
        .unit(unit)
        .decimals(decimals)
        .no_value(NOTHING)
        .thresholds(_thresholds(steps))
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(_last())
    )


def listing(
    title: Title, queries: Mapping[str, str], columns: Sequence[Column], *, sort: str, falling: Sequence[str] = ()
) -> table.Panel:
    """A table of what the queries (by their letters) say of the same things, joined on the labels they share.

    `sort`: the Chinese title of a column; it falls where it also stands in `falling`. Of several queries the first is
    asked for its labels: its value is no column, since Grafana calls it otherwise when the rest are empty.
    """
    names = [column.field for column in columns]
    panel = (
        _table(title)
        .targets([_asked(letter, expression) for letter, expression in queries.items()])
        .transformations([_merge(), _only(names), _ordered(names)])
        .sort_by([TableSortByFieldState().display_name(sort).desc(sort in falling)])
        .filterable(True)
    )
    for column in columns:
        panel = panel.override_by_name(column.field, _look(column))
    return panel


def matrix(
    title: Title, expression: str, *, down: str, across: str, corner: str, mappings: Sequence[ValueMapping]
) -> table.Panel:
    """A table with a row for each value of one label, a column for each of another, and coloured cells."""
    pivot = {"rowField": down, "columnField": across, "valueField": "Value", "emptyValue": "null"}
    sorting = {"fields": {}, "sort": [{"field": across, "desc": False}]}
    return (
        _table(title)
        .targets([_asked("A", expression)])
        .transformations(
            [
                DataTransformerConfig(id_val="sortBy", options=sorting),
                DataTransformerConfig(id_val="groupingToMatrix", options=pivot),
            ]
        )
        .mappings(list(mappings))
        .cell_options(TableColoredBackgroundCellOptions())
        .sort_by([TableSortByFieldState().display_name(corner).desc(False)])
        .override_by_name(
            f"{down}\\{across}",
            [
                DynamicConfigValue("displayName", corner),
                DynamicConfigValue("custom.cellOptions", {"type": TableCellDisplayMode.AUTO}),
                DynamicConfigValue("custom.width", 260),
            ],
        )
    )


def bars(title: Title, expression: str, *, legend: str, unit: str = WHOLE, steps: Steps = PLAIN) -> bargauge.Panel:
    """A bar for each series, as it stands now."""
    return (
        bargauge.Panel()
        .title(title.zh)
        .description(title.en)
        .datasource(SOURCE)
        .with_target(_now("A", expression).legend_format(legend))
        .unit(unit)
        .min(0)
        .no_value(NOTHING)
        .thresholds(_thresholds(steps))
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .reduce_options(_last())
    )


def lines(title: Title, expression: str, *, legend: str, unit: str = WHOLE) -> timeseries.Panel:
    """A line for each series over the chosen time."""
    return (
        timeseries.Panel()
        .title(title.zh)
        .description(title.en)
        .datasource(SOURCE)
        .with_target(Dataquery().datasource(SOURCE).ref_id("A").expr(expression).range().legend_format(legend))
        .unit(unit)
        .no_value(NOTHING)
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .line_width(2)
        .fill_opacity(10)
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
    )


def _table(title: Title) -> table.Panel:
    return table.Panel().title(title.zh).description(title.en).datasource(SOURCE).no_value("")


def _now(letter: str, expression: str) -> Dataquery:
    return Dataquery().datasource(SOURCE).ref_id(letter).expr(expression).instant()


def _asked(letter: str, expression: str) -> Dataquery:
    return _now(letter, expression).format(PromQueryFormat.TABLE)


def _thresholds(steps: Steps) -> ThresholdsConfig:
    listed = [Threshold(value=bound, color=colour) for bound, colour in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(listed)


def _last() -> ReduceDataOptions:
    return ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def _merge() -> DataTransformerConfig:
    return DataTransformerConfig(id_val="merge", options={})


def _only(names: Sequence[str]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": list(names)}})


def _ordered(names: Sequence[str]) -> DataTransformerConfig:
    places = {name: place for place, name in enumerate(names)}
    options = {"indexByName": places, "excludeByName": {}, "renameByName": {}}
    return DataTransformerConfig(id_val="organize", options=options)


def _look(column: Column) -> list[DynamicConfigValue]:
    wanted = {
        "displayName": column.zh,
        "unit": column.unit,
        "decimals": column.decimals,
        "mappings": list(column.mappings) or None,
        "custom.width": column.width,
        "custom.hidden": column.hidden or None,
        "links": [{"title": "查看对账", "url": column.link}] if column.link else None,
    }
    look = [DynamicConfigValue(name, value) for name, value in wanted.items() if value is not None]
    if column.steps or column.mappings:
        look.append(DynamicConfigValue("custom.cellOptions", {"type": TableCellDisplayMode.COLOR_BACKGROUND}))
    if column.steps:
        look.append(DynamicConfigValue("thresholds", _thresholds(column.steps).build()))
        look.append(DynamicConfigValue("color", {"mode": FieldColorModeId.THRESHOLDS}))
    return look
