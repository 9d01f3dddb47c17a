"""A roster on OpenSSH's SFTP server, through the whole of `yizhan run`: what is wrong is told, nothing is sent."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.processes import announced, python
from tests.peers.sshd import Sshd, new_key
from tests.sources.conftest import PASSWORD, ROWS, USER, Office, messages, ssh


def test_a_right_roster_lies_sealed_in_the_spool_with_its_problem_book(finance: Office) -> None:
    """What the tests below refuse is refused for what they changed: unchanged, it passes."""
    ended = finance.run("--json")
    collected = ended.json["collected"][0]
    assert (collected["code"], collected["rows"]) == (None, ROWS)
    assert ended.json["delivered"][0]["state"] == "ready"
    left = sorted(Path(file).name for file in finance.left())
    assert left == ["keys.p7m", "manifest.p7s", "payload", "r1.csv", "r1.rows"]


@pytest.mark.parametrize(
    ("old", "new"), [("|        1200|", "|        1201|"), (".00\r\n", ".01\r\n")], ids=["rows", "amount"]
)
def test_a_wrong_header_total_is_unbalanced_everywhere_and_nothing_is_sent(
    finance: Office, folder: Path, old: str, new: str
) -> None:
    roster = folder / "onecard_202510.txt"
    heading, _, body = roster.read_bytes().decode("gb18030").partition("\n")
    changed = _altered(f"{heading}\n", old, new)
    place(folder, (changed + body).encode("gb18030"))

    zh, en = messages(finance, "YZ-2008", 1)

    assert zh.startswith("对账不平:finance.onecard 2025-10:声明 ")
    rows = "yizhan problems finance.onecard --period 2025-10"
    assert zh.endswith(f"未发送任何数据;请部门核对源数据后重新采集(不合格的行见 {rows})。")
    assert en.startswith("unbalanced: finance.onecard 2025-10: declared ")
    assert en.endswith(f"the source, then collect again (rows that failed a check: {rows}).")
    finance.expect_nothing_sent("YZ-2008", "unbalanced")
    board = finance.board()
    assert board.code == 1
    assert {row["period"]: row["state"] for row in board.json["feeds"]} == {
        "2025-10": "unbalanced", "2025-11": "not_due",
    }  # fmt: skip


def test_a_roster_without_its_marker_waits(finance: Office, folder: Path) -> None:
    (folder / "onecard_202510.ok").unlink()
    zh, en = messages(finance, "YZ-2002", 75)
    assert "onecard_202510.ok:就绪标志尚未放置" in zh
    assert zh.endswith("请等待部门写完文件并放置就绪标志。")
    assert "onecard_202510.ok: its marker has not been placed" in en
    assert en.endswith("Wait until the department has finished it and placed its marker.")
    finance.expect_nothing_sent("YZ-2002", "deferred")


def test_a_roster_that_has_not_appeared_waits(finance: Office, folder: Path) -> None:
    (folder / "onecard_202510.txt").unlink()
    zh, en = messages(finance, "YZ-2002", 75)
    assert "文件尚未出现" in zh
    assert "it has not appeared" in en
    finance.expect_nothing_sent("YZ-2002", "deferred")


def test_a_roster_that_is_still_being_written_waits(finance: Office, server: Sshd, folder: Path) -> None:
    where = ssh(server, folder)
    finance.connect(**where | {"ready": {**where["ready"], "seconds": 0.5}})
    with _writing(folder / "onecard_202510.txt"):
        zh, en = messages(finance, "YZ-2002", 75)
    assert "文件仍在变化" in zh
    assert "it is still changing" in en
    finance.expect_nothing_sent("YZ-2002", "deferred")


def test_a_roster_cut_off_in_the_middle_is_unbalanced(finance: Office, folder: Path) -> None:
    """Half-written, and its marker placed too early: the totals line knows better."""
    roster = folder / "onecard_202510.txt"
    lines = roster.read_bytes().splitlines(keepends=True)
    place(folder, b"".join(lines[: len(lines) // 2]))
    zh, en = messages(finance, "YZ-2008", 1)
    assert f"声明 {ROWS} 行" in zh
    assert "Nothing was sent" in en
    finance.expect_nothing_sent("YZ-2008", "unbalanced")


def test_a_resumed_upload_that_appended_twice_is_unbalanced(finance: Office, folder: Path) -> None:
    roster = (folder / "onecard_202510.txt").read_bytes()
    place(folder, roster + b"".join(roster.splitlines(keepends=True)[2:]))
    zh, _ = messages(finance, "YZ-2008", 1)
    assert f"声明 {ROWS} 行" in zh
    assert f"实数 {2 * ROWS} 行" in zh
    finance.expect_nothing_sent("YZ-2008", "unbalanced")


def test_a_marker_older_than_its_roster_is_not_believed(finance: Office, folder: Path) -> None:
    """It came first, or it was left there last month."""
    os.utime(folder / "onecard_202510.ok", (1_700_000_000, 1_700_000_000))
    zh, en = messages(finance, "YZ-2002", 75)
    assert "onecard_202510.ok:就绪标志早于数据文件" in zh
    assert "onecard_202510.ok: its marker is older than the file" in en
    finance.expect_nothing_sent("YZ-2002", "deferred")


def test_a_roster_in_parts_is_one_batch(finance: Office, server: Sshd, folder: Path) -> None:
    whole = (folder / "onecard_202510.txt").read_bytes().splitlines(keepends=True)
    (folder / "onecard_202510.txt").unlink()
    for number, part in enumerate((whole[1:500], whole[1:2] + whole[500:]), 1):
        (folder / f"onecard_202510_{number}.txt").write_bytes(b"".join(part))
    where = ssh(server, folder)
    finance.connect(
        **where | {"path": f"{folder.name}/onecard_{{yyyymm}}_*.txt", "format": {"totals": None}}
        | {"ready": {**where["ready"], "path": "onecard_{yyyymm}.ok"}}
    )  # fmt: skip
    (folder / "onecard_202510.ok").touch()
    assert finance.run("--json").json["collected"][0]["rows"] == ROWS


@pytest.mark.parametrize("command", ["run", "probe", "adapter check"])
def test_a_source_read_the_legacy_way_is_warned_of_by_every_command(
    finance: Office, server: Sshd, folder: Path, command: str
) -> None:
    finance.connect(**ssh(server, folder) | {"legacy": True})
    ended = finance.yizhan.run(*command.split(), "finance.onecard", "--site", finance.site)
    if command == "probe":
        assert "security: legacy" in ended.out
    assert ended.code == (2 if command == "run" else 0), ended.err  # the batch is sealed; there is no centre here
    assert "警告:127.0.0.1 使用过时的SSH算法(legacy: true)" in ended.err
    assert "Warning" not in ended.err


def test_an_empty_roster_asks_for_a_nil_return(finance: Office, folder: Path) -> None:
    roster = folder / "onecard_202510.txt"
    titles = roster.read_bytes().splitlines()[1]
    place(folder, "汇总|0|0.00\r\n".encode("gb18030") + titles + b"\r\n")
    zh, en = messages(finance, "YZ-2009", 1)
    assert zh.startswith("数据源没有数据:finance.onecard 2025-10。 若确无数据,应由责任人作零报送")
    assert "yizhan nil finance.onecard --period 2025-10 --by" in zh
    assert "If there truly is nothing, a person must sign a nil return (yizhan nil finance.onecard" in en
    finance.expect_nothing_sent("YZ-2009", "refused")


def test_an_unknown_host_key_is_refused_and_its_fingerprint_named(
    finance: Office, server: Sshd, folder: Path, tmp_path: Path
) -> None:
    other = " ".join(new_key(tmp_path / "other").with_suffix(".pub").read_text().split()[:2])
    finance.connect(**ssh(server, folder) | {"host_key": other})
    zh, en = messages(finance, "YZ-2004", 1)
    assert zh.startswith("拒绝连接:127.0.0.1 的主机密钥与登记的不符(finance.onecard)。")
    assert f"对方出示 {server.fingerprint};请向对方管理员当面核对后再更新 host_key。" in zh
    assert f"It presented {server.fingerprint}; confirm with its administrator, then update host_key." in en
    finance.expect_nothing_sent("YZ-2004", "refused")


def test_a_server_that_is_down_is_tried_again_later(finance: Office, server: Sshd, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    finance.connect(**ssh(server, folder) | {"port": port})
    zh, en = messages(finance, "YZ-2001", 75)
    assert zh == "连接数据源失败:finance.onecard:无法连接或连接中断。 系统会稍后重试;请检查对方系统和网络。"
    assert en.startswith("cannot reach the source of finance.onecard: ")
    assert en.endswith("It will be tried again; check that system and the network.")
    finance.expect_nothing_sent("YZ-2001", "deferred")


def test_a_key_that_openssh_does_not_know_is_refused(
    finance: Office, server: Sshd, folder: Path, tmp_path: Path
) -> None:
    stranger = new_key(tmp_path / "stranger")
    stranger.chmod(0o600)
    finance.connect(**ssh(server, folder) | {"private_key": f"file:{stranger}"})
    _expect_denied(finance)


def test_a_wrong_password_is_refused_and_not_repeated(
    office: Callable[[str], Office], folder: Path, tmp_path: Path
) -> None:
    serving = python(
        "gateway.demo.sources.sftp", "--root", folder, "--host-key", tmp_path / "host", "--user", USER,
        "--password-env", "CANARY_PASSWORD",
    )  # fmt: skip
    with announced(serving, {"CANARY_PASSWORD": PASSWORD}) as said:
        here = {"host": "127.0.0.1", "port": said["port"], "host_key": said["host_key"], "user": USER}
        files = {"path": "onecard_{yyyymm}.txt", "ready": {"by": "marker", "path": "onecard_{yyyymm}.ok"}}
        finance = office("finance.onecard")
        finance.connect(**here, **files, password="wrong-9d4c-口令")
        _expect_denied(finance)
        assert not [said for said in finance.yizhan.said if "9d4c" in said]
        finance.connect(**here, **files, password=PASSWORD)
        assert finance.run("--json").json["collected"][0]["code"] is None


def test_a_secret_that_is_not_there_is_named_by_its_reference(finance: Office, server: Sshd, folder: Path) -> None:
    finance.connect(**ssh(server, folder) | {"private_key": "env:NO_SUCH_KEY"})
    zh, en = messages(finance, "YZ-1004", 2)
    assert "env:NO_SUCH_KEY" in zh
    assert "env:NO_SUCH_KEY" in en
    finance.expect_nothing_sent("YZ-1004", "refused")


def test_a_failure_heals_when_its_cause_is_gone(finance: Office, folder: Path) -> None:
    marker = folder / "onecard_202510.ok"
    marker.unlink()
    assert finance.run().code == 75
    marker.touch()
    assert finance.run("--json").json["collected"][0]["batch"] == "finance.onecard/2025-10/r1"
    assert [line["event"] for line in finance.lines()][:2] == ["deferred", "landed"]


def _expect_denied(finance: Office) -> None:
    zh, en = messages(finance, "YZ-2003", 1)
    assert zh == "登录或读取数据源被拒绝:finance.onecard。 请核对账号、口令引用和读取权限,更新后重试。"
    assert en.endswith("Check the account, the secret's reference and its rights.")
    finance.expect_nothing_sent("YZ-2003", "refused")


def place(folder: Path, roster: bytes) -> None:
    """Another roster, and its marker after it, as the department does."""
    (folder / "onecard_202510.txt").write_bytes(roster)
    (folder / "onecard_202510.ok").touch()


def _altered(heading: str, old: str, new: str) -> str:
    changed = heading.replace(old, new)
    assert changed != heading, heading
    return changed


class _writing:
    """The department's export, adding a line every few hundredths of a second until the `with` is left."""

    def __init__(self, roster: Path) -> None:
        self._roster, self._over = roster, threading.Event()
        self._writer = threading.Thread(target=self._write)

    def __enter__(self) -> None:
        self._writer.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._writer.join()

    def _write(self) -> None:
        with self._roster.open("ab", buffering=0) as file:
            while not self._over.wait(0.03):
                file.write(b"|||\r\n")
