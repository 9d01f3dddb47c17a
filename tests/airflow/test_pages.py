"""The pages of yizhan_pages/ in Airflow's own interpreter, before an office interface that answers what a test says."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from gateway.demo.servers import free_port
from gateway.errors import BatchUnknownHere, InstructionsTooMany, OfficeDenied, OfficeUnreachable
from tests.airflow.asking import ask

DIGEST, TOKEN = "5f" * 32, "t" * 40
NASTY = "<script>alert('1')</script>"
LINE = {
    "seq": 41,
    "at": "2026-12-01T00:30:00.000000+00:00",
    "node": "changning",
    "event": "loaded",
    "batch": "finance.onecard/2026-11/r2",
    "feed": "finance.onecard",
    "period": "2026-11",
    "revision": 2,
    "digest": DIGEST,
    "code": None,
    "by": "p001",
    "detail": json.dumps({"rows": 600, "problem": 0, "fen": 36120000, "reason": NASTY, "newer": "unseen"}),
    "previous": "0" * 64,
    "hash": "1" * 64,
}
STORY = {
    "lines": [LINE | {"seq": 40, "event": "refused", "code": "YZ-5002", "detail": "{}"}, LINE],
    "events": {"loaded": {"zh": "已入库", "en": "loaded"}},
    "codes": {
        "YZ-5002": {"message": {"zh": "出了错。", "en": "it failed."}, "next": {"zh": "请改正。", "en": "Correct it."}}
    },
}
ROW = {
    "feed": "finance.onecard", "title": "一卡通发放", "period": "2026-11", "due": "2026-12-10T17:00:00+08:00",
    "state": "on_time", "words": {"zh": "按时", "en": "on time"}, "receipted_at": "2026-12-01T08:30:00+08:00",
    "revision": 2, "amount": "361200.00", "batch": "finance.onecard/2026-11/r2", "digest": DIGEST, "sent": 603,
    "loaded": 600, "problem": 2, "duplicate": 1, "held": False,
}  # fmt: skip
LEDGER, PERIOD = f"/ledger/{DIGEST}", "/periods/finance.onecard/2026-11"
UNKNOWN = {
    "code": "YZ-8157",
    "title": "台账中没有。",
    "detail": "unknown.",
    "advice_zh": "核对。",
    "advice_en": "Compare.",
}
OFFICE: dict[str, tuple[int, object]] = {
    f"batches/{DIGEST}": (200, STORY),
    "periods/finance.onecard/2026-11": (200, ROW),
    "periods/finance.onecard/2026-12": (200, ROW | {"digest": None, "sent": None, "held": True, "revision": None}),
    f"batches/{'0' * 64}": (404, UNKNOWN),
    f"batches/{'1' * 64}": (401, {"code": "YZ-5057", "title": "t"}),
    f"batches/{'2' * 64}": (200, b"<html>a proxy's page"),
    f"batches/{'3' * 64}": (200, {"lines": "none"}),
    f"batches/{'4' * 64}": (503, {"code": "YZ-8155", "title": "忙。"}),
}
"""What the office interface of these tests answers, by path."""
TO_BE_SEEN = ("zh", "en", "wished", "period", "held")


class Answering(BaseHTTPRequestHandler):
    """The office interface."""

    heard: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.heard.append((self.path, self.headers["Authorization"]))
        status, body = OFFICE[self.path.removeprefix("/office/v1/")]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """By name: asked for in one process, since Airflow's own interpreter takes ten seconds to begin."""
    root = tmp_path_factory.mktemp("pages")
    token = root / "token"
    token.write_text(f"{TOKEN}\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_address[1]}"

        def asked(path: str, role: str = "viewer", office: str = there, **headers: str) -> dict[str, object]:
            return {"path": path, "role": role, "office": office, "token": str(token), "headers": headers}

        wanted = {
            "none-page": asked(f"{LEDGER}?lang=en", role="", accept="text/html,*/*"),
            "none-program": asked(LEDGER, role=""),
            "none-period": asked(PERIOD, role=""),
            "odd": asked("/ledger/%3Cb%3E"),
            "climbing": asked("/periods/%2e%2e/2026-11"),
            "zh": asked(LEDGER),
            "en": asked(f"{LEDGER}?lang=en"),
            "wished": asked(LEDGER, **{"accept-language": "fr, en-GB;q=0.9, zh;q=0.8"}),
            "period": asked(PERIOD),
            "held": asked("/periods/finance.onecard/2026-12?lang=en"),
            "stranger-ledger": asked(LEDGER, role="-"),
            "stranger-period": asked(PERIOD, role="-"),
            "unknown": asked(f"/ledger/{'0' * 64}"),
            "unknown-en": asked(f"/ledger/{'0' * 64}?lang=en"),
            "down": asked(LEDGER, office=f"http://127.0.0.1:{free_port()}"),
            "denied": asked(f"/ledger/{'1' * 64}"),
            "proxy": asked(f"/ledger/{'2' * 64}"),
            "unread": asked(f"/ledger/{'3' * 64}"),
            "busy": asked(f"/ledger/{'4' * 64}"),
        }
        yield dict(zip(wanted, ask("pages", root / "home", root / "compiled.json", list(wanted.values())), strict=True))
        server.shutdown()


def test_a_batchs_lines_are_told_with_who_why_and_what_to_do(pages: Mapping[str, Any]) -> None:
    zh, en = pages["zh"], pages["en"]
    assert zh["status"] == en["status"] == 200
    assert '问题行(中心查出) <span class="number">0<' in zh["text"]
    assert 'set aside at the centre <span class="number">0<' in en["text"]
    for said in ("2026-12-01 08:30:00", "已入库", "p001", "361200.00", "YZ-5002", "出了错。 请改正。", DIGEST):
        assert said in zh["text"], said
    for said in ("Beijing time", "loaded", "361200.00", "it failed. Correct it."):
        assert said in en["text"], said
    assert "已入库" not in en["text"]
    assert pages["wished"]["text"] == en["text"]
    assert 'href="../periods/finance.onecard/2026-11?lang=zh"' in zh["text"]


def test_what_the_ledger_holds_is_escaped_and_what_is_not_known_is_not_shown(pages: Mapping[str, Any]) -> None:
    assert NASTY not in pages["zh"]["text"]
    assert "&lt;script&gt;" in pages["zh"]["text"]
    assert "unseen" not in pages["zh"]["text"]


@pytest.mark.parametrize("name", TO_BE_SEEN)
def test_a_page_takes_nothing_from_outside_and_runs_nothing(pages: Mapping[str, Any], name: str) -> None:
    text, headers = pages[name]["text"], pages[name]["headers"]
    assert [word for word in ("http://", "https://", "<script", " src=", " style=", TOKEN) if word in text] == []
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert headers["content-security-policy"] == (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-{digest}'"
    )
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_period_is_told_as_the_board_has_it(pages: Mapping[str, Any]) -> None:
    text = pages["period"]["text"]
    assert "报送 603 = 入库 600 + 问题(前置机与中心合计) 2 + 重复(含未变) 1" in text
    for said in ("按时", "<td>2026-12-10 17:00</td>", "361200.00", f'href="../../ledger/{DIGEST}?lang=zh"'):
        assert said in text, said
    assert "waits at the front-end for a reviewer" in pages["held"]["text"]
    assert "sent " not in pages["held"]["text"]


def test_what_is_not_there_is_not_found(pages: Mapping[str, Any]) -> None:
    names = ("unknown", "unknown-en", "odd", "climbing")
    assert [pages[name]["status"] for name in names] == [404] * 4
    assert "台账中没有。 核对。" in pages["unknown"]["text"]
    assert "unknown. Compare." in pages["unknown-en"]["text"]
    assert BatchUnknownHere.code in pages["odd"]["text"]
    assert "<b>" not in pages["odd"]["text"]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("down", 503, OfficeUnreachable.code),
        ("proxy", 503, OfficeUnreachable.code),
        ("unread", 503, OfficeUnreachable.code),
        ("busy", 503, InstructionsTooMany.code),
        ("denied", 502, OfficeDenied.code),
    ],
)
def test_an_office_interface_that_does_not_tell_is_told_of_with_its_code(
    pages: Mapping[str, Any], name: str, status: int, code: str
) -> None:
    assert (pages[name]["status"], code in pages[name]["text"]) == (status, True)


def test_a_user_who_may_not_see_the_feed_is_told_nothing_of_it(pages: Mapping[str, Any]) -> None:
    for name in ("stranger-ledger", "stranger-period"):
        assert (pages[name]["status"], pages[name]["text"]) == (403, '{"detail":"Forbidden"}')


def test_nobody_is_told_anything_before_the_log_in(pages: Mapping[str, Any]) -> None:
    login = f"/api/v2/auth/login?next=%2Fledger%2F{DIGEST}%3Flang%3Den"
    assert (pages["none-page"]["status"], pages["none-page"]["headers"]["location"]) == (303, login)
    for name in ("none-program", "none-period"):
        assert (pages[name]["status"], pages[name]["text"]) == (401, '{"detail":"Not authenticated"}')


def test_the_office_interface_is_asked_with_the_token_and_only_for_who_may_see(pages: Mapping[str, Any]) -> None:
    assert len(pages) == 19
    assert {token for _, token in Answering.heard} == {f"Bearer {TOKEN}"}
    assert Answering.heard[0][0] == f"/office/v1/batches/{DIGEST}"  # of "zh": what came before it was not let in
    assert [path for path, _ in Answering.heard].count("/office/v1/periods/finance.onecard/2026-11") == 1
