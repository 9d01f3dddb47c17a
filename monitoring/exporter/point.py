"""A point: one value of one metric, and its line in Prometheus' text format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from prometheus_client.utils import floatToGoString

from monitoring.exporter.metrics import Metric

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True)
class Point:
    """`labels` in the metric's own order."""

    metric: Metric
    labels: tuple[str, ...]
    value: float

    @cached_property
    def line(self) -> str:
        """As it is written, made once: a board's points are the same from scrape to scrape."""
        pairs = sorted(zip(self.metric.labels, self.labels, strict=True))
        labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs)
        return f"{self.metric.name}{{{labels}}} {self._value}\n" if pairs else f"{self.metric.name} {self._value}\n"

    @property
    def _value(self) -> str:
        return floatToGoString(self.value)
