"""A SOAP service in Python that gives its rows out by a lasting cursor: the number of the last row in each answer.

Serves the rows of a JSON file, read anew when it changes; a row's member may be a list, written as repeated elements.
Behind HTTP Basic. Prints one JSON line with its port when it is ready; ends on SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.peers.processes import ROOT
from tests.peers.soap.scripted import any_parameter, envelope, parameter


class _Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, file: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._file, self._at, self._rows = file, -1, list[dict[str, Any]]()
        account = f"{os.environ['PEER_USER']}:{os.environ['PEER_PASSWORD']}"
        self.account = "Basic " + b64encode(account.encode()).decode()

    def answer(self, after: int, size: int) -> str:
        at = self._file.stat().st_mtime_ns
        if self._at != at:
            self._rows, self._at = json.loads(self._file.read_text(encoding="utf-8")), at
        given = self._rows[after : after + size]
        items = "".join(f"<item>{''.join(_element(*field) for field in row.items())}</item>" for row in given)
        last = f"<next>{after + len(given)}</next>"
        return envelope(f"<queryDibaoResponse>{last}<list>{items}</list></queryDibaoResponse>")


def _element(name: str, value: str | list[str]) -> str:
    return "".join(f"<{name}>{escape(one)}</{name}>" for one in ([value] if isinstance(value, str) else value))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Service

    def do_GET(self) -> None:
        text = (ROOT / "gateway/demo/sources/dibao.wsdl").read_text(encoding="utf-8")
        self._send(200, any_parameter(text.replace("{address}", f"http://127.0.0.1:{self.server.server_port}/x")))

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != self.server.account:
            self._send(401, "")
            return
        self._send(
            200, self.server.answer(int(parameter(asked, "lastId") or "0"), int(parameter(asked, "pageSize") or "1"))
        )

    def _send(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def main() -> None:
    with _Service(Path(sys.argv[1])) as service:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        threading.Thread(target=service.serve_forever, daemon=True).start()
        port = service.server_port
        print(json.dumps({"port": port, "wsdl": f"http://127.0.0.1:{port}/x?wsdl"}), flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
