"""What a centre asks of a batch besides itself: an open year or an order, a release, a signed nil return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from gateway.calendar import ASIA_SHANGHAI, Cadence, DueRule, JudgedBy, Period, Schedule, WorkingDays, YearFreeze
from gateway.catalogue import Catalogue, Centre, Department, Duty, Feed, Level, Limits, Mode, Person, Review
from gateway.envelope.manifest import Kind, ProblemTotals
from gateway.envelope.papers import Order, Papers, sign_nil, sign_order, sign_release
from gateway.envelope.sealed import Batch
from gateway.errors import Refuse
from gateway.keys import Party
from gateway.receive.clearance import Checkpoint, Clearance, clear
from tests.envelope.world import NOTHING, NOW, World

CLOSED, OPEN = f"{NOW.year - 2}-10", f"{NOW.year}-01"
DIGEST = "1" * 64
WORLD = World()
NONE = Papers()
RULE = DueRule(
    id="m", title="m", cadence=Cadence.MONTHLY, months_after=1, day="last", judged_by=JudgedBy.ACCEPTED, article="-"
)
SCHEDULE = Schedule(id="m", rules=(RULE,), working=WorkingDays())
APRIL = (YearFreeze.of(id="april", effective="2018-01-01", closes="04-01", article="第十八条"),)


def people(**duties: Duty) -> tuple[Person, ...]:
    return tuple(Person(id=name, post="岗", duties=frozenset({duty})) for name, duty in duties.items())


def catalogue(review: Review) -> Catalogue:
    """Finance sends to the county, which stands below the city; another county is on no path of its."""
    levels = {"changning": Level.COUNTY, "qidong": Level.COUNTY, "hengyang": Level.CITY}
    centres = tuple(
        Centre(id=name, title=name, level=level, region="430482", people=people(p101=Duty.APPROVE, p102=Duty.COLLECT))
        for name, level in levels.items()
    )
    staff = people(p001=Duty.COLLECT, p003=Duty.REVIEW, p004=Duty.DECLARE, p009=Duty.COLLECT)
    both = Person(id="p005", post="岗", duties=frozenset({Duty.COLLECT, Duty.REVIEW, Duty.DECLARE}))
    departments = tuple(
        Department(id=name, title=name, real_names=True, region="430482", contact="", people=(*staff, both))
        for name in ("finance", "civil")
    )
    feed = Feed(
        id="finance.onecard", title="-", department="finance", schedule=SCHEDULE, starts=Period.parse("2017-01"),
        mode=Mode.SNAPSHOT, routes=("changning", "hengyang"), path=("changning", "hengyang"), key=("no",),
        operation=None, amount=None, fields=(), limits=Limits(rows=1, bytes=1, seconds=1), review=review,
        adapter="sftp", source_config=None,
    )  # fmt: skip
    return Catalogue(
        region="430482", centres=centres, departments=departments, schedules=(SCHEDULE,),
        working_days=WorkingDays(), year_freeze=APRIL,
        subscribers=(), feeds=(feed,), digest="",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """A batch and what comes with it, to be judged at a centre."""

    batch: Batch
    papers: Papers = NONE

    def judged(self, review: Review, centre: str = "changning", at: datetime = NOW) -> Clearance:
        return clear(
            self.batch, self.papers, Checkpoint(centre=centre, catalogue=catalogue(review), trust=WORLD.trust, at=at)
        )


def batch(**changes: object) -> Batch:
    given = {"period": OPEN, "by": "p001", **changes}
    return WORLD.verify(WORLD.seal(**given))


def correction(**changes: object) -> Batch:
    given = {"revision": 2, "kind": Kind.CORRECTION, "reason": "补报", "previous": DIGEST, **changes}
    return batch(**given)


def nil(**changes: object) -> Batch:
    empty = {"totals": NOTHING, "extracted": NOTHING, "problems": ProblemTotals(rows=0, sums=(("amount", 0),))}
    return batch(**{"kind": Kind.NIL, "by": "p004", **empty, **changes})


def somebody(name: str, department: str = "finance"):
    return WORLD.person(Party.DEPARTMENT, department, name)


def released(found: Batch, by: str) -> Papers:
    person = somebody(by)
    return Papers(release=sign_release(found, person.identity, person.signer, NOW))


def declared(found: Batch, by: str) -> Papers:
    person = somebody(by)
    return Papers(nil=sign_nil(found, person.identity, person.signer, NOW))


def order(centre: str = "changning", person: str = "p101", **changes: object) -> Papers:
    said = Order(**{
        "number": "整改〔1〕号", "centre": centre, "person": person, "departments": (), "feeds": ("finance.onecard",),
        "first": CLOSED, "last": CLOSED, "reason": "重复发放", "issued_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(days=10), "uses": 2, **changes,
    })  # fmt: skip
    return Papers(order=sign_order(said, WORLD.person(Party.CENTRE, centre, person).signer))


def ordered(**changes: object) -> Batch:
    return correction(**{"period": CLOSED, "rectification_order": "整改〔1〕号", **changes})


def code(case: Case, review: Review, **where: object) -> str:
    with pytest.raises(Refuse) as refused:
        case.judged(review, **where)
    return refused.value.code


def test_a_batch_nobody_has_to_review_needs_nothing_in_an_open_year() -> None:
    assert Case(batch=batch(by=None)).judged(Review.NONE) == Clearance(released_by=None, order=None)


# --- release ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("review", "make", "waits"),
    [
        (Review.NONE, batch, False), (Review.NONE, correction, False),
        (Review.CORRECTIONS, batch, False), (Review.CORRECTIONS, correction, True),
        (Review.REQUIRED, batch, True), (Review.REQUIRED, correction, True),
    ],
)  # fmt: skip
def test_only_what_the_feed_says_needs_a_release(review: Review, make: Callable[[], Batch], waits: bool) -> None:
    found = make()
    if waits:
        assert code(Case(batch=found), review) == "YZ-5043"
    assert Case(batch=found, papers=released(found, "p003")).judged(review).released_by == "p003"


@pytest.mark.parametrize("review", [Review.REQUIRED, Review.NONE])
@pytest.mark.parametrize(
    ("by", "reviewer", "refusal"),
    [
        pytest.param("p001", "p009", "YZ-5040", id="no duty"),
        pytest.param("p001", "p777", "YZ-5040", id="not in the catalogue"),
        pytest.param("p005", "p005", "YZ-5042", id="who collected it"),
    ],
)
def test_a_release_by_the_wrong_person_is_refused_even_where_none_was_asked_for(
    review: Review, by: str, reviewer: str, refusal: str
) -> None:
    found = batch(by=by)
    assert code(Case(batch=found, papers=released(found, reviewer)), review) == refusal


@pytest.mark.parametrize("by", [None, "惠农补贴股", "p003", "p777"])
def test_a_reviewed_batch_is_collected_by_somebody_the_catalogue_knows(by: str | None) -> None:
    found = batch(by=by)
    assert code(Case(batch=found, papers=released(found, "p005")), Review.REQUIRED) == "YZ-5040"


@pytest.mark.parametrize("by", ["惠农补贴股", "p003", "p777"])
def test_a_correction_nobody_reviews_is_answered_for_by_one_of_the_departments_people(by: str) -> None:
    assert code(Case(batch=correction(by=by)), Review.NONE) == "YZ-5040"
    assert code(Case(batch=correction(by=by)), Review.REQUIRED) == "YZ-5040"
    assert Case(batch=batch(by=by)).judged(Review.NONE) == Clearance(released_by=None, order=None)


def test_a_correction_by_a_post_is_taken_from_a_department_without_real_names() -> None:
    listed = catalogue(Review.NONE)
    unlisted = replace(listed, departments=tuple(replace(one, real_names=False) for one in listed.departments))
    here = Checkpoint(centre="changning", catalogue=unlisted, trust=WORLD.trust, at=NOW)
    assert clear(correction(by="惠农补贴股"), NONE, here) == Clearance(released_by=None, order=None)


def test_a_release_by_another_departments_reviewer_is_refused() -> None:
    found, stranger = batch(), somebody("p003", "civil")
    theirs = replace(found, manifest=replace(found.manifest, sender="civil"))
    paper = sign_release(theirs, stranger.identity, stranger.signer, NOW)
    assert code(Case(batch=found, papers=Papers(release=paper)), Review.REQUIRED) == "YZ-4612"


def test_the_release_of_another_batch_is_refused() -> None:
    found, other = batch(), batch()
    assert code(Case(batch=found, papers=released(other, "p003")), Review.REQUIRED) == "YZ-4611"


# --- nil return -------------------------------------------------------------------------------------------------------


def test_a_nil_return_passes_with_the_signature_of_who_may_declare_it() -> None:
    found = nil()
    assert Case(batch=found, papers=declared(found, "p004")).judged(Review.CORRECTIONS).released_by is None


def test_a_reviewed_nil_return_waits_for_a_release_by_somebody_else() -> None:
    found = nil(by="p005")
    signed = declared(found, "p005")
    assert code(Case(batch=found, papers=signed), Review.REQUIRED) == "YZ-5043"
    own = replace(signed, release=released(found, "p005").release)
    assert code(Case(batch=found, papers=own), Review.REQUIRED) == "YZ-5042"
    other = replace(signed, release=released(found, "p003").release)
    assert Case(batch=found, papers=other).judged(Review.REQUIRED).released_by == "p003"


@pytest.mark.parametrize(
    ("by", "signer", "refusal"),
    [("p004", None, "YZ-4614"), ("p004", "p005", "YZ-5047"), ("p001", "p001", "YZ-5040"), ("p003", "p003", "YZ-5040")],
)
def test_a_nil_return_nobody_fit_has_signed_is_refused(by: str, signer: str | None, refusal: str) -> None:
    found = nil(by=by)
    papers = declared(found, signer) if signer else NONE
    assert code(Case(batch=found, papers=papers), Review.NONE) == refusal


def test_a_nil_return_after_another_revision_is_refused() -> None:
    found = nil(revision=2, previous=DIGEST, reason="没有了")
    assert code(Case(batch=found, papers=declared(found, "p004")), Review.NONE) == "YZ-5046"


# --- closed years -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "refusal"),
    [("03-31T23:59:59.999999", None), ("04-01T00:00:00", "YZ-5041"), ("12-31T23:59:59", "YZ-5041")],
)
def test_the_year_closes_by_the_centres_own_clock(moment: str, refusal: str | None) -> None:
    at = datetime.fromisoformat(f"{NOW.year + 1}-{moment}").replace(tzinfo=ASIA_SHANGHAI)
    case = Case(batch=batch(period=f"{NOW.year}-10"))
    if refusal:
        assert code(case, Review.NONE, at=at) == refusal
    else:
        case.judged(Review.NONE, at=at)


def test_an_order_in_force_opens_its_period_and_is_counted() -> None:
    kept = Case(batch=ordered(), papers=order()).judged(Review.NONE).order
    assert (kept.order.number, kept.order.uses) == ("整改〔1〕号", 2)


def test_a_centre_above_may_open_a_year_for_one_below_and_not_the_other_way() -> None:
    Case(batch=ordered(), papers=order(centre="hengyang")).judged(Review.NONE)
    Case(batch=ordered(), papers=order(centre="hengyang")).judged(Review.NONE, centre="hengyang")
    assert code(Case(batch=ordered(), papers=order()), Review.NONE, centre="hengyang") == "YZ-5045"


@pytest.mark.parametrize(
    ("changes", "papers", "refusal"),
    [
        pytest.param({}, {"centre": "qidong"}, "YZ-5045", id="a centre that is on no path of this feed"),
        pytest.param({}, {"person": "p102"}, "YZ-5040", id="approved by somebody without the duty"),
        pytest.param({}, {"person": "p777"}, "YZ-5040", id="approved by nobody the catalogue knows"),
        pytest.param({}, {"feeds": ("civil.dibao",)}, "YZ-4713", id="another feed"),
        pytest.param({}, {"departments": ("civil",)}, "YZ-4713", id="another department"),
        pytest.param({}, {"last": f"{NOW.year - 2}-09", "first": f"{NOW.year - 2}-09"}, "YZ-4713", id="another period"),
        pytest.param({}, {"expires_at": NOW - timedelta(seconds=1)}, "YZ-4714", id="expired"),
        pytest.param({}, {"number": "整改〔2〕号"}, "YZ-4712", id="another number"),
        pytest.param({"rectification_order": None}, {}, "YZ-4712", id="the manifest names none"),
        pytest.param({"period": OPEN}, {"first": OPEN, "last": OPEN}, "YZ-5044", id="the year is open"),
    ],
)
def test_an_order_that_does_not_fit_opens_nothing(
    changes: dict[str, object], papers: dict[str, object], refusal: str
) -> None:
    assert code(Case(batch=ordered(**changes), papers=order(**papers)), Review.NONE) == refusal


def test_an_order_named_and_not_brought_opens_nothing() -> None:
    assert code(Case(batch=ordered()), Review.NONE) == "YZ-4712"
