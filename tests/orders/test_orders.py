"""Orders as a site keeps them: issued by whoever may, entered before they can be used, verified each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.registry import Registry
from gateway.catalogue import Centre, Level, load
from gateway.database import open_database
from gateway.envelope.papers import Order, sign_order
from gateway.errors import OrderUnknown, Refuse, YizhanError
from gateway.keys import Party
from gateway.ledger import Detail, Event, EventKind, Ledger
from gateway.orders import Kept, Office, Orders, Unusable, accept, issue, used
from tests.envelope.world import NOW, World

WORLD = World()
CATALOGUE = load(Path(__file__).parents[2] / "sample" / "catalogue", Registry.installed().configs())


def order(**changes: object) -> Order:
    return Order(**{
        "number": "常整改〔2026〕3号", "centre": "changning", "person": "p101", "departments": (),
        "feeds": ("finance.onecard",), "first": "2025-01", "last": "2025-12", "reason": "审计发现重复发放",
        "issued_at": NOW, "expires_at": NOW + timedelta(days=30), "uses": 2, **changes,
    })  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(
        orders=Orders(root=tmp_path / "orders"),
        ledger=Ledger(open_database(tmp_path / "ledger.db"), "centre"),
        catalogue=CATALOGUE,
        trust=lambda: WORLD.trust,
        clock=lambda: NOW,
    )


def kept(office: Office, at: datetime = NOW) -> list[Kept | Unusable]:
    return list(office.orders.all(WORLD.trust, at))


def entered(office: Office) -> list[tuple[str | None, str | None, str | None, str | None]]:
    return [(one.by, one.said.number, one.said.reason, one.said.until) for one in office.ledger.lines()]


def refused(office: Office, said: Order) -> str:
    with pytest.raises(Refuse) as error:
        issue(said, WORLD.approver.signer, office)
    return error.value.code


def test_an_order_is_signed_entered_and_kept(office: Office) -> None:
    issued = issue(order(), WORLD.approver.signer, office)
    assert issued.order == order()
    assert kept(office) == [issued]
    until = (NOW + timedelta(days=30)).isoformat(timespec="seconds")
    assert entered(office) == [("p101", "常整改〔2026〕3号", "审计发现重复发放", until)]
    assert office.orders.find("常整改〔2026〕3号", WORLD.trust, NOW) == issued


def test_an_order_outlives_the_certificate_of_who_issued_it(office: Office) -> None:
    issued = issue(order(), WORLD.approver.signer, office)
    assert kept(office, NOW + timedelta(days=4000)) == [issued]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"person": "p001"}, "YZ-5040", id="nobody the centre knows"),
        pytest.param({"centre": "hengyang"}, "YZ-5045", id="a centre the feed does not pass"),
        pytest.param({"feeds": ("finance.nothing",)}, "YZ-1006", id="no such feed"),
        pytest.param({"departments": ("nobody",)}, "YZ-1006", id="no such department"),
        pytest.param({"first": "2025-12", "last": "2025-01"}, "YZ-4001", id="upside down"),
        pytest.param({"uses": 0}, "YZ-4001", id="never to be used"),
        pytest.param({"reason": "11010519491231002X 重复"}, "YZ-7008", id="a person's number in the reason"),
    ],
)
def test_what_may_not_be_issued_leaves_neither_file_nor_line(
    office: Office, changes: dict[str, object], code: str
) -> None:
    assert refused(office, order(**changes)) == code
    assert (kept(office), entered(office)) == ([], [])


def test_nobody_issues_an_order_in_another_persons_name(office: Office) -> None:
    stranger = WORLD.person(Party.CENTRE, "changning", "p102")
    with pytest.raises(Refuse) as error:
        issue(order(), stranger.signer, office)
    assert error.value.code == "YZ-4711"
    assert (kept(office), entered(office)) == ([], [])


def test_a_number_is_given_once(office: Office) -> None:
    issued = issue(order(), WORLD.approver.signer, office)
    assert refused(office, order(uses=50)) == "YZ-2078"
    assert kept(office) == [issued]


def test_the_same_paper_taken_in_again_changes_nothing(office: Office) -> None:
    data = sign_order(order(), WORLD.approver.signer)
    assert accept(data, office) == accept(data, office)
    assert (len(kept(office)), len(entered(office))) == (1, 1)


def test_an_order_whose_file_was_lost_before_it_was_kept_is_taken_in_with_one_line(office: Office) -> None:
    data = sign_order(order(), WORLD.approver.signer)
    accept(data, office)
    next(office.orders.root.iterdir()).unlink()
    accept(data, office)
    assert (len(kept(office)), len(entered(office))) == (1, 1)


def test_a_changed_file_is_no_order_and_hides_no_other(office: Office) -> None:
    genuine = issue(order(), WORLD.approver.signer, office)
    other = issue(order(number="二"), WORLD.approver.signer, office)
    path = office.orders.root / other.file
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    assert sorted(type(one).__name__ for one in kept(office)) == ["Kept", "Unusable"]
    assert office.orders.find(genuine.order.number, WORLD.trust, NOW) == genuine
    with pytest.raises(OrderUnknown):
        office.orders.find("二", WORLD.trust, NOW)


@pytest.mark.parametrize("content", [b"", b"no order", b"0" * 100_000])
def test_a_foreign_file_is_named_and_never_trusted(office: Office, content: bytes) -> None:
    office.orders.root.mkdir()
    (office.orders.root / "foreign.p7s").write_bytes(content)
    (found,) = kept(office)
    assert isinstance(found, Unusable) and found.file == "foreign.p7s" and isinstance(found.error, YizhanError)


def test_uses_are_counted_by_the_lines_that_name_the_number(office: Office) -> None:
    for i, number in enumerate(("A", "A", "B", None)):
        detail = Detail(number=number)
        office.ledger.append(Event(at=NOW, kind=EventKind.SEALED, digest=f"{i}" * 64, detail=detail))
    assert used("A", office.ledger, EventKind.SEALED) == 2
    assert used("A", office.ledger, EventKind.SEALED, {"0" * 16}) == 1
    assert used("A", office.ledger, EventKind.LOADED) == 0


def test_an_order_from_below_the_highest_centre_a_feed_is_addressed_to_is_not_issued(office: Office) -> None:
    """The county would load under it what the city refuses, and the period could never be put right there."""
    city = Centre(
        id="hengyang", title="衡阳市", level=Level.CITY, region="430400", people=CATALOGUE.centre("changning").people
    )
    for routes, path, code in (
        (("changning", "hengyang"), ("changning", "hengyang"), "YZ-5045"),
        (("hengyang",), ("changning", "hengyang"), "YZ-5045"),
    ):
        feed = replace(CATALOGUE.feed("finance.onecard"), routes=routes, path=path)
        levels = replace(CATALOGUE, centres=(*CATALOGUE.centres, city), feeds=(feed,))
        assert refused(replace(office, catalogue=levels), order()) == code
        assert (kept(office), entered(office)) == ([], [])
    below = replace(CATALOGUE.feed("finance.onecard"), routes=("changning",), path=("changning", "hengyang"))
    carried = replace(CATALOGUE, centres=(*CATALOGUE.centres, city), feeds=(below,))
    issue(order(), WORLD.approver.signer, replace(office, catalogue=carried))
