"""Every vector of tests/vectors, run two ways: by the functions in order, and as files, as the command line does."""

from __future__ import annotations

import filecmp
import json
import re
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.envelope.catalogue import digest_of, match_catalogue, read_catalogue
from gateway.envelope.instruction import match_instruction, read_instruction
from gateway.envelope.papers import Papers, check_papers
from gateway.envelope.papers.bundle import PAPERS
from gateway.envelope.payload import PayloadReader
from gateway.envelope.receipt import check_receipt
from gateway.envelope.report import Given, identify, verify_files
from gateway.envelope.sealed import Declared, Sealed, check_payload, check_recipient, open_key, verify, verify_manifest
from gateway.errors import EnvelopeRefused, YizhanError
from gateway.keys import Decryptor, KeyRing, Stage, Trust
from tests.vectors.catalogues import LATEST, TAKES
from tests.vectors.instructions import PATHS, READER
from tests.vectors.make import main as make_vectors

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
SAMPLE = ROOT / "certs" / "sample"
INDEX = json.loads((VECTORS / "index.json").read_text())
AT = datetime.fromisoformat(INDEX["at"])
ENVELOPE = (ROOT / "gateway" / "envelope" / "ENVELOPE.md").read_text()


def via(way: str) -> list[object]:
    return [pytest.param(one, id=one["name"]) for one in INDEX["vectors"] if way in one["via"]]


@pytest.fixture(scope="module")
def trust() -> Trust:
    return KeyRing(directory=SAMPLE / "changning", stage=Stage.REHEARSAL).trust()


def decryptor(centre: str) -> Decryptor:
    """Read without the key ring: git cannot keep a key file's mode, and these keys are public knowledge."""
    stem = SAMPLE / "changning" / "encrypt" if centre == "changning" else VECTORS / "keys" / centre
    certificate = x509.load_pem_x509_certificates(stem.with_suffix(".crt").read_bytes())[0]
    key = load_pem_private_key(stem.with_suffix(".key").read_bytes(), None)
    return Decryptor(certificate=certificate.public_bytes(Encoding.DER), _key=key)


def expected(vector: dict) -> AbstractContextManager:
    return nullcontext() if vector["code"] is None else pytest.raises(YizhanError)


def read(vector: dict, part: str) -> bytes:
    return (VECTORS / vector["files"][part]).read_bytes()


def run(vector: dict, trust: Trust) -> None:
    """All the steps a centre goes through, or the sender with a receipt, in order."""
    files = vector["files"]
    if "keys" in files:
        batch = verify(Sealed.parse(read(vector, "manifest"), read(vector, "keys")), trust, AT)
        declared: Declared = batch
    else:
        declared = verify_manifest(read(vector, "manifest"), trust, AT)
    if vector["open_as"]:
        check_recipient(declared, vector["open_as"])
    if "payload" in files:
        with (VECTORS / files["payload"]).open("rb") as source:
            check_payload(declared, source)
    if vector["open_as"]:
        key = open_key(batch, decryptor(vector["open_as"]))
        with (VECTORS / files["payload"]).open("rb") as source:
            assert rows_of(PayloadReader(source, key)) == declared.manifest.totals.rows
    papers = Papers.of((name, read(vector, name)) for name in PAPERS if name in files)
    check_papers(papers, declared, trust, AT)
    if "receipt" in files:
        check_receipt(read(vector, "receipt"), declared, trust, AT)


def rows_of(reader: PayloadReader) -> int:
    rows = sum(batch.num_rows for batch in pa.ipc.open_stream(reader))
    reader.finish()
    return rows


@pytest.mark.parametrize("vector", via("api"))
def test_vector_passes_or_fails_exactly_where_it_says(vector: dict, trust: Trust) -> None:
    with expected(vector) as refusal:
        run(vector, trust)
    assert refusal is None or refusal.value.code == vector["code"]


@pytest.mark.parametrize("vector", via("files"))
def test_files_of_a_vector_in_reverse_order_pass_or_fail_where_it_says(vector: dict, trust: Trust) -> None:
    paths = [VECTORS / name for name in vector["files"].values()]
    with expected(vector) as refusal:
        verify_files(identify(Given(name=p.name, stream=p.open("rb")) for p in reversed(paths)), trust, AT)
    assert refusal is None or refusal.value.code == vector["code"]


