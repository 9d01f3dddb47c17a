"""The ledger takes counts and identifiers, and no person's number in any spelling."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerTextRefused
from gateway.ledger import Detail, Event, EventKind

AT = datetime(2026, 11, 22, tzinfo=UTC)
ID = "430482195001010016"


@pytest.mark.parametrize(
    "said",
    [
        {"by": f"张 {ID}"},
        {"by": "4304 8219 5001 0100 16"},
        {"by": "４３０４８２１９５００１０１００１６"},
        {"by": "6217-0012-3456-7890-123"},
        {"by": "经办岗 13800138000"},
        {"by": "１３８００１３８０００"},
        {"by": "138-0013-8000"},
        {"by": "138 0013 8000"},
        {"by": "line\nbreak"},
        {"by": ""},
        {"batch": ID},
        {"feed": "a b"},
        {"code": "YZ 1"},
        {"digest": ID},
        {"period": "'; drop table ledger; --"},
    ],
)
def test_text_that_is_no_identifier_or_holds_a_persons_number_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(LedgerTextRefused) as refused:
        Event(at=AT, kind=EventKind.REFUSED, **said)
    assert ID not in refused.value.message("zh") + refused.value.message("en")


@pytest.mark.parametrize("said", [{"centre": ID}, {"department": "财政局"}, {"content": ID}, {"head": "A" * 64}])
def test_details_are_identifiers_and_digests_only(said: dict[str, str]) -> None:
    with pytest.raises(LedgerTextRefused):
        Detail(**said)


@given(digits=st.text("0123456789", min_size=11, max_size=19), around=st.text(" -年x", max_size=4))
def test_eleven_digits_together_never_enter_as_text(digits: str, around: str) -> None:
    text = around + digits + around
    with pytest.raises(LedgerTextRefused):
        Event(at=AT, kind=EventKind.SEALED, by=text)
    for column in ("number", "reason"):
        with pytest.raises(LedgerTextRefused):
            Detail(**{column: text})


def test_numbers_dates_and_region_codes_as_offices_write_them_enter() -> None:
    written = Detail(
        number="湘纪授〔2025〕1234567890号",
        reason="2026-01-01 至 2026-03-31 更正 1,234,567,890 分",
        region="430482103204",
    )
    assert Detail.decode(written.encode()) == written


def test_a_moment_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        Event(at=datetime(2026, 11, 22), kind=EventKind.SEALED)


def test_details_are_flat_json_with_only_what_was_said() -> None:
    assert Detail(rows=3, size=0, centre="changning").encode() == '{"centre":"changning","rows":3,"size":0}'
