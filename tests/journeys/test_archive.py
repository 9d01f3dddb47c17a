"""Archives: one a month, linked, never rewritten, and verified by whoever has nothing but the files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.archive import standalone
from gateway.archive.standalone import header, members
from gateway.archive.unanchored import Unanchored
from gateway.archive.verify import told, verify
from gateway.errors import MonthOpen
from tests.journeys.account import written
from tests.journeys.keeping import archive_in, count, fsck_in, in_days, node_in, run_in
from tests.journeys.world import ROOT, World

MONTH_OVER = 40


@pytest.fixture(params=["agri", "centre"])
def site(damaged: World, request: pytest.FixtureRequest) -> Path:
    """A node that has settled two batches; nothing is archived yet."""
    return damaged.county.root / request.param


@pytest.fixture
def archive(site: Path) -> Path:
    (one,) = archive_in(site, MONTH_OVER).archives
    return one.path


def faults(path: Path, site: Path, days: int = MONTH_OVER) -> list[tuple[str, str]]:
    """Code and place of everything that is wrong with some archives, for who trusts the site's anchors."""
    node = node_in(site, days)
    found = verify([path], node.keys.trust(), node.clock())
    return [(fault.code, str(fault.facts.get("file") or fault.facts["place"])) for one in found for fault in one.faults]


def test_a_month_is_archived_once_with_all_that_was_settled_and_ledgered(site: Path, archive: Path) -> None:
    (one, again) = (archive_in(site, days).archives for days in (MONTH_OVER, MONTH_OVER + 40))
    assert (one, again) == ((), ())
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        index = json.load(tar.extractfile("index.json"))
    entries = sorted(path for path in (site / "spool" / "done").iterdir())
    files = ("keys.p7m", "manifest.p7s", "payload", "receipt.p7s")
    assert names[:8] == [f"entries/{entry.name}/{file}" for entry in entries for file in files]
    assert names[8:] == ["ledger.jsonl", "verify.py", "index.json", "index.p7s"]
    assert [held["entry"] for held in index["batches"]] == [entry.name for entry in entries]
    assert (index["sequence"], index["number"], index["previous"], index["ledger"]["first"]) == (1, 1, None, 1)
    (line,) = (line for line in written(site) if line.event == "archived")
    assert line.digest == standalone.examine(archive).digest


def test_the_current_month_is_not_archived_yet(site: Path) -> None:
    assert archive_in(site, 0).archives == ()
    ended = run_in(site, 0, "archive", "write", "--month", in_days(0)[:7])
    assert (ended.returncode, MonthOpen.code in ended.stderr) == (2, True)


def test_what_comes_late_for_a_month_goes_into_a_supplement_that_links_on(site: Path) -> None:
    done = site / "spool" / "done"
    late = sorted(done.iterdir())[1]
    away = Path(shutil.move(late, site / late.name))
    (first,) = archive_in(site, MONTH_OVER).archives
    before = first.path.read_bytes()
    shutil.move(away, late)
    (second,) = archive_in(site, MONTH_OVER).archives
    assert first.path.read_bytes() == before
    assert (second.index.month, second.index.number, second.index.sequence) == (first.index.month, 2, 2)
    assert second.index.previous == first.digest
    assert [held.entry for held in second.index.batches] == [late.name]
    assert faults(site / "archive", site) == []
    assert fsck_in(site, MONTH_OVER) == []


