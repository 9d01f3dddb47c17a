"""The catalogue's `source:` block under which the filled-in workbook is read."""

from __future__ import annotations

import io

from ruamel.yaml import YAML

from gateway.template.layout import Plan


def declaration(plan: Plan) -> str:
    """As YAML, for a folder whose `root` the site names; on a server the same `format` stands under `sftp`."""
    block = plan.format.model_dump(mode="json", exclude_defaults=True)
    path = f"{plan.feed.id}_{{period}}.xlsx"
    out = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump({"source": {"adapter": "files", "path": path, "format": block}}, out)
    return out.getvalue()
