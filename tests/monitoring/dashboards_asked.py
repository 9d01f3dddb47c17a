"""What a Grafana would ask of Prometheus for the committed dashboards: their files, read as Grafana reads them.

It must never use what builds the dashboards: the files are what a site installs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.processes import ROOT

HOME = ROOT / "monitoring" / "grafana"
FILES = tuple(sorted(HOME.glob("*.json")))
_CALL = re.compile(r"(?P<verb>label_values|query_result)\((?P<rest>.*)\)")
EVERYTHING = {"department": ".*", "period": ".*", "role": "centre"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One expression: where it stands, and the letter and panel it belongs to (none for variables and marks)."""

    place: str
    expression: str
    letter: str = ""


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that ask something; headings do not."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def of_panel(dashboard: Mapping[str, Any], panel: Mapping[str, Any]) -> list[Asked]:
    place = f"{dashboard['uid']} · {panel['title']}"
    return [Asked(place=place, expression=one["expr"], letter=one["refId"]) for one in panel["targets"]]


def of_variables(dashboard: Mapping[str, Any]) -> Iterator[Asked]:
    """The PromQL within the variables' own functions; of `label_values` the selector."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            call = _CALL.fullmatch(variable["query"]["query"])
            assert call, variable["query"]
            rest = call["rest"]
            selected = rest.rpartition(",")[0] if call["verb"] == "label_values" else rest
            yield Asked(place=f"{dashboard['uid']} · ${variable['name']}", expression=selected)


def of_marks(dashboard: Mapping[str, Any]) -> Iterator[Asked]:
    for mark in dashboard["annotations"]["list"]:
        if "expr" in mark:
            yield Asked(place=f"{dashboard['uid']} · {mark['name']}", expression=mark["expr"])


def everything() -> list[Asked]:
    """Every expression of every dashboard."""
    found: list[Asked] = []
    for file in FILES:
        dashboard = read(file)
        for panel in panels(dashboard):
            found += of_panel(dashboard, panel)
        found += [*of_variables(dashboard), *of_marks(dashboard)]
    return found


def filled(expression: str, chosen: Mapping[str, str]) -> str:
    """With the variables' values; raises KeyError for one that is not given."""
    return re.sub(r"\$(\w+)", lambda found: chosen[found[1]], expression)