@pytest.mark.parametrize(
    "moment",
    [
        "call:gateway.archive.shelf:Archives.show:1",
        "return:gateway.archive.shelf:Archives.show:1",
        "return:gateway.archive.writing:_enter:1",
    ],
)
def test_a_process_killed_while_it_archives_leaves_what_the_next_run_completes(damaged: World, moment: str) -> None:
    """Before the archive has its name, between the name and the ledger's line, and after both."""
    site = damaged.front_end
    program = (
        "import sys; from tests.journeys.kill import arm; from tests.journeys.keeping import archive_in;"
        "from pathlib import Path; arm(sys.argv[1]); archive_in(Path(sys.argv[2]), 40)"
    )
    killed = subprocess.run([sys.executable, "-c", program, moment, str(site)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    archive_in(site, MONTH_OVER)
    assert (count(site, "archived"), [path.name[:6] for path in (site / "archive").iterdir()]) == (1, ["000001"])
    assert faults(site / "archive", site) == []
    assert fsck_in(site, MONTH_OVER) == []


def test_an_altered_entry_is_left_out_and_told_of(site: Path) -> None:
    entry = sorted((site / "spool" / "done").iterdir())[0]
    change(entry / "payload", -1)
    written_ = archive_in(site, MONTH_OVER)
    assert [(fault.code, fault.facts["place"]) for fault in written_.faults] == [("YZ-7301", f"done/{entry.name}")]
    assert [len(one.index.batches) for one in written_.archives] == [1]


def change(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def member_of(path: Path, ending: str) -> standalone.Member:
    with path.open("rb") as file:
        return next(one for one in members(file, path.name) if one.name.endswith(ending))


@pytest.mark.parametrize("ending", ["payload", "manifest.p7s", "receipt.p7s", "verify.py"])
def test_a_byte_changed_inside_is_named_with_its_file(site: Path, archive: Path, ending: str) -> None:
    member = member_of(archive, ending)
    change(archive, member.offset + member.size // 2)
    assert faults(archive, site) == [("YZ-8035", member.name)]


def test_no_byte_of_an_archive_can_be_changed_unseen(damaged: World) -> None:
    """Headers, padding and the end are fixed by the contents: every 241st byte of the file, each on its own."""
    site = damaged.front_end
    (one,) = archive_in(site, MONTH_OVER).archives
    whole = one.path.read_bytes()
    for place in [*range(0, len(whole), 241), len(whole) - 1]:
        change(one.path, place)
        assert faults(one.path, site), place
        one.path.write_bytes(whole)
    assert faults(one.path, site) == []


def test_an_index_that_was_made_to_fit_is_not_what_the_node_signed(site: Path, archive: Path) -> None:
    data = archive.read_bytes()
    at = data.rindex(b'"batch":"agri.village_finance/2000Q1/r1"')
    archive.write_bytes(data[:at] + data[at : at + 40].replace(b"2000Q1", b"2000Q4") + data[at + 40 :])
    assert faults(archive, site) == [("YZ-8033", archive.name)]


def test_the_standalone_verifier_finds_what_was_changed_and_imports_nothing_of_the_product(
    site: Path, archive: Path, tmp_path: Path
) -> None:
    with tarfile.open(archive) as tar:
        tar.extract("verify.py", tmp_path, filter="data")
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(archive)]
    clean = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (clean.returncode, clean.stdout.count("\n")) == (0, 1)
    member = member_of(archive, "payload")
    change(archive, member.offset)
    broken = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert broken.returncode == 1
    assert [line[:9] for line in broken.stdout.splitlines()] == ["[YZ-8035]"]
    assert member.name in broken.stdout


def test_the_index_is_signed_in_a_way_openssl_checks(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "index.p7s", "-content", "index.json", "-binary",
               "-noverify", "-out", "/dev/null"]  # fmt: skip
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    change(tmp_path / "index.json", 40)
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_verify_needs_no_site_and_says_when_certificates_were_taken_at_their_word(
    site: Path, archive: Path, tmp_path: Path
) -> None:
    alone = shutil.copy(archive, tmp_path / archive.name)
    keys = ("--anchors", str(site / "keys"), "--rehearsal")
    for more, word in (((), "未给出"), (keys, "归档完好")):
        command = [sys.executable, "-m", "gateway", "archive", "verify", str(alone), *more]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, word in ended.stdout, ended.stdout.count("\n")) == (0, True, 1), ended


def test_a_chain_with_an_archive_taken_out_or_replaced_is_broken_there(damaged: World, tmp_path: Path) -> None:
    site = damaged.front_end
    done = sorted((site / "spool" / "done").iterdir())
    aside = [shutil.move(path, tmp_path / path.name) for path in done]
    for days, path in enumerate(aside):
        shutil.move(path, site / "spool" / "done" / Path(path).name)
        archive_in(site, MONTH_OVER + days)
    first, second = sorted((site / "archive").iterdir())
    assert faults(site / "archive", site, MONTH_OVER + 5) == []
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(second, other / "000003-2026-11.tar")
    assert faults(other, site, MONTH_OVER + 5) == []  # a part of the chain may be verified by itself
    shutil.copy(first, other / first.name)
    change(other / first.name, member_of(first, "verify.py").offset)
    assert {code for code, _ in faults(other, site, MONTH_OVER + 5)} == {"YZ-8034", "YZ-8035"}


def test_the_standalone_verifier_says_what_the_product_says() -> None:
    facts = {"place": "p", "reason_zh": "z", "reason_en": "e", "before": "b", "file": "f", "seq": 1}
    for code, (zh, en) in standalone.WORDS.items():
        error = told(standalone.Fault(code, facts))
        assert (error.code, error.zh, error.en) == (code, zh, en)


@pytest.mark.parametrize("sized", [0, 1, 8**11 - 1, 8**11, 2**60])
def test_headers_are_ustar_as_tar_reads_it(sized: int) -> None:
    name = f"entries/{'a' * 120}/receipt-{'c' * 60}.p7s"
    read = tarfile.TarInfo.frombuf(header(name, sized, 1_700_000_000), "ascii", "strict")
    assert (read.name, read.size, read.mtime, read.mode, read.isreg()) == (name, sized, 1_700_000_000, 0o600, True)


def test_who_has_no_anchor_still_learns_of_a_changed_byte(archive: Path, site: Path) -> None:
    at: Callable[[], object] = node_in(site, MONTH_OVER).clock
    assert [one.faults for one in verify([archive], Unanchored(), at())] == [()]
    member = member_of(archive, "index.json")
    change(archive, member.offset + member.size - 20)
    assert [one.faults == () for one in verify([archive], Unanchored(), at())] == [False]


def test_who_has_no_anchor_learns_which_person_a_certificate_names() -> None:
    certificate = x509.load_pem_x509_certificate((ROOT / "certs/sample/changning/persons/p101.crt").read_bytes())
    said = Unanchored().verify(certificate.public_bytes(Encoding.DER), (), "person", datetime.now(UTC))
    assert (said.party, said.id, said.person) == ("centre", "changning", "p101")
    assert str(said) == "centre:changning:person:p101"
