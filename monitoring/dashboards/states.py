"""The states of a period as the dashboards show them: the words of `yizhan status`, their colours, which is worse.

Owns the order in which a cell that stands for many periods picks one. It must never decide a state: the exporter does.
"""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMapping, ValueMappingResult


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One state: the value of the metric's label `state`, its word, its colour (by name or #rrggbb)."""

    state: str
    word: str
    colour: str


# worst first: what somebody must act on before what is only a pity, and both before what is well
STATES = (
    Shown(state="overdue", word="逾期未报", colour="dark-red"),
    Shown(state="unbalanced", word="对账不平", colour="red"),
    Shown(state="held", word="待审核放行", colour="purple"),
    Shown(state="due_soon", word="即将到期", colour="yellow"),
    Shown(state="late", word="迟报", colour="orange"),
    Shown(state="nil_late", word="迟报零报送", colour="semi-dark-orange"),
    Shown(state="not_due", word="未到期", colour="blue"),
    Shown(state="on_time", word="按时", colour="green"),
    Shown(state="nil_on_time", word="按时零报送", colour="semi-dark-green"),
    Shown(state="exempt", word="免报", colour="#8e9aa8"),
)


def ranks() -> dict[str, int]:
    """State -> its rank; the greater, the worse, so that `max by` picks the worst."""
    return {one.state: len(STATES) - place for place, one in enumerate(STATES)}


def by_name() -> list[ValueMapping]:
    """Mappings of the label's text to word and colour."""
    return [_mapping({one.state: one for one in STATES})]


def by_rank() -> list[ValueMapping]:
    """Mappings of a rank to word and colour."""
    return [_mapping({str(ranks()[one.state]): one for one in STATES})]


def words(said: dict[str, tuple[str, str]]) -> list[ValueMapping]:
    """Mappings of other values to (word, colour)."""
    return [_mapping({value: Shown(state=value, word=word, colour=colour) for value, (word, colour) in said.items()})]


def _mapping(shown: dict[str, Shown]) -> ValueMap:
    return ValueMap(
        options={
            value: ValueMappingResult(text=one.word, color=one.colour, index=place)
            for place, (value, one) in enumerate(shown.items())
        }
    )
