"""The PromQL of the panels: selecting a metric's series, naming them, and counting so that silence is not nought.

Names of metrics come from the exporter's own table. It must never know of a panel.
"""

from __future__ import annotations

from monitoring.dashboards.states import ranks
from monitoring.exporter import metrics
from monitoring.exporter.metrics import Metric

# what the recording rule of the same name remembers, so that debts outlast an exporter that does not answer
OWED = Metric(
    name="yizhan:period_owed_timestamp_seconds",
    help="When a period without a receipt is due.",
    labels=("feed", "department", "period", "title", "department_title", "owner", "judged_by", "article", "deadline"),
)
RECORDED = (OWED,)
OF_FEED = "on(instance, job, feed)"
OF_PERIOD = "on(instance, job, feed, period)"
DAY = 86400
# midnight in Beijing, which keeps UTC+8 all year
TODAY = "(time() - (time() + 28800) % 86400)"


def series(metric: Metric, *matchers: str) -> str:
    """The metric's series of the chosen node, department and periods, as far as it has those labels."""
    chosen = ['instance="$node"']
    chosen += ['department=~"$department"'] if "department" in metric.labels else []
    chosen += ['period=~"$period"'] if "period" in metric.labels else []
    return f"{metric.name}{{{', '.join((*chosen, *matchers))}}}"


def here(metric: Metric) -> str:
    """The metric's series of the chosen node itself, which has no department there."""
    chosen = ('instance="$node"', 'department=""') if "department" in metric.labels else ('instance="$node"',)
    return f"{metric.name}{{{', '.join(chosen)}}}"


def named(expression: str) -> str:
    """The same values, with the feed's and the department's title and the post that answers for it."""
    info = series(metrics.FEED_INFO)
    return f"({expression}) * {OF_FEED} group_left(title, department_title, owner) {info}"


def titled(expression: str) -> str:
    """The values of departments, which must keep `instance` and `job`, with the department's title."""
    keys = "instance, job, department"
    info = series(metrics.FEED_INFO)
    titles = f"max by ({keys}, department_title) ({info})"
    return f"({expression}) * on({keys}) group_left(department_title) {titles}"


def explained(expression: str) -> str:
    """As `named`, with the deadline in words and the article it rests on."""
    info = series(metrics.PERIOD_INFO)
    return f"{named(expression)} * {OF_PERIOD} group_left(deadline, article) {info}"


def counted(expression: str, source: str = "board") -> str:
    """How many series; nought only while the exporter answers for that source, for otherwise nobody knows."""
    alive = series(metrics.SOURCE_SUCCESS, f'source="{source}"')
    return f"count({expression}) or 0 * (max({alive}) == 1)"


def in_state(*states: str) -> str:
    """The periods that are in one of the states."""
    return series(metrics.PERIOD_STATE, f'state=~"{"|".join(states)}"')


def ranked() -> str:
    """Each period's state as its rank."""
    return " or ".join(f"{in_state(state)} * {rank}" for state, rank in ranks().items())


def unreceipted() -> str:
    """When each period without a receipt is due."""
    return f"({series(metrics.PERIOD_DUE)} unless {OF_PERIOD} {series(metrics.PERIOD_RECEIPTED)})"


def due_today() -> str:
    """When each period that is due today (Beijing) is due; a day ends with its midnight, which still counts."""
    due = series(metrics.PERIOD_DUE)
    return f"(({due} > {TODAY}) <= {TODAY} + {DAY})"


def overdue() -> str:
    """When each period was due that nobody has sent, exporter or no exporter."""
    return f"({series(OWED)} <= time())"


def days_to(moments: str) -> str:
    """Days from now to the moments; below nought once they have passed."""
    return f"({moments} - time()) / {DAY}"


def since(moments: str) -> str:
    """Seconds from the moments to now."""
    return f"time() - {moments}"


def milliseconds(moments: str) -> str:
    """The moments as Grafana's units of time take them."""
    return f"{moments} * 1000"


def of_period(expression: str, *labels: str) -> str:
    """One series a period of a feed, with its identity and these labels alone: tables join on what queries share."""
    return f"max by ({', '.join(('department', 'feed', 'period', *labels))}) ({expression})"


def of_feed(expression: str, *labels: str) -> str:
    """One series a feed, likewise."""
    return f"max by ({', '.join(('department', 'feed', *labels))}) ({expression})"


def of_department(expression: str, *labels: str) -> str:
    """One series a department, likewise."""
    return f"max by ({', '.join(('department', *labels))}) ({expression})"
