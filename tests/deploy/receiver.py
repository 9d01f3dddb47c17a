"""A centre behind a proxy: the real server and its door over the wire tests' reception, which only keeps files.

`python -m tests.deploy.receiver DIR` serves from `DIR/keys`, logs to `DIR/log` and believes the certificates in
`DIR/proxies`. Its clock stands at the moment in `DIR/moment`, where there is such a file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.attestation import Attestation, issue
from gateway.keys import KeyRing, Stage
from gateway.keys.tls import server_context
from gateway.server import Limits, make_app, serve
from tests.wire.centre import FileReception


def main(directory: Path) -> None:
    """Serve until SIGTERM; says its port on stdout when it accepts connections."""
    logging.basicConfig(filename=directory / "log", level=logging.INFO, format="%(name)s %(message)s")
    ring = KeyRing(directory=directory / "keys", stage=Stage.REHEARSAL)

    def clock() -> datetime:
        moment = directory / "moment"
        return datetime.fromisoformat(moment.read_text()) if moment.exists() else datetime.now(UTC)

    def proxies() -> frozenset[str]:
        return frozenset(ring.named(path).fingerprint for path in (directory / "proxies").glob("*.crt"))

    def attest(challenge: str) -> bytes:
        said = Attestation(centre="changning", challenge=challenge, version="0", ledger=7, at=clock())
        return issue(said, ring.signer())

    app = make_app(
        reception=FileReception(directory / "inbox"),
        trust=ring.trust,
        clock=clock,
        limits=Limits(shutdown=0.5),
        proxies=proxies,
        attest=attest,
    )

    def ready(port: int) -> None:
        print(json.dumps({"port": port}), flush=True)

    asyncio.run(serve(app, host="127.0.0.1", port=0, tls=server_context(ring), ready=ready))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
