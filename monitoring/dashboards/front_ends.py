"""前置机: when each was last heard, its clock, its spool, its disk, and what its last attempts ended with.

Owns which panels answer that. A department that owes feeds and was never heard has a row too, with empty cells.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards import queries, style
from monitoring.dashboards.frame import (
    FRONT_ENDS,
    Shelf,
    chosen_department,
    chosen_node,
    dashboard,
)
from monitoring.dashboards.style import Column, Title
from monitoring.exporter import metrics

THERE = 'department!=""'  # an empty department is the node that is asked
HEARD = queries.series(metrics.HEARD)
SKEW = queries.series(metrics.CLOCK_SKEW)
ENTRIES = queries.series(metrics.SPOOL_ENTRIES, THERE)
DEAD = queries.series(metrics.SPOOL_ENTRIES, THERE, 'state="dead"')
FREE = f"{queries.series(metrics.DISK_FREE, THERE)} / {queries.series(metrics.DISK_SIZE, THERE)}"
FAILED = queries.series(metrics.LAST_ATTEMPT_FAILED)
ATTEMPTED = queries.series(metrics.LAST_ATTEMPT)

SILENT: style.Steps = ((None, "green"), (1800, "yellow"), (7200, "red"))
SPACE: style.Steps = ((None, "red"), (0.1, "yellow"), (0.2, "green"))
CLOCK: style.Steps = ((None, "red"), (-60, "yellow"), (-30, "green"), (30, "yellow"), (60, "red"))


def build() -> Dashboard:
    """The dashboard; its uid is `yizhan-front-ends`."""
    title = Title(zh="驿站 · 前置机", en="Front-ends: last heard, clock skew, spool, disk, last attempts.")
    shelves = (
        Shelf(height=4, panels=[(6, panel) for panel in _counts()]),
        Shelf(height=13, panels=[(24, _machines())]),
        Shelf(height=10, panels=[(14, _attempts()), (10, _own())], heading="报送与本节点"),
        Shelf(height=9, panels=[(8, _skews()), (8, _depths()), (8, _spaces())], heading="变化"),
    )
    return dashboard(FRONT_ENDS, title, [*chosen_node(), chosen_department()], shelves)


def _counts() -> list[style.Panels]:
    alarm = style.ALARM_FROM_ONE
    skewed = f"abs({SKEW}) > 60"
    return [
        style.number(
            Title(zh="失联前置机", en="Front-ends not heard for two hours."),
            queries.counted(f"({queries.since(HEARD)}) > 7200", "presence"),
            steps=alarm,
        ),
        style.number(
            Title(zh="时钟偏差超过60秒", en="Front-ends whose clock is more than 60 seconds off."),
            queries.counted(skewed, "presence"),
            steps=alarm,
        ),
        style.number(
            Title(zh="最近一次失败的事项", en="Feeds whose last attempt failed."), queries.counted(FAILED), steps=alarm
        ),
        style.number(
            Title(zh="有死信的部门", en="Departments with batches that nobody will send again without a person."),
            queries.counted(f"{DEAD} > 0", "presence"),
            steps=alarm,
        ),
    ]


def _machines() -> style.Panels:
    asked = {
        "B": queries.since(HEARD),
        "C": SKEW,
        "D": _entries("ready"),
        "E": _entries("inflight"),
        "F": _entries("held"),
        "G": DEAD,
        "H": queries.since(queries.series(metrics.SPOOL_OLDEST, THERE)),
        "I": queries.since(queries.series(metrics.SPOOL_HELD, THERE)),
        "J": queries.series(metrics.SPOOL_BYTES, THERE),
        "K": FREE,
    }
    departments = queries.of_department(queries.series(metrics.FEED_INFO), "department_title")
    return style.listing(
        Title(
            zh="前置机一览",
            en="Each department's front-end as it was last heard; empty cells: never heard. Positive skew: ahead.",
        ),
        {"A": departments} | {letter: queries.of_department(expression) for letter, expression in asked.items()},
        (
            Column(field="department_title", zh="部门"),
            Column(field="Value #B", zh="距上次联系", unit=style.DURATION, steps=SILENT, width=130),
            Column(field="Value #C", zh="时钟偏差", unit=style.SECONDS, decimals=1, steps=CLOCK, width=110),
            Column(field="Value #D", zh="待发", unit=style.WHOLE, width=70),
            Column(field="Value #E", zh="在途", unit=style.WHOLE, width=70),
            Column(field="Value #F", zh="待审核", unit=style.WHOLE, width=80),
            Column(field="Value #G", zh="死信", unit=style.WHOLE, steps=style.ALARM_FROM_ONE, width=70),
            Column(field="Value #H", zh="最久待发", unit=style.DURATION, steps=style.WAITING, width=130),
            Column(field="Value #I", zh="最久待审", unit=style.DURATION, steps=style.WAITING, width=130),
            Column(field="Value #J", zh="积压", unit=style.BYTES, decimals=1, width=100),
            Column(field="Value #K", zh="磁盘余量", unit=style.PART, decimals=1, steps=SPACE, width=100),
        ),
        sort="距上次联系",
        falling=("距上次联系",),
    )


def _entries(state: str) -> str:
    return queries.series(metrics.SPOOL_ENTRIES, THERE, f'state="{state}"')


def _attempts() -> style.Panels:
    return style.listing(
        Title(
            zh="最近一次报送",
            en="Each feed's last attempt, and the error code it ended with; an empty code: it did not fail.",
        ),
        {
            "A": queries.of_feed(queries.named(ATTEMPTED), "department_title", "title"),
            "B": queries.of_feed(queries.milliseconds(ATTEMPTED)),
            "C": queries.of_feed(FAILED, "code"),
        },
        (
            Column(field="department_title", zh="部门", width=190),
            Column(field="title", zh="归集事项"),
            Column(field="Value #B", zh="时间", unit=style.DATE, width=160),
            Column(field="code", zh="错误代码", width=110),
        ),
        sort="时间",
        falling=("时间",),
    )


def _own() -> style.Panels:
    own = {"B": metrics.SPOOL_ENTRIES, "C": metrics.SPOOL_BYTES, "D": metrics.DISK_FREE, "E": metrics.DISK_SIZE}
    asked = {letter: f"sum by (instance) ({queries.here(metric)})" for letter, metric in own.items()}
    return style.listing(
        Title(zh="本节点", en="The chosen node's own spool or inbox and its disk."),
        {"A": f"max by (instance, site, role, version) ({queries.here(metrics.NODE_INFO)})"} | asked,
        (
            Column(field="site", zh="站点"),
            Column(field="role", zh="类型", width=100),
            Column(field="version", zh="版本", width=100),
            Column(field="Value #B", zh="批次", unit=style.WHOLE, width=80),
            Column(field="Value #C", zh="积压", unit=style.BYTES, decimals=1, width=100),
            Column(field="Value #D", zh="磁盘余量", unit=style.BYTES, decimals=1, width=110),
            Column(field="Value #E", zh="磁盘容量", unit=style.BYTES, decimals=1, width=110),
        ),
        sort="站点",
    )


def _skews() -> style.Panels:
    return style.lines(
        Title(zh="时钟偏差的变化", en="Each front-end's clock against the centre's, over the chosen time."),
        f"max by (department_title) ({queries.titled(SKEW)})",
        legend="{{department_title}}",
        unit="s",
    )


def _depths() -> style.Panels:
    return style.lines(
        Title(zh="积压批次的变化", en="Batches in each department's spool, over the chosen time."),
        f"sum by (department_title) ({queries.titled(ENTRIES)})",
        legend="{{department_title}}",
    )


def _spaces() -> style.Panels:
    return style.lines(
        Title(zh="磁盘余量的变化", en="Free part of each front-end's disk, over the chosen time."),
        f"min by (department_title) ({queries.titled(FREE)})",
        legend="{{department_title}}",
        unit=style.PART,
    )
