"""`yizhan heartbeat` and the measured skew, between real nodes whose clocks are 75.5 seconds apart."""

from __future__ import annotations

import json
import signal
import socket
from datetime import timedelta
from pathlib import Path

from gateway.app import CentreNode, FrontEnd, open_node
from gateway.app.presence import HEARTBEAT
from gateway.ledger import EventKind
from tests.journeys.world import World, wait_until
from tests.presence.clocks import AHEAD, AT

MEASURED = 75_000  # both clocks in whole seconds
FEED = "agri.village_finance"


def centre_node(world: World) -> CentreNode:
    node = open_node(world.centre_site, {})
    assert isinstance(node, CentreNode)
    return node


def front_end_node(world: World) -> FrontEnd:
    node = open_node(world.front_end, {})
    assert isinstance(node, FrontEnd)
    return node


def test_a_delivery_leaves_the_skew_in_both_ledgers_and_counts_as_heard(world: World, centre: World) -> None:
    centre.serve()
    ended = world.yizhan("run", "--period", "2025Q1")
    assert ended.code == 0, ended.err
    (admitted,) = centre_node(centre).ledger.lines(kind=EventKind.ADMITTED)
    (receipted,) = front_end_node(world).ledger.lines(kind=EventKind.RECEIPTED)
    assert (admitted.said.skew, receipted.said.skew) == (MEASURED, MEASURED)
    heard = {one.department: one for one in centre_node(centre).presence.all()}["agri"]
    assert (heard.at, heard.skew) == (AT, timedelta(milliseconds=MEASURED))
    world.sound()


def test_a_heartbeat_tells_the_centre_how_the_front_end_fares(world: World, centre: World) -> None:
    centre.serve()
    assert world.yizhan("run", "--period", "2025Q2").code == 0
    ended = world.yizhan("heartbeat", "--json")
    assert ended.code == 0, ended.err
    assert "75" in ended.err, "a clock that is more than a minute wrong is worth a word"
    (beat,) = json.loads(ended.out)["heartbeats"]
    said = {name: beat[name] for name in ("centre", "at", "skew_ms", "code", "message")}
    assert said == {
        "centre": "changning", "at": AT.isoformat(), "skew_ms": MEASURED, "code": None, "message": None,
    }  # fmt: skip
    assert set(beat["sent"]) == {"format", "version", "spool", "disk", "certificates", "attempts", "held"}
    heard = {one.department: one for one in centre_node(centre).presence.all()}["agri"]
    assert (heard.at, heard.reported_at, heard.skew) == (AT, AT, timedelta(milliseconds=MEASURED))
    assert [(one.feed, str(one.period), one.at, one.code) for one in heard.report.attempts] == [
        (FEED, "2025Q2", AT + AHEAD, None)
    ]
    assert [one.name for one in heard.report.certificates] == [
        "anchors.root", "intermediates.issuing", "recipients.changning", "sign", "tls",
    ]  # fmt: skip
    assert heard.report.spool.ready == 0


def test_a_person_reads_who_heard_and_what_was_sent(world: World, centre: World) -> None:
    centre.serve()
    ended = world.yizhan("heartbeat")
    assert ended.code == 0, ended.err
    assert "changning" in ended.out
    assert "已收到" in ended.out
    assert f"{AT:%Y-%m-%d %H:%M:%S}" in ended.out
    assert "+75" in ended.out


def test_a_department_without_feeds_here_is_refused_and_leaves_no_row(world: World, centre: World) -> None:
    centre.serve()
    catalogue = world.centre_site / "catalogue" / "feeds" / "civil.dibao.yaml"
    kept = catalogue.read_text(encoding="utf-8")
    centre.stop()
    catalogue.unlink()
    try:
        centre.serve()
        ended = world.yizhan("heartbeat", site=world.county.front_end("civil"))
        centre.stop()
    finally:
        catalogue.write_text(kept, encoding="utf-8")
    assert ended.code == 1
    assert "YZ-6141" in ended.err
    assert "civil" not in {one.department for one in centre_node(centre).presence.all()}


def test_a_centre_that_cannot_be_reached_is_tried_again_later(world: World, centre: World) -> None:
    centre.stop()
    ended = world.yizhan("heartbeat", "--json", "--lang", "en")
    assert ended.code == 75
    assert ended.err.startswith("[YZ-6101] ")
    assert "Nothing is lost" in ended.err and "sealed batch" not in ended.err
    (beat,) = json.loads(ended.out)["heartbeats"]
    assert (beat["code"], beat["at"], beat["skew_ms"]) == ("YZ-6101", None, None)


def test_again_and_again_goes_on_past_a_centre_that_is_down_until_it_is_told_to_stop(
    world: World, centre: World
) -> None:
    centre.stop()
    log = world.centre_site / "log" / "centre.log"
    before = _heartbeats(log)
    with socket.create_server(("127.0.0.1", world.port)) as hanging_up:
        beating = world.begin("heartbeat", "--every", "5s", site=world.county.front_end("civil"))
        for _ in range(HEARTBEAT.attempts):
            hanging_up.accept()[0].close()
    try:
        centre.serve()
        wait_until(lambda: _heartbeats(log) > before or beating.ended() is not None, 30)
        assert beating.ended() is None
    finally:
        beating.send(signal.SIGTERM)
    ended = beating.wait(20)
    assert (ended.code, ended.out, ended.err[:10]) == (-signal.SIGTERM, "", "[YZ-6101] ")


def _heartbeats(log: Path) -> int:
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    return text.count("POST /v1/heartbeats 200 code=- party=department:civil")


def test_a_pause_that_is_none_and_a_command_at_the_wrong_node_are_refused(world: World) -> None:
    for wrong in ("0s", "4s", "25h", "5", "often"):
        ended = world.yizhan("heartbeat", "--every", wrong)
        assert (ended.code, "--every" in ended.err) == (2, True)
    both = world.yizhan("heartbeat", "--every", "5m", "--json")
    assert both.code == 2
    assert world.yizhan("heartbeat", site=world.centre_site).err.startswith("[YZ-1")
