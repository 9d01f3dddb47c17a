"""The house itself: the rooms' arrows, the errors' promises, and that nothing is promised which is not there."""

from __future__ import annotations

import string
import subprocess
import sys

import pytest

from gateway.errors import Refuse, Retry, Settled, YizhanError
from gateway.records.problems import Reason

ERRORS = YizhanError.all()


def test_every_arrow_between_rooms_points_down() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "0 broken" in ended.stdout


def test_error_codes_are_never_used_twice() -> None:
    codes = [error.code for error in ERRORS] + [reason.code for reason in Reason]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_says_in_both_languages_what_failed_and_what_to_do_next(error: type[YizhanError]) -> None:
    assert issubclass(error, Retry | Refuse | Settled)
    for what, then in ((error.zh, error.zh_next), (error.en, error.en_next)):
        assert what
        assert then
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error.zh)
    assert error.en.isascii()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_both_languages_state_the_same_facts(error: type[YizhanError]) -> None:
    assert _facts(error.zh + error.zh_next) == _facts(error.en + error.en_next)


def _facts(template: str) -> set[str]:
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    return {name.removesuffix("_zh").removesuffix("_en") for name in names}
