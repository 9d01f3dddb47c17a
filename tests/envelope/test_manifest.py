"""Manifest documents: one form each, nothing bent, nothing contradictory."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.calendar import Period
from gateway.envelope.canonical import ControlTotals, fen, yuan
from gateway.envelope.fiscal import FiscalBatch, People
from gateway.envelope.manifest import Kind, Manifest, ManifestField, PayloadFacts, ProblemTotals, decode, encode
from gateway.envelope.sealed import MAX_MANIFEST
from gateway.errors import EnvelopeRefused, ManifestFormatUnsupported, ManifestInconsistent, ManifestMalformed
from tests.envelope.world import NOTHING, facts

HUNDRED, NOBODY = People(people=2, amount=10_000), People(people=0, amount=0)
FISCAL = FiscalBatch(
    document="湘财农〔2026〕7号", batch="B1", roster=HUNDRED, declared=HUNDRED, succeeded=HUNDRED, failed=NOBODY,
    pending=NOBODY, refunded=NOBODY, reissued=NOBODY, duplicates=NOBODY,
)  # fmt: skip
GOOD = facts(PayloadFacts(digest="a" * 64, size=1000), "b" * 64)
CORRECTION = replace(GOOD, kind=Kind.CORRECTION, revision=2, reason="补发两户", by="预算股负责人", previous="c" * 64)
RECONCILED = replace(GOOD, reconciliation=(FISCAL, replace(FISCAL, batch="B2", declared=None)))
NIL = replace(
    GOOD,
    kind=Kind.NIL,
    by="预算股负责人",
    totals=NOTHING,
    extracted=NOTHING,
    problems=ProblemTotals(rows=0, sums=(("amount", 0),)),
)


@pytest.mark.parametrize(
    "manifest", [GOOD, CORRECTION, NIL, RECONCILED], ids=["data", "correction", "nil", "reconciled"]
)
def test_a_manifest_reads_back_as_it_was_written(manifest: Manifest) -> None:
    assert decode(encode(manifest)) == manifest


@pytest.mark.parametrize("period", ["2026-11-22", "2026-W47", "2026-10", "2026Q3", "2026H1", "2026", "2026-11-22T0930"])
def test_every_form_of_a_period_is_taken_as_the_calendar_writes_it(period: str) -> None:
    manifest = replace(GOOD, period=str(Period.parse(period)))
    assert decode(encode(manifest)) == manifest
    assert manifest.batch_id == f"{GOOD.feed}/{period}/r1"


amounts = st.integers(-(10**17), 10**17)
texts = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=200)
moments = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(timezone(timedelta(hours=8))))


@settings(max_examples=60)
@given(
    sent=amounts, problem=amounts, rows=st.integers(0, 10**12), by=texts, reason=texts, at=moments,
    revision=st.integers(2, 9999), order=st.none() | texts, more=st.integers(0, 5),
)  # fmt: skip
def test_any_manifest_that_keeps_the_rules_reads_back_as_it_was_written(
    sent: int, problem: int, rows: int, by: str, reason: str, at: datetime, revision: int, order: str | None, more: int
) -> None:
    totals = ControlTotals(rows=rows, sums=(("amount", sent),))
    codes = (("YZ-3101", 3 + more), ("YZ-3102", 1))
    problems = ProblemTotals(rows=3, sums=(("amount", problem),), codes=codes)
    manifest = replace(
        CORRECTION, totals=totals, problems=problems, extracted=totals + problems.totals, by=by, reason=reason,
        landed_at=at, created_at=at, revision=revision, rectification_order=order,
    )  # fmt: skip
    assert decode(encode(manifest)) == manifest


def test_amounts_are_exact_yuan_with_two_decimals() -> None:
    assert [yuan(x) for x in (0, 5, -5, 100, -123_456, 10**17 + 1)] == [
        "0.00", "0.05", "-0.05", "1.00", "-1234.56", "1000000000000000.01",
    ]  # fmt: skip


@given(amounts)
def test_every_amount_reads_back(amount: int) -> None:
    assert fen(yuan(amount)) == amount


@pytest.mark.parametrize(
    "text", ["1", "1.0", "1.000", "01.00", "+1.00", "1,000.00", ".50", "1e2", "-", "", "-0.00", "\uff11.00", "一元"]
)
def test_other_spellings_of_an_amount_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        fen(text)


def changed(**values: object) -> bytes:
    """The good manifest's JSON with some values replaced, in canonical form."""
    document = {**json.loads(encode(GOOD)), **values}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def stated(**values: object) -> dict[str, object]:
    """A fiscal batch of a good manifest as JSON, with some values replaced."""
    return {**json.loads(encode(RECONCILED))["reconciliation"][0], **values}


