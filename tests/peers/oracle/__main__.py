"""`python -m tests.peers.oracle --database FILE --user NAME --password-env NAME`: serve until told to stop.

Prints one JSON line with the port. Accounts: NAME, and LOCKED and EXPIRED with the same password.
"""

from __future__ import annotations

import argparse
import json
import os
import socketserver

from tests.peers.oracle.authentication import EXPIRED, LOCKED
from tests.peers.oracle.database import Database, opened
from tests.peers.oracle.negotiation import accept
from tests.peers.oracle.packets import Wire
from tests.peers.oracle.session import Session


class Client(socketserver.BaseRequestHandler):
    server: Listener

    def handle(self) -> None:
        wire = Wire(self.request)
        try:
            service = accept(wire)
            if service is not None:
                database = Database(self.server.connection.cursor(), service.text)
                Session(wire, service, database, self.server.accounts).run()
        except ConnectionError:
            return


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, path: str, accounts: dict[str, str]) -> None:
        self.connection, self.accounts = opened(path), accounts
        super().__init__(("127.0.0.1", 0), Client)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-env", required=True)
    given = parser.parse_args()
    password = os.environ[given.password_env]
    accounts = {name: password for name in (given.user.upper(), LOCKED, EXPIRED)}
    with Listener(given.database, accounts) as listener:
        print(json.dumps({"port": listener.server_address[1], "pid": os.getpid()}), flush=True)
        listener.serve_forever()


if __name__ == "__main__":
    main()
