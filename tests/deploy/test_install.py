"""Each image's install steps, as they stand in docker/Dockerfile, carried out in a clean directory.

Only places are changed: /src and /opt/yizhan lie below the test's directory, and `python` is the interpreter that this
test's own environment was made with. That takes minutes: `make soak`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy import compose
from tests.deploy.dockerfile import Stage, stages, steps
from tests.peers.processes import ROOT

pytestmark = pytest.mark.soak
PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
STAGES = stages()
SECRETS = {
    "airflow_broker_url": "redis://:p%40ss@broker:6379/0",
    "airflow_result_backend": "redis://:p%40ss@broker:6379/1",
}


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build stage left."""

    root: Path

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, with nothing of this checkout or of the caller's."""
        command = [str(self.root / "opt" / "yizhan" / "bin" / words[0]), *words[1:]]
        given = {"PATH": "/usr/bin:/bin", "HOME": str(self.root), "LANG": "C.UTF-8", **environ}
        return subprocess.run(
            command, env=given, cwd=self.root, capture_output=True, text=True, timeout=120, check=False
        )

    def packages(self) -> set[str]:
        listing = "import importlib.metadata as m; print(*sorted({d.name.lower() for d in m.distributions()}))"
        ended = self.run("python", "-c", listing)
        assert ended.returncode == 0, ended.stderr
        return set(ended.stdout.split())


def build(stage: Stage, root: Path) -> Built:
    """Carry out its COPY and RUN steps, in order."""
    if not PYTHON.exists():
        pytest.fail(f"no {PYTHON}")
    source = root / "src"
    source.mkdir(parents=True)
    for one in stage.instructions:
        if one.word == "COPY":
            *sources, target = one.words
            for name in sources:
                _copy(ROOT / name, source / target / Path(name).name if target.endswith("/") else source / target, name)
        elif one.word == "RUN":
            for step in steps(one):
                _carry_out(step, root)
    return Built(root=root)


def _copy(origin: Path, target: Path, name: str) -> None:
    target = target / name if target.name == "." else target
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(origin, target if not target.is_dir() else target / origin.name)


def _carry_out(step: list[str], root: Path) -> None:
    words = [str(PYTHON) if word == "python" else word.replace("/opt/", f"{root}/opt/") for word in step]
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ended = subprocess.run(
        words, cwd=root / "src", env=environ, capture_output=True, text=True, timeout=400, check=False
    )
    assert ended.returncode == 0, (step, ended.stderr[-2000:])


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(STAGES["build"], tmp_path_factory.mktemp("image"))


def test_the_nodes_environment_holds_the_product_and_no_build_tool(node: Built) -> None:
    held = node.packages()
    assert {"yizhan", "pyarrow", "psycopg", "paramiko", "zeep", "oracledb", "pyodbc", "fsspec"} <= held
    assert not held & {"pip", "setuptools", "wheel", "hatchling", "editables", "trove-classifiers", "pytest", "ruff"}
    assert not (node.root / "opt" / "yizhan" / "bin" / "pip").exists()


def test_the_nodes_command_starts_and_every_adapter_loads(node: Built) -> None:
    assert node.run("yizhan", "--version").stdout == "0.1.0\n"
    adapters = node.run("yizhan", "adapter", "list", "--lang", "en")
    assert adapters.returncode == 0, adapters.stdout + adapters.stderr
    for name in ("files", "sftp", "soap", "odbc", "oracle", "onecard"):
        assert name in adapters.stdout


def test_its_health_check_is_there_and_says_1_where_there_is_no_site(node: Built) -> None:
    ended = node.run("yizhan", "healthcheck", YIZHAN_SITE=str(node.root))
    assert ended.returncode == 1
    assert ended.stderr.startswith("[YZ-1002]")


def test_the_demonstration_runs_from_the_images_environment(node: Built, tmp_path: Path) -> None:
    ended = node.run("yizhan", "demo", "--dir", str(tmp_path / "demo"))
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]


def test_airflows_environment_reaches_for_postgresql_and_celery_as_the_compose_file_tells_it(tmp_path: Path) -> None:
    built = build(STAGES["build-airflow"], tmp_path)
    held = built.packages()
    assert {"yizhan", "apache-airflow-core", "psycopg", "celery", "redis"} <= held
    assert not held & {"pip", "hatchling", "editables", "asyncpg", "psycopg2"}
    environ = {
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    }
    said = compose.with_celery()["services"]["airflow-worker"]["environment"]
    for name, value in SECRETS.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
        (setting,) = (key for key, command in said.items() if key.endswith("_CMD") and f"/{name})" in str(command))
        environ[setting] = said[setting].replace("$$", "$").replace("/run/secrets", str(tmp_path))
    script = (
        "from airflow.providers.celery.executors.celery_executor import app\n"
        "import sqlalchemy.dialects.postgresql.psycopg\n"
        "print(repr((app.conf.broker_url, app.conf.result_backend)))"
    )
    ended = built.run("python", "-c", script, **environ)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.splitlines()[-1] == repr(tuple(SECRETS.values()))