def test_the_way_values_are_changed_here_keeps_the_good_one_good() -> None:
    assert changed() == encode(GOOD)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sender", "财政局"),
        ("sender", "a/b"),
        ("sender", ""),
        ("sender", "x" * 64),
        ("region", "43048"),
        ("region", 430482),
        ("feed", "onecard"),
        ("feed", "../x.y"),
        ("period", "2026-1"),
        ("period", "2026Q5"),
        ("period", "2026W47"),
        ("period", "2026-W4"),
        ("period", "2026-11-22T09:30"),
        ("period", "2026-11T0930"),
        ("revision", 0),
        ("revision", 10_000),
        ("revision", "1"),
        ("revision", True),
        ("kind", "other"),
        ("reason", ""),
        ("reason", "x" * 201),
        ("reason", "a\nb"),
        ("reason", " a"),
        ("by", "\u202egnihton"),
        ("released_by", 7),
        ("fields", []),
        ("fields", [{"name": "a", "type": "text"}] * 513),
        ("fields", [{"name": "A", "type": "text"}]),
        ("fields", [{"name": "a", "type": "text", "title": "x"}]),
        ("schema_digest", "a" * 64),
        ("schema_digest", "sha256:" + "A" * 64),
        ("schema_digest", "sha256:" + "a" * 63),
        ("totals", {"rows": -1, "sums": {}}),
        ("totals", {"rows": 10**16, "sums": {}}),
        ("totals", {"rows": 3, "sums": {"amount": 1234.05}}),
        ("totals", {"rows": 3, "sums": {"amount": "-0.00"}}),
        ("totals", {"rows": 3, "sums": [["amount", "1.00"]]}),
        ("problems", {"rows": 1, "sums": {}, "codes": {"YZ-4101": 1}}),
        ("problems", {"rows": 1, "sums": {}, "codes": {"YZ-3101": 0}}),
        ("payload", {"digest": "sha256:" + "a" * 64, "size": 55}),
        ("payload", {"digest": "sha256:" + "a" * 64, "size": 2**53}),
        ("key_commitment", "sha256:" + "a" * 64),
        ("recipients", []),
        ("recipients", [f"c{i}" for i in range(17)]),
        ("recipients", "changning"),
        ("reconciliation", []),
        ("reconciliation", {}),
        ("reconciliation", [{"document": "a", "batch": "b"}]),
        ("reconciliation", [stated(document="")]),
        ("reconciliation", [stated(document="x" * 65)]),
        ("reconciliation", [stated(batch="a\nb")]),
        ("reconciliation", [stated(batch=7)]),
        ("reconciliation", [stated(roster={"people": -1, "amount": "100.00"})]),
        ("reconciliation", [stated(roster={"people": 2, "amount": 100})]),
        ("reconciliation", [stated(roster={"people": 2, "amount": "100.0"})]),
        ("reconciliation", [stated(roster={"people": 2, "amount": "100.00", "x": 1})]),
        ("reconciliation", [stated(roster=None)]),
        ("reconciliation", [stated(balanced=True)]),
        ("reconciliation", [stated()] * 1001),
        ("landed_at", "2026-11-09T02:00:00"),
        ("landed_at", "2026-11-09 02:00:00+08:00"),
        ("landed_at", "2026-11-09T02:00:00Z"),
        ("landed_at", "2026-02-30T02:00:00+08:00"),
        ("landed_at", "2026-11-09T02:00:00.000000+08:00"),
        ("landed_at", 1_790_000_000),
        ("previous", ""),
    ],
)
def test_a_value_out_of_form_is_refused_naming_its_key_and_not_its_value(key: str, value: object) -> None:
    with pytest.raises(ManifestMalformed) as refusal:
        decode(changed(**{key: value}))
    assert refusal.value.facts["place"] in (key, "-")


