"""Departments, obligations and bulletins of a small county, as these tests need them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from gateway.bulletin import Approval, ApprovalKind, Bulletin, Obligation, Standing, Words, tally
from gateway.calendar import ASIA_SHANGHAI, Period
from gateway.catalogue import Centre, Department, Duty, Person
from gateway.catalogue.tree import Level

OCTOBER = Period.parse("2026-10")
NOW = datetime(2026, 12, 5, 9, 0, tzinfo=ASIA_SHANGHAI)
DAY = timedelta(days=1)
APPROVER = Person(id="p101", post="审批岗", duties=frozenset({Duty.APPROVE}))
CLERK = Person(id="p102", post="文书岗", duties=frozenset())
CENTRE = Centre(
    id="changning", title="常宁市政务数据中心", level=Level.COUNTY, region="430482", people=(APPROVER, CLERK)
)
NAMES = ("finance", "civil", "police", "land")
TITLES = ("财政局", "民政局", "公安局", "国土资源局")
DEPARTMENTS = tuple(
    Department(id=name, title=title, region="430482", contact="办公室")
    for name, title in zip(NAMES, TITLES, strict=True)
)


def owed(department: str, standing: Standing, **more: object) -> Obligation:
    return Obligation(department=department, feed=f"{department}.feed", period=OCTOBER, standing=standing, **more)


def preview(*obligations: Obligation, at: datetime = NOW, period: Period = OCTOBER) -> Bulletin:
    return Bulletin(period=period, number=0, at=at, by=None, reason=None, entries=tally(NAMES, obligations))


def worded(bulletin: Bulletin, lang: str = "zh", **changes: object) -> Words:
    given = {"centre": CENTRE, "departments": DEPARTMENTS, "changes": (), "lang": lang} | changes
    return Words(bulletin=bulletin, **given)


def approval(number: str, kind: ApprovalKind = ApprovalKind.EXEMPT) -> Approval:
    return Approval(kind=kind, number=number)


def obligations() -> st.SearchStrategy[list[Obligation]]:
    """Any obligations of the county's departments, and some of a department that is not in the catalogue."""
    one = st.builds(
        Obligation,
        department=st.sampled_from([*NAMES, "gone"]),
        feed=st.sampled_from(["a", "b"]),
        period=st.just(OCTOBER),
        standing=st.sampled_from(Standing),
        nil=st.booleans(),
        delay=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400)),
        sent=st.integers(0, 10**6),
        returned=st.integers(0, 10**3),
        held=st.integers(-100, 10**6),
        corrections=st.integers(0, 9),
        notices=st.frozensets(st.sampled_from(["催〔2026〕1号", "催〔2026〕2号"])),
    )
    return st.lists(one, max_size=40)
