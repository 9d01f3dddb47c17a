"""A directory that files are handed out into: one at a time, and refused in words where it cannot be held."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import OutputRefused
from gateway.spool.disk import Hold, alone_in


def test_nobody_else_holds_the_directory_meanwhile_and_anybody_can_after(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        assert Hold.try_on(tmp_path) is None
    after = Hold.try_on(tmp_path)
    assert after is not None
    after.release()


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_directory_is_refused_by_its_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused) as refused, alone_in(tmp_path / name):
        pass
    assert str(tmp_path / name) in refused.value.message("en")