@pytest.mark.parametrize("key", sorted(set(json.loads(encode(GOOD))) - {"format", "suite"}))
def test_no_key_may_be_missing(key: str) -> None:
    document = json.loads(encode(GOOD))
    del document[key]
    with pytest.raises(ManifestMalformed):
        decode(json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def test_an_unknown_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(ManifestMalformed) as refusal:
        decode(changed(secret430482199001011234="x"))
    assert "430482" not in refusal.value.message("zh")


@pytest.mark.parametrize(
    "content",
    [
        encode(GOOD) + b"\n",
        b" " + encode(GOOD),
        b"\xef\xbb\xbf" + encode(GOOD),
        encode(GOOD).replace(b'"by":null', b'"by":null,"by":null'),
        encode(GOOD).replace(b'"revision":1', b'"revision":1e0'),
        encode(GOOD).replace(b'"finance"', b'"financ\\u0065"'),
        json.dumps(json.loads(encode(GOOD))).encode(),
        encode(GOOD)[:-1],
        encode(GOOD).decode().encode("utf-16"),
        b"",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"format":' * 5_000,
        b'{"format":"yizhan-batch/1","suite":"intl"}',
        b'\xff\xfe{"format"',
    ],
)
def test_whatever_is_not_the_one_form_is_refused(content: bytes) -> None:
    with pytest.raises((ManifestMalformed, ManifestFormatUnsupported)):
        decode(content)


@pytest.mark.parametrize("head", [{"format": "yizhan-batch/2"}, {"suite": "sm9"}, {"format": None}, {"suite": 1}])
def test_another_version_or_suite_is_told_apart_from_a_broken_manifest(head: dict[str, object]) -> None:
    with pytest.raises(ManifestFormatUnsupported):
        decode(changed(**head))


BROKEN_RULES = [
    replace(GOOD, fields=(*GOOD.fields, ManifestField(name="amount", type="text"))),
    replace(GOOD, recipients=("changning", "changning")),
    replace(GOOD, fields=(*GOOD.fields, ManifestField(name="fee", type="money"))),
    replace(GOOD, totals=ControlTotals(rows=3)),
    replace(GOOD, extracted=GOOD.totals),
    replace(GOOD, extracted=ControlTotals(rows=5, sums=(("amount", 128_406),))),
    replace(GOOD, problems=replace(GOOD.problems, codes=(("YZ-3101", 1),))),
    replace(GOOD, problems=replace(GOOD.problems, codes=())),
    replace(GOOD, extracted=GOOD.totals, problems=replace(GOOD.problems, rows=0, sums=(("amount", 0),))),
    replace(GOOD, kind=Kind.NIL, by="x"),
    replace(NIL, by=None),
    replace(GOOD, revision=2, previous="c" * 64, reason="x", by="y"),
    replace(CORRECTION, revision=1, previous=None),
    replace(CORRECTION, previous=None),
    replace(GOOD, previous="c" * 64),
    replace(CORRECTION, reason=None),
    replace(CORRECTION, by=None),
    replace(NIL, revision=2, previous="c" * 64),
    replace(NIL, reconciliation=(FISCAL,)),
    replace(GOOD, reconciliation=(FISCAL, FISCAL)),
    replace(GOOD, reconciliation=(replace(FISCAL, batch="B2"), FISCAL)),
    replace(GOOD, reconciliation=(replace(FISCAL, succeeded=replace(HUNDRED, amount=9_999)),)),
    replace(GOOD, reconciliation=(replace(FISCAL, succeeded=replace(HUNDRED, people=1)),)),
    replace(GOOD, reconciliation=(replace(FISCAL, declared=replace(HUNDRED, people=1)),)),
    replace(GOOD, reconciliation=(replace(FISCAL, declared=replace(HUNDRED, amount=1)),)),
    replace(GOOD, reconciliation=(replace(FISCAL, refunded=replace(HUNDRED, people=3)),)),
    replace(GOOD, reconciliation=(replace(FISCAL, reissued=replace(HUNDRED, people=3)),)),
    replace(GOOD, reconciliation=(replace(FISCAL, duplicates=replace(HUNDRED, people=3)),)),
    replace(GOOD, reconciliation=tuple(replace(FISCAL, batch=f"B{i}") for i in (1, 2, 3))),
]


@pytest.mark.parametrize("manifest", BROKEN_RULES)
def test_a_manifest_that_contradicts_itself_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ManifestInconsistent):
        decode(encode(manifest))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_rubbish_is_refused_and_never_crashes(content: bytes) -> None:
    with pytest.raises(EnvelopeRefused):
        decode(content)


def test_totals_add_up_field_by_field_whatever_order_they_come_in() -> None:
    one = ControlTotals(rows=1, sums=(("b", 2), ("a", 1)))
    other = ControlTotals(rows=2, sums=(("a", 10), ("b", -5)))
    assert one + other == ControlTotals(rows=3, sums=(("a", 11), ("b", -3)))
    with pytest.raises(ValueError, match="fields"):
        one + ControlTotals(rows=1, sums=(("a", 1), ("c", 1)))


def test_instants_keep_their_offset_and_fraction() -> None:
    at = datetime(2026, 11, 9, 2, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=8)))
    manifest = decode(encode(replace(GOOD, landed_at=at, created_at=at.astimezone(UTC))))
    assert manifest.landed_at.isoformat() == "2026-11-09T02:00:00.250000+08:00"
    assert manifest.created_at.isoformat() == "2026-11-08T18:00:00.250000+00:00"


def test_the_longest_reconciliation_fits_a_manifest() -> None:
    """A thousand fiscal batches whose numbers are as long as they may be, in characters of three bytes."""
    figure = People(people=2, amount=-(10**17) - 1)
    longest = FiscalBatch(
        document="文" * 64, batch="批" * 64, roster=figure, declared=figure, succeeded=figure,
        failed=NOBODY, pending=NOBODY, refunded=figure, reissued=figure, duplicates=figure,
    )  # fmt: skip
    batches = tuple(replace(longest, batch=f"{i:04}" + "批" * 60) for i in range(1_000))
    totals = ControlTotals(rows=2_000, sums=(("amount", 1),))
    manifest = replace(GOOD, reconciliation=batches, totals=totals, extracted=totals + GOOD.problems.totals)
    content = encode(manifest)
    assert decode(content) == manifest
    assert len(content) + 64 * 1024 < MAX_MANIFEST
