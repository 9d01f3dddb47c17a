"""The generated tables of docs/ are those of the live program: an undocumented command, error or reason fails here."""

from __future__ import annotations

import subprocess
import sys

from gateway.errors import YizhanError
from gateway.records.problems import Reason
from tests.cli.test_usage import commands
from tests.peers.processes import ROOT


def test_the_generated_tables_are_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "tables.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, ""), f"run make docs: {checked.stdout}{checked.stderr}"


def test_every_command_error_and_reason_is_documented() -> None:
    documented = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("*.md")}
    groups = {path[:-1] for path in commands()}
    alone = [" ".join(path) for path in commands() if path not in groups]
    errors = [error.code for error in YizhanError.all() if error.__module__ == YizhanError.__module__]
    missing = [name for name in alone if f"## yizhan {name}\n" not in documented["commands"]]
    missing += [code for code in errors if f"| {code} |" not in documented["errors"]]
    missing += [reason.code for reason in Reason if f"| {reason.code} |" not in documented["problems"]]
    assert len(alone) > 15
    assert missing == []


def test_every_key_of_every_source_is_documented() -> None:
    assert "(undocumented)" not in (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
