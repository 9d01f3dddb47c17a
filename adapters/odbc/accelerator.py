"""The child process of the accelerator: one query through arrow-odbc, out as an Arrow stream. Run as a script.

arrow-odbc can end the whole process on a value it does not expect (measured), so it never runs in ours. Everything it
needs, the password among it, comes as one line of JSON on standard input: neither arguments nor environment show it.
The schema is given and is text, never inferred. Of an error only its SQLSTATE is told, on standard error.

Must import nothing of the product: it is started by its path, in an isolated interpreter.
"""

from __future__ import annotations

import json
import re
import sys

import arrow_odbc
import pyarrow as pa

SCHEMA = pa.schema([pa.field("line", pa.utf8())])
FAILED = 3
# psqlodbc has one state for whatever happens while it connects; as in `adapters.odbc.failures`.
_DENIED = re.compile(
    r"authentication|认证|pg_hba|role .* (does not exist|is not permitted)|角色|permission denied|权限"
)
_STATE = re.compile(r"\bState: ([0-9A-Z]{5})\b")


def main() -> int:
    """0: the whole result is on standard output. FAILED: it is not, and standard error says its SQLSTATE."""
    asked = json.loads(sys.stdin.readline())
    try:
        _send(asked)
    except arrow_odbc.Error as error:
        found = _STATE.search(str(error))
        denied = found is not None and found[1] == "08001" and _DENIED.search(str(error)) is not None
        print(f"state={'28000' if denied else found[1] if found else ''}", file=sys.stderr)
        return FAILED
    return 0


def _send(asked: dict[str, object]) -> None:
    connection = arrow_odbc.connect(asked["connection"], login_timeout_sec=asked["login_seconds"], autocommit=False)
    for statement in asked["session"]:
        connection.execute(statement)
    batches = connection.read_arrow_batches(
        query=asked["query"], parameters=asked["parameters"], schema=SCHEMA, batch_size=asked["rows"],
        max_text_size=asked["line_bytes"],
    )  # fmt: skip
    with pa.ipc.new_stream(sys.stdout.buffer, SCHEMA) as out:
        for batch in batches:
            out.write_batch(batch)


if __name__ == "__main__":
    sys.exit(main())