@pytest.mark.parametrize("vector", [one for one in via("api") if one.values[0]["open_as"] and one.values[0]["code"]])
def test_what_only_a_private_key_can_tell_is_not_refused_without_one(vector: dict, trust: Trust) -> None:
    paths = [VECTORS / name for name in vector["files"].values()]
    report = verify_files(identify(Given(name=p.name, stream=p.open("rb")) for p in paths), trust, AT)
    assert "3.8-3.11, 4.4-4.5" in {finding.steps for finding in report.unchecked}


@pytest.mark.parametrize("vector", via("instruction"))
def test_an_instruction_passes_or_fails_exactly_where_it_says(vector: dict, trust: Trust) -> None:
    with expected(vector) as refusal:
        said = read_instruction(read(vector, "instruction"), trust, AT)
        match_instruction(said, READER, PATHS[said.feed])
    assert refusal is None or refusal.value.code == vector["code"]


@pytest.mark.parametrize("vector", via("instruction"))
def test_an_instruction_as_a_file_fails_where_it_says_but_for_what_only_its_front_end_knows(
    vector: dict, trust: Trust
) -> None:
    theirs = vector["name"].split("_")[0] in ("8.12", "8.13", "8.14")
    path = VECTORS / vector["files"]["instruction"]
    with nullcontext() if theirs else expected(vector) as refusal:
        report = verify_files(identify([Given(name=path.name, stream=path.open("rb"))]), trust, AT)
        assert report.instruction is not None and report.unchecked[-1].steps == "8.12-8.14"
    assert refusal is None or refusal.value.code == vector["code"]


@pytest.mark.parametrize("vector", via("catalogue"))
def test_a_catalogue_passes_or_fails_exactly_where_it_says(vector: dict, trust: Trust) -> None:
    data = read(vector, "catalogue")
    with expected(vector) as refusal:
        said = read_catalogue(data, trust, AT)
        match_catalogue(said, digest_of(data), TAKES.get(said.version, "changning"), LATEST)
    assert refusal is None or refusal.value.code == vector["code"]


@pytest.mark.parametrize("vector", via("catalogue"))
def test_a_catalogue_as_a_file_fails_where_it_says_but_for_what_only_its_reader_knows(
    vector: dict, trust: Trust
) -> None:
    theirs = vector["name"].split("_")[0] in ("9.12", "9.13")
    path = VECTORS / vector["files"]["catalogue"]
    with nullcontext() if theirs else expected(vector) as refusal:
        report = verify_files(identify([Given(name=path.name, stream=path.open("rb"))]), trust, AT)
        assert report.catalogue is not None
        assert [one.steps for one in (*report.checked, *report.unchecked)] == ["9.1-9.11", "9.12-9.13"]
    assert refusal is None or refusal.value.code == vector["code"]


def test_the_script_makes_exactly_the_vectors_that_are_here(tmp_path: Path) -> None:
    make_vectors(tmp_path)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    _, differing, missing = filecmp.cmpfiles(VECTORS, tmp_path, [str(p) for p in made], shallow=False)
    assert (differing, missing) == ([], [])
    assert {"index.json", "keys/hengyang.key", "single/manifest.p7s"} <= {str(p) for p in made}


STEPS = dict(re.findall(r"^\| (\d\.\d+) \|.*\| (YZ-4\d{3}|keys) \|$", ENVELOPE, flags=re.MULTILINE))


def test_each_step_of_envelope_md_has_its_own_code_and_a_vector_that_fails_there() -> None:
    numbered = {step: code for step, code in STEPS.items() if code != "keys"}
    assert numbered == {s: f"YZ-4{s.split('.')[0]}{int(s.split('.')[1]):02d}" for s in numbered}
    bad = {one["name"].split("_")[0]: one["code"] for one in INDEX["vectors"] if one["code"]}
    assert {step: bad.get(step) for step in numbered} == numbered
    assert set(bad) == set(STEPS)


def test_every_error_of_the_envelope_is_a_step_of_envelope_md() -> None:
    sealing = "YZ-4001"  # our own side: raised before anything leaves
    assert {one.code for one in EnvelopeRefused.all()} - {sealing} == set(STEPS.values()) - {"keys"}
    assert sealing in ENVELOPE


def test_each_step_is_cited_in_the_code() -> None:
    code = "".join(p.read_text() for p in (ROOT / "gateway" / "envelope").rglob("*.py"))
    cited = {s for line in re.findall(r"# ENVELOPE ([\d., to]+)", code) for s in re.findall(r"\d\.\d+", line)}
    assert set(STEPS) <= cited
