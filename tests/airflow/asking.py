"""Asks Airflow's own interpreter, outside any running Airflow: a program of `probes/`, JSON in, JSON out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from scripts.airflow_local import PYTHON, ROOT
from tests.peers.command import Yizhan

PROBES = Path(__file__).parent / "probes"


def ask(probe: str, home: Path, compiled: Path, question: object) -> Any:
    """What the probe answers."""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "dags" / "plugins"),
        "YIZHAN_COMPILED": str(compiled),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    ended = subprocess.run(
        [PYTHON, PROBES / f"{probe}.py"],
        input=json.dumps(question), env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-4000:]
    return json.loads(ended.stdout.splitlines()[-1])


def compile_sample(root: Path) -> Path:
    """The sample catalogue, compiled on 22 November 2026."""
    site, scratch = root / "site", root / "scratch"
    scratch.mkdir()
    site.mkdir()
    (site / "site.yaml").write_text(
        "site: c\nrole: centre\nrehearsal: true\ncentre: changning\nlisten: {host: 127.0.0.1, port: 0}\n"
        f"catalogue: {ROOT / 'sample' / 'catalogue'}\n"
    )
    out = root / "compiled.json"
    ended = Yizhan(scratch=scratch).run(
        "catalogue", "compile", "--out", out, "--site", site, YIZHAN_NOW="2026-11-22T10:00:00+08:00"
    )
    assert ended.code == 0, ended.err
    return out
