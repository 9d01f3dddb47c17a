"""证书与运维: certificates that end, the calendar's coverage, the exporter's own sources, the ledger's verification.

Owns which panels answer that.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards import queries, states, style
from monitoring.dashboards.frame import UPKEEP, Shelf, chosen_department, chosen_node, dashboard
from monitoring.dashboards.style import Column, Title
from monitoring.exporter import metrics

NOT_AFTER = queries.series(metrics.CERTIFICATE)
COVERED = queries.series(metrics.CALENDAR_END)
VERIFIED = queries.series(metrics.LEDGER_VERIFIED)
SUCCESS = queries.series(metrics.SOURCE_SUCCESS)

LEFT: style.Steps = ((None, "red"), (7, "orange"), (30, "yellow"), (60, "green"))
COVERAGE: style.Steps = ((None, "red"), (0, "yellow"), (60, "green"))
AGE: style.Steps = ((None, "green"), (86400, "yellow"), (172800, "red"))
ANSWER = states.words({"1": ("正常", "green"), "0": ("失败", "red")})


def build() -> Dashboard:
    """The dashboard; its uid is `yizhan-upkeep`."""
    title = Title(
        zh="驿站 · 证书与运维",
        en="Upkeep: certificates, the working-day calendar's coverage, the exporter's sources, the ledger.",
    )
    shelves = (
        Shelf(height=4, panels=[(4, panel) for panel in (*_certificate_counts(), *_calendar())]),
        Shelf(height=4, panels=[(6, panel) for panel in _ledger()]),
        Shelf(height=12, panels=[(14, _certificates()), (10, _sources())], heading="证书与采集"),
        Shelf(height=9, panels=[(12, _lines()), (12, _durations())], heading="变化"),
    )
    return dashboard(UPKEEP, title, [*chosen_node(), chosen_department()], shelves)


def _certificate_counts() -> list[style.Panels]:
    return [_ending(7, style.ALARM_FROM_ONE), _ending(30, style.ALARM_FROM_ONE), _ending(60, style.NOTE_FROM_ONE)]


def _ending(days: int, steps: style.Steps) -> style.Panels:
    title = Title(zh=f"{days} 天内到期的证书", en=f"Certificates that end within {days} days or have ended.")
    soon = f"({queries.days_to(NOT_AFTER)}) < {days}"
    return style.number(title, queries.counted(soon, "certificates"), steps=steps)


def _calendar() -> list[style.Panels]:
    return [
        style.number(
            Title(
                zh="工作日历还覆盖",
                en="Days until the last day of which it is known whether it is worked; then no due shifts.",
            ),
            f"max({queries.days_to(COVERED)})",
            unit=style.DAYS,
            steps=COVERAGE,
        ),
        style.number(
            Title(zh="缺日历的年份", en="Years a rule in use asks for and of which nobody knows the working days."),
            f"max({queries.series(metrics.CALENDAR_UNKNOWN)})",
            steps=style.ALARM_FROM_ONE,
        ),
        style.number(
            Title(zh="用到工作日的时限规则", en="Rules of the catalogue that ask for working days."),
            f"max({queries.series(metrics.CALENDAR_RULES)})",
        ),
    ]


def _ledger() -> list[style.Panels]:
    return [
        style.number(
            Title(zh="台账距上次验证", en="Since when the whole ledger was last found to be what was written."),
            f"max({queries.since(VERIFIED)})",
            unit=style.DURATION,
            steps=AGE,
        ),
        style.number(
            Title(zh="台账错误", en="Faults found when the whole ledger was last verified."),
            f"max({queries.series(metrics.LEDGER_FAULTS)})",
            steps=style.ALARM_FROM_ONE,
        ),
        style.number(
            Title(zh="台账行数", en="Number of the ledger's last line."),
            f"max({queries.series(metrics.LEDGER_POSITION)})",
        ),
        style.number(
            Title(
                zh="距上次采集",
                en="By how much the node's clock at the newest answer lies behind the clock of Prometheus.",
            ),
            f"max({queries.since(queries.series(metrics.SCRAPE))})",
            unit=style.DURATION,
            steps=((None, "green"), (180, "yellow"), (300, "red")),
        ),
    ]


def _certificates() -> style.Panels:
    here = queries.here(metrics.CERTIFICATE)
    own = f'label_replace({here}, "department_title", "本节点", "department_title", "")'
    # a department that was heard but owes no feed has no title here; its certificates end all the same
    each = f"{queries.titled(NOT_AFTER)} or {own} or on(instance, job, department, certificate) {NOT_AFTER}"
    both = f"({NOT_AFTER} or {here})"
    return style.listing(
        Title(zh="证书到期", en="Each certificate's end and the days left, the node's own too."),
        {
            "A": queries.of_department(each, "department_title", "certificate"),
            "B": queries.of_department(queries.days_to(both), "certificate"),
            "C": queries.of_department(queries.milliseconds(both), "certificate"),
        },
        (
            Column(field="department_title", zh="部门", width=200),
            Column(field="certificate", zh="证书"),
            Column(field="Value #B", zh="剩余", unit=style.DAYS, decimals=0, steps=LEFT, width=110),
            Column(field="Value #C", zh="有效期至", unit=style.DATE, width=170),
        ),
        sort="剩余",
    )


def _sources() -> style.Panels:
    return style.listing(
        Title(
            zh="采集器各数据源",
            en="Whether the exporter could read each of its sources for the newest scrape, and how long it took.",
        ),
        {
            "A": f"max by (source) ({SUCCESS})",
            "B": f"max by (source) ({SUCCESS})",
            "C": f"max by (source) ({queries.series(metrics.SOURCE_DURATION)})",
        },
        (
            Column(field="source", zh="数据源"),
            Column(field="Value #B", zh="状态", mappings=ANSWER, width=110),
            Column(field="Value #C", zh="用时", unit="s", decimals=3, width=130),
        ),
        sort="数据源",
    )


def _lines() -> style.Panels:
    return style.lines(
        Title(zh="台账增长", en="Number of the ledger's last line, over the chosen time."),
        f"max by (instance) ({queries.series(metrics.LEDGER_POSITION)})",
        legend="{{instance}}",
    )


def _durations() -> style.Panels:
    return style.lines(
        Title(zh="采集用时", en="How long reading each of the exporter's sources took, over the chosen time."),
        f"max by (source) ({queries.series(metrics.SOURCE_DURATION)})",
        legend="{{source}}",
        unit="s",
    )
