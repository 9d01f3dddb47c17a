"""The table of metrics and the text they are written in, held against Prometheus' own tools."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.exporter.exposition import families, text
from monitoring.exporter.metrics import BY_NAME, PERIOD_DUE, PERIOD_INFO, SOURCES, SPOOL_ENTRIES, TABLE
from monitoring.exporter.point import Point

PROMTOOL = Path(__file__).parents[2] / ".cache/prometheus/usr/bin/promtool"
LABELS = {
    "feed", "department", "period", "title", "department_title", "owner", "cadence", "judged_by", "article", "deadline",
    "step", "days", "state", "code", "certificate", "site", "role", "version", "source",
}  # fmt: skip
EVERY_METRIC = [Point(metric, tuple(f"值{i}" for i, _ in enumerate(metric.labels)), 1.5) for metric in TABLE]

points = st.lists(
    st.builds(
        lambda metric, values, value: Point(metric, tuple(values[: len(metric.labels)]), value),
        st.sampled_from([PERIOD_DUE, PERIOD_INFO, SPOOL_ENTRIES]),
        st.lists(st.text(), min_size=5, max_size=5),
        st.floats(allow_nan=False),
    ),
    unique_by=lambda point: (point.metric.name, point.labels),
)


class Fixed:
    """What prometheus_client asks for families."""

    def __init__(self, held: list[Point]) -> None:
        self._held = held

    def collect(self):
        return families(self._held)


def judge(exposition: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PROMTOOL, "check", "metrics"], input=exposition, capture_output=True, check=False)


def test_promtool_has_no_complaint_about_any_metric_there_is() -> None:
    judged = judge(text(EVERY_METRIC))
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, b"", b"")


def test_promtool_would_complain_about_a_name_that_is_none() -> None:
    assert judge(text(EVERY_METRIC).replace(b"yizhan_spool_bytes", b"yizhan_spool_bytes_total")).returncode != 0


def test_only_these_labels_exist_and_none_of_them_names_a_run_a_file_a_digest_or_a_person() -> None:
    assert {label for metric in TABLE for label in metric.labels} == LABELS


def test_every_name_stands_once_and_is_this_product_s_own() -> None:
    assert len(BY_NAME) == len(TABLE) == 37
    assert [name for name in BY_NAME if not re.fullmatch(r"yizhan(_[a-z]+)+", name)] == []
    assert SOURCES == ("board", "ledger", "presence", "certificates", "disk", "spool")


@given(points)
def test_the_text_is_what_prometheus_client_itself_writes_whatever_a_label_says(held: list[Point]) -> None:
    registry = CollectorRegistry()
    registry.register(Fixed(held))
    assert text(held) == generate_latest(registry)


@given(points)
def test_whatever_a_label_says_is_read_back_as_it_was(held: list[Point]) -> None:
    read = [sample for family in text_string_to_metric_families(text(held).decode()) for sample in family.samples]
    written = {(p.metric.name, *zip(p.metric.labels, p.labels, strict=True)): p.value for p in held}
    assert {(one.name, *((n, one.labels[n]) for n in BY_NAME[one.name].labels)): one.value for one in read} == written


def test_a_metric_without_a_value_is_left_out_and_the_others_stand_in_the_order_of_the_table() -> None:
    held = [Point(SPOOL_ENTRIES, ("", "ready"), 0), Point(PERIOD_DUE, ("a.b", "a", "2026-10"), 1.0)]
    assert re.findall(rb"# TYPE (\S+) gauge", text(held)) == [PERIOD_DUE.name.encode(), SPOOL_ENTRIES.name.encode()]
    assert text([]) == b""


def test_a_point_with_too_few_labels_is_a_defect() -> None:
    with pytest.raises(ValueError, match=r"zip"):
        text([Point(PERIOD_DUE, ("a.b",), 1.0)])
