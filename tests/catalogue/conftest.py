"""A small catalogue that a test can spoil, and the sample with the real adapters' models."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from adapters.odbc.config import OdbcConfig
from adapters.sftp.config import SftpConfig
from adapters.soap.config import SoapConfig
from gateway.catalogue import Located, read
from gateway.errors import ConfigFaults, YizhanError

ROOT = Path(__file__).parents[2]

SMALL = """\
region: "430482"
centres:
  - {id: changning, title: 常宁市, level: county, region: "430482"}
departments:
  - {id: finance, title: 财政局, region: "430482"}
  - {id: civil, title: 民政局, region: "430482", contact: 社会救助股}
due_rules:
  - {id: monthly, title: 月报, cadence: monthly, months_after: 1, day: last, judged_by: accepted, article: 第十八条}
  - {id: quarterly, title: 季报, cadence: quarterly, months_after: 1, day: last, judged_by: accepted, article: 第十八条}
feeds:
  - id: finance.onecard
    title: 发放清册
    department: finance
    due: monthly
    starts: 2026-10
    mode: snapshot
    routes: [changning]
    key: [serial_no]
    amount: amount
    fields:
      - {name: serial_no, title: 序号, type: integer, required: true, source: 序号}
      - {name: amount, title: 金额, type: money, unit: yuan, required: true, source: 金额}
      - {name: state, title: 状态, type: code, values: {"0": 待发, "1": 成功}, source: 状态}
    limits: {rows: 1000}
    source:
      adapter: sftp
      path: /out/{yyyymm}.txt
      format: {kind: delimited, totals: {line: first, rows: 1, sums: {amount: 2}}}
"""


SITE = """\
sources:
  finance.onecard:
    host: 10.1.2.3
    port: 2222
    user: yizhan
    host_key: "SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    private_key: file:keys/sftp
    format: {totals: {rows: 3}}
"""


def overrides(directory: Path, text: str) -> dict[str | int, Located]:
    """What a site file of this text lays over the feeds' sources."""
    (directory / "site.yaml").write_text(text, encoding="utf-8")
    return dict(read(directory / "site.yaml").child("sources").items())


@pytest.fixture(scope="session")
def adapters() -> dict[str, type[BaseModel]]:
    return {"sftp": SftpConfig, "soap": SoapConfig, "odbc": OdbcConfig}


@pytest.fixture(scope="session")
def sample() -> Path:
    return ROOT / "sample" / "catalogue"


@pytest.fixture
def spoilt(tmp_path: Path) -> Callable[[str, str], Path]:
    """The small catalogue with one piece of its text replaced; the piece must be there exactly once."""

    def spoil(piece: str, by: str) -> Path:
        assert SMALL.count(piece) == 1, f"{piece!r} stands {SMALL.count(piece)} times in the small catalogue"
        path = tmp_path / "catalogue.yaml"
        path.write_text(SMALL.replace(piece, by), encoding="utf-8")
        return path

    return spoil


def line_of(piece: str) -> int:
    """The line of the small catalogue on which a piece of it begins."""
    return SMALL.count("\n", 0, SMALL.index(piece)) + 1


@pytest.fixture
def faults_of() -> Callable[[YizhanError], tuple[YizhanError, ...]]:
    """The faults an error carries: itself, when it is alone."""
    return lambda error: error.faults if isinstance(error, ConfigFaults) else (error,)
