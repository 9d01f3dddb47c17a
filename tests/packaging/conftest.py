"""The wheel, built once as an installer would, and a machine that has it and core's packages and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
_PINNED = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A Python whose only third-party packages are those of `path`: no site-packages, nothing of this checkout."""

    path: Path
    home: Path

    def yizhan(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return self.python("-m", "gateway", *arguments)

    def python(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run this interpreter without its own site-packages."""
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.path), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-S", *map(str, arguments)],
            cwd=self.home, env=environ, capture_output=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    directory = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-c", _BUILD, str(directory)], cwd=ROOT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.fixture(scope="session")
def core(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """What `pip install yizhan` leaves: the wheel, and links to the installed packages of `requirements/core.txt`."""
    path = tmp_path_factory.mktemp("core")
    wheel.extractall(path)
    for name in _PINNED.findall((ROOT / "requirements" / "core.txt").read_text(encoding="utf-8")):
        installed = distribution(name)
        for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
            (path / top).symlink_to(Path(str(installed.locate_file(top))).resolve())
    return Machine(path=path, home=tmp_path_factory.mktemp("home"))
