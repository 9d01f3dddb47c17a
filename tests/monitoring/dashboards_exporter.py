"""What Prometheus scrapes in the tests of the dashboards: a county's exposition, until it is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from monitoring.exporter.exposition import CONTENT_TYPE
from tests.peers.prometheus import Prometheus, prometheus, wait_until


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One series of an answer; Prometheus leaves empty labels out."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True, kw_only=True)
class Watching:
    """A running Prometheus and what it scrapes; `node` is the target's `instance`."""

    prometheus: Prometheus
    node: str
    exporter: ThreadingHTTPServer

    def ask(self, expression: str) -> list[Sample]:
        """The answer at the present. Raises: urllib.error.HTTPError: it is no PromQL, or it cannot be answered."""
        return [
            Sample(labels={k: v for k, v in one["metric"].items() if k != "__name__"}, value=float(one["value"][1]))
            for one in self.prometheus.query(expression)
        ]

    def take_exporter_away(self) -> None:
        """Return once Prometheus has found that nobody answers."""
        self.exporter.shutdown()
        self.exporter.server_close()
        wait_until(lambda: [one.value for one in self.ask("up")] == [0])


@contextmanager
def watching(body: bytes) -> Iterator[Watching]:
    """Prometheus with the shipped rules, once it has scraped `body` and remembers the debts."""
    with _exporter(body) as server:
        node = f"127.0.0.1:{server.server_port}"
        with prometheus(targets=[node]) as running:
            watched = Watching(prometheus=running, node=node, exporter=server)
            wait_until(lambda: watched.ask("yizhan:period_owed_timestamp_seconds"))
            yield watched


@contextmanager
def _exporter(body: bytes) -> Iterator[ThreadingHTTPServer]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
