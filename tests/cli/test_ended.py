"""What is said of the sample county's processes that end by themselves, and of one where nothing was published."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from gateway.demo.servers import Servers
from scripts.airflow_county import ended
from scripts.airflow_local import Airflow, Place
from tests.cli.conftest import County
from tests.peers.command import Yizhan


def test_one_that_was_killed_is_told_with_its_exit_code_and_its_log(tmp_path: Path) -> None:
    place = Place(
        home=tmp_path, port=1, compiled=tmp_path, office="http://127.0.0.1:1", token_file=tmp_path, users={},
        execution_port=2,
    )  # fmt: skip
    airflow = Airflow(place)  # of which nothing was started
    with Servers(tmp_path / "log") as servers:
        servers.source("soap", "--rows", "1", "--user", "yizhan", password="a-demonstration")
        servers.agent("agri", tmp_path / "nowhere")
        until = time.monotonic() + 20
        while "agent-agri" not in servers.ended() and time.monotonic() < until:
            time.sleep(0.05)
        assert servers.ended() == {"agent-agri": 2}, "its site is not there"
        os.kill(servers.pids["soap"], signal.SIGKILL)
        while len(servers.ended()) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        log = tmp_path / "log"
        assert ended(servers, airflow) == {
            "agent-agri": (
                f"前置机 agri 的代理已停止(退出码 2);见 {log}/agent-agri.log",
                f"the agent of agri has ended (exit code 2); see {log}/agent-agri.log",
            ),
            "soap": (
                f"业务系统 soap 已停止(退出码 -9);见 {log}/soap.log",
                f"the departmental system soap has ended (exit code -9); see {log}/soap.log",
            ),
        }


def test_before_the_first_publication_one_line_says_so(county: County, yizhan: Yizhan) -> None:
    site = county.site("centre")
    ended = yizhan.run("catalogue", "published", "--site", site)
    assert (ended.code, ended.out) == (0, "尚未发布。\n")
    assert yizhan.run("catalogue", "published", "--site", site, "--lang", "en").out == "nothing was published yet.\n"
