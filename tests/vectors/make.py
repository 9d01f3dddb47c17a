"""Make the envelope's test vectors again: `python -m tests.vectors.make [DIR]` (default: this directory).

`index.json` lists them: good ones, and for each step of ENVELOPE.md at least one that fails exactly there with the code
it names. A vector is a set of files; a bad one keeps only the file that is wrong and takes the others from a good one.
The same tree comes out every time, and a test compares it with what is here.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.envelope import sealing
from tests.vectors.batches import bad_files, bad_keys, bad_openings, bad_payloads
from tests.vectors.catalogues import catalogues
from tests.vectors.instructions import instructions
from tests.vectors.manifests import bad_manifest_contents, bad_manifest_signatures
from tests.vectors.material import (
    CHANGNING,
    CORRECTED,
    CORRECTION,
    HENGYANG,
    HENGYANG_KEY,
    HERE,
    RECEIPT,
    RECONCILED,
    SINGLE,
    TWO,
    Seeded,
    Vector,
    all_of,
)
from tests.vectors.orders import bad_orders
from tests.vectors.papers import bad_endorsements, good_papers
from tests.vectors.receipts import bad_receipts

AT = "2026-11-22T08:00:00+08:00"
NAMES = {
    "manifest": "manifest.p7s",
    "keys": "keys.p7m",
    "payload": "payload",
    "nil": "nil.p7s",
    "release": "release.p7s",
    "order": "order.p7s",
    "receipt": "receipt.p7s",
    "instruction": "instruction.p7s",
    "catalogue": "catalogue.p7s",
    "other": "other",
}


def good_ones() -> Iterator[Vector]:
    rerouted = sealing.seal_keys(TWO.manifest, TWO.content_key, (HENGYANG,), CHANGNING, Seeded("rerouted"))
    yield Vector(
        name="single",
        shows="one recipient, with its receipt",
        code=None,
        open_as="changning",
        files=all_of(SINGLE, receipt=RECEIPT),
    )
    yield Vector(name="two_recipients", shows="two recipients", code=None, files=all_of(TWO), open_as="hengyang")
    yield Vector(
        name="correction",
        shows="revision 2; its receipt says what it added, changed and removed",
        code=None,
        files=all_of(CORRECTION, receipt=CORRECTED),
        open_as="changning",
    )
    yield Vector(
        name="reconciled",
        shows="roster, fiscal batches and the bank's returns agree",
        code=None,
        open_as="changning",
        files=all_of(RECONCILED),
    )
    yield Vector(
        name="rerouted",
        shows="a recipient sealed the keys again for the other",
        code=None,
        open_as="hengyang",
        files={"manifest": "two_recipients", "keys": rerouted, "payload": "two_recipients"},
    )
    yield Vector(name="manifest_alone", shows="a manifest by itself", code=None, files={"manifest": "single"})
    yield Vector(
        name="receipt_with_manifest",
        shows="without payload and keys",
        code=None,
        files={"manifest": "single", "receipt": "single"},
    )


def write(vector: Vector, directory: Path) -> dict[str, object]:
    """Write the files that are the vector's own; answers with its line in the index."""
    places = {}
    for part, content in vector.files.items():
        if isinstance(content, str):
            places[part] = f"{content}/{NAMES[part]}"
            continue
        path = directory / vector.name / NAMES[part]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        places[part] = f"{vector.name}/{NAMES[part]}"
    return {**asdict(vector), "files": places, "via": list(vector.via)}


def main(directory: Path) -> None:
    """Write everything below `directory`; vectors that were there are replaced."""
    for old in directory.iterdir():
        if old.is_dir() and old.name != "__pycache__":
            shutil.rmtree(old)
    makers = (
        good_ones,
        good_papers,
        bad_files,
        bad_manifest_signatures,
        bad_manifest_contents,
        bad_keys,
        bad_openings,
        bad_payloads,
        bad_receipts,
        bad_endorsements,
        bad_orders,
        instructions,
        catalogues,
    )
    lines = [write(vector, directory) for maker in makers for vector in maker()]
    keys = directory / "keys"
    keys.mkdir()
    (keys / "hengyang.crt").write_bytes(x509.load_der_x509_certificate(HENGYANG).public_bytes(Encoding.PEM))
    (keys / "hengyang.key").write_bytes(HENGYANG_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    index = {"at": AT, "vectors": lines}
    (directory / "index.json").write_text(json.dumps(index, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
