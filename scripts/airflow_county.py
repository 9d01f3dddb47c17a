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
import time
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
REVIEWED = "agri.village_finance"
"""The feed whose every batch waits for a reviewer, where `have_reviewed` was called."""
_LOOK = 0.5  # seconds between two looks at what runs


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


def have_reviewed(county: County) -> None:
    """Village finance waits for its reviewer, by every copy of the catalogue; p001 answers for what is collected."""
    for site in (county.centre, *county.front_ends):
        feed = site / "catalogue" / "feeds" / f"{REVIEWED}.yaml"
        before, mode, after = feed.read_text(encoding="utf-8").partition("    mode:")
        feed.write_text(f"{before}    review: required\n{mode}{after}", encoding="utf-8")
    with (county.front_end("agri") / "site.yaml").open("a", encoding="utf-8") as file:
        file.write("collector: p001\n")


def main() -> None:
    """Until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="make airflow")
    parser.add_argument("--dir", type=Path, default=ROOT / ".airflow" / "county")
    parser.add_argument("--port", type=int, default=8080)
    asked = parser.parse_args()
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: stopped.append(number))
    with running(asked.dir, asked.port, Volume(), before=have_reviewed) as found:
        print("\n".join(_welcome(found)), flush=True)
        known: set[str] = set()
        while not stopped:
            for part, said in ended(found.servers, found.airflow).items():
                if part not in known:
                    _tell(*said)
                    known.add(part)
            time.sleep(_LOOK)
    _tell("已全部停止。", "all stopped.")


def ended(servers: Servers, airflow: Airflow) -> dict[str, tuple[str, str]]:
    """What runs no longer though nobody ended it, by name: what is said of it, and where its log is."""
    found = {}
    for name, code in servers.ended().items():
        found[name] = _ended(*_part(name), code, servers.logs / f"{name}.log")
    for name, code in airflow.ended().items():
        found[f"airflow {name}"] = _ended(f"Airflow 的 {name} ", f"Airflow's {name}", code, airflow.log(name))
    return found


def _part(name: str) -> tuple[str, str]:
    if name == "centre":
        return "中心", "the centre"
    if name.startswith("agent-"):
        department = name.removeprefix("agent-")
        return f"前置机 {department} 的代理", f"the agent of {department}"
    return f"业务系统 {name} ", f"the departmental system {name}"


def _ended(zh: str, en: str, code: int, log: Path) -> tuple[str, str]:
    return f"{zh}已停止(退出码 {code});见 {log}", f"{en} has ended (exit code {code}); see {log}"


def _welcome(found: Running) -> Iterator[str]:
    place = found.airflow.place
    passwords = json.loads(place.passwords.read_text(encoding="utf-8"))
    yield f"Airflow: {place.url}"
    yield "用户 / users (*.p001 经办 collects, *.p003 审核 reviews):"
    yield from (f"  {user:<14}{role:<8}{passwords[user]}" for user, role in place.users.items() if user != READER)
    yield f"站点 / sites: {found.county.root}"
    yield f"日志 / logs: {found.servers.logs} {place.home / 'components'}"
    yield "上一期各事项正在运行;按 Ctrl-C 结束。 / The last complete periods are running; Ctrl-C ends it all."
    yield f"{REVIEWED} 待审核:以 agri.p003 登录,打开 / waits for a review: log in as agri.p003, open"
    yield f"  {place.url}/required_actions"


def _tell(zh: str, en: str) -> None:
    print(f"{zh} / {en}", file=sys.stderr)


if __name__ == "__main__":
    main()
