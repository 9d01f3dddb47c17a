"""All dashboards as the text of their files.

Owns the file names and the written form: sorted keys, two spaces, Chinese unescaped, so that a change reads as a diff.
"""

from __future__ import annotations

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.dashboards import freshness, front_ends, reconciliation, upkeep

HOME = Path(__file__).resolve().parents[1] / "grafana"


def documents() -> dict[str, str]:
    """File name -> its text, one dashboard each; the uid is the stem."""
    built = [one.build().build() for one in (freshness, reconciliation, front_ends, upkeep)]
    encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
    return {f"{dashboard.uid}.json": encoder.encode(dashboard) + "\n" for dashboard in built}
