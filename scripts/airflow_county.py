"""`make airflow`: the sample county with its office interface and agents, and an Airflow that runs its feeds.

Everything lies below one directory and begins anew each time: the county's data is new, so yesterday's runs would be of
other data. Must never decide anything a site or Airflow decides.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from gateway.demo.county import DEPARTMENTS, County
from gateway.demo.rehearsal import OfficeDoor, Volume, lay_out, prepare, start_with_office
from gateway.demo.servers import Servers, free_port
from scripts.airflow_local import READER, ROOT, Airflow, Place

USERS = {"admin": "admin", "viewer": "viewer"} | {
    f"{department}.{number}": "op" for department in DEPARTMENTS for number in ("p001", "p003")
}
"""Role by user: each department's collector (p001) and reviewer (p003) operate, under their own staff number."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """What was started; `port`: the centre's."""

    county: County
    servers: Servers
    port: int
    airflow: Airflow
    compiled: Path


def compile_to(county: County, out: Path, *options: str) -> int:
    """`yizhan catalogue compile` at the centre; its exit code."""
    command = [sys.executable, "-m", "gateway", "--site", str(county.centre), "catalogue", "compile"]
    ended = subprocess.run(  # noqa: S603 - our own command
        [*command, "--out", str(out), *options], stdout=subprocess.DEVNULL, check=False, cwd=ROOT
    )
    return ended.returncode


@contextmanager
def running(
    directory: Path,
    port: int,
    volume: Volume,
    before: Callable[[County], None] = lambda _: None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Running]:
    """The county and its Airflow, until the end of the block; `before` is called when its sites lie there.

    Raises:
        DemoServerFailed, AirflowFailed.
    """
    county = prepare(directory, _tell)
    office = OfficeDoor(port=free_port(), token=secrets.token_urlsafe(32))
    compiled = county.root / "compiled.json"
    with ExitStack() as stack:
        servers = stack.enter_context(Servers(county.sources / "log"))
        centre_port = lay_out(county, servers, at=datetime.now(UTC), volume=volume, tell=_tell)
        before(county)
        start_with_office(county, servers, centre_port, office)
        compile_to(county, compiled)
        airflow = stack.enter_context(
            Airflow(
                Place(
                    home=county.root / "airflow",
                    port=port,
                    compiled=compiled,
                    office=f"http://127.0.0.1:{office.port}",
                    token_file=county.centre / "secrets" / "office",
                    users=USERS,
                    settings=settings,
                )
            )
        )
        yield Running(county=county, servers=servers, port=centre_port, airflow=airflow, compiled=compiled)


def main() -> None:
    """Until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="make airflow")
    parser.add_argument("--dir", type=Path, default=ROOT / ".airflow" / "county")
    parser.add_argument("--port", type=int, default=8080)
    asked = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with running(asked.dir, asked.port, Volume()) as found:
        print("\n".join(_welcome(found)), flush=True)
        stopped.wait()


def _welcome(found: Running) -> Iterator[str]:
    place = found.airflow.place
    passwords = json.loads(place.passwords.read_text(encoding="utf-8"))
    yield f"Airflow: {place.url}"
    yield "用户 / users (*.p001 经办 collects, *.p003 审核 reviews):"
    yield from (f"  {user:<14}{role:<8}{passwords[user]}" for user, role in place.users.items() if user != READER)
    yield f"站点 / sites: {found.county.root}    日志 / logs: {place.home / 'components'}"
    yield "上月各事项正在运行;按 Ctrl-C 结束。 / Last month's feeds are running; Ctrl-C ends it all."


def _tell(zh: str, en: str) -> None:
    print(f"{zh} / {en}", file=sys.stderr)


if __name__ == "__main__":
    main()
