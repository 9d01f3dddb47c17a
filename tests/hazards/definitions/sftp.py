"""Hazards of SFTP servers. Every file's name stands on the server in GBK, as old servers keep them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import delimited

FIELDS = (
    {"name": "a", "title": "甲", "type": "text", "source": "甲"},
    {"name": "b", "title": "乙", "type": "money", "source": "乙"},
)
TEXT = "汇总|1|2.00\n甲|乙\n1|2\n".encode("gb18030")
ROWS = (("1", "2.00"),)
TOTALS = delimited(totals={"line": "first", "mark": "汇总", "rows": 2, "sums": {"b": 3}})["format"]
ANOTHER_KEY = "SHA256:" + "A" * 43

# The name, what it shows, the files, the source besides, the outcome
CASES: tuple[tuple[str, str, dict[str, bytes], dict[str, Any], dict[str, Any]], ...] = (
    ("plain", "a file as it should be", {"a.txt": TEXT}, {}, {"rows": ROWS}),
    ("gbk_name", "a file's name in GBK, of which a listing of today's client is lost", {"清册.txt": TEXT}, {"path": "清册.txt"}, {"refused": "YZ-2005"}),
    ("gbk_name_of_another", "another file's name in GBK spoils the listing for a pattern", {"a.txt": TEXT, "清册.doc": b"x"}, {"path": "*.txt"}, {"refused": "YZ-2005"}),
    ("gbk_name_declared", "the same where the feed declares an old server", {"清册.txt": TEXT}, {"path": "清册.txt", "legacy": True}, {"rows": ROWS}),
    ("host_key_changed", "the server shows another key than the pinned one", {"a.txt": TEXT}, {"host_key": ANOTHER_KEY}, {"refused": "YZ-2004"}),
    ("host_key_changed_legacy", "the key is pinned on old servers all the same", {"a.txt": TEXT}, {"host_key": ANOTHER_KEY, "legacy": True}, {"refused": "YZ-2004"}),
    ("stranger", "an account the server does not know", {"a.txt": TEXT}, {"user": "stranger"}, {"refused": "YZ-2003"}),
    ("no_file", "the file is not there yet", {}, {}, {"refused": "YZ-2002"}),
    ("half_written", "the file ends before its own totals", {"a.txt": TEXT.replace("汇总|1|2.00".encode("gb18030"), "汇总|2|4.00".encode("gb18030"))}, {}, {"refused": "YZ-2008"}),
    ("cut_within_a_line", "the file ends within a record", {"a.txt": TEXT[:-3]}, {}, {"refused": "YZ-2008"}),
    ("still_uploaded", "an upload under another name is on its way", {"a.txt": TEXT, "a.txt.part": b"x"}, {"ready": {"by": "rename", "partial": ".part"}}, {"refused": "YZ-2002"}),
    ("marker_missing", "the marker has not been placed", {"a.txt": TEXT}, {"ready": {"by": "marker", "path": "a.ok"}}, {"refused": "YZ-2002"}),
    ("other_case", "A.TXT where a.txt is declared is not taken for it", {"A.TXT": TEXT}, {}, {"refused": "YZ-2002"}),
)  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, files, besides, outcome in CASES:
        source = delimited() | {"adapter": "sftp", "format": TOTALS} | besides
        source["path"] = f"sftp_{name}/{source['path']}"
        if "path" in source["ready"]:
            source["ready"] = source["ready"] | {"path": f"sftp_{name}/{source['ready']['path']}"}
        given = {f"sftp_{name}/{file}": content for file, content in files.items()}
        yield Hazard(
            name=f"sftp_{name}", group="transport", shows=shows, found="adapters-facts 3, domain 6.14", peer="sftp",
            fields=FIELDS, source=source, given=given, **outcome,
        )  # fmt: skip
