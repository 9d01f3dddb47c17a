"""Any refusal can be stored and told again by another receiver, word for word."""

from __future__ import annotations

import string

import pytest

from gateway.errors import ConfigFaults, Refuse, RefusedByNewer, YizhanError
from gateway.inbox.refusals import decode_refusal, encode_facts

# ConfigFaults holds other errors: it is raised while a site is read, and no batch is refused with it
REFUSALS = [kind for kind in YizhanError.all() if issubclass(kind, Refuse) and kind is not ConfigFaults]


def made(kind: type[YizhanError]) -> YizhanError:
    """With a fact of a class of its own for each name that its words ask for."""
    asked = {
        name
        for text in (kind.zh, kind.en, kind.zh_next, kind.en_next)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    return kind(**{name: Named(name) for name in asked})


class Named:
    """Something that is shown, as an Identity or a Path is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return f"某{self._name}"


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.code)
def test_a_stored_refusal_says_the_same(kind: type[Refuse]) -> None:
    refusal = made(kind)
    again = decode_refusal(refusal.code, encode_facts(refusal))
    assert (type(again), again.code, again.exit_code, again.status) == (kind, kind.code, kind.exit_code, kind.status)
    assert [again.message(lang) for lang in ("zh", "en")] == [refusal.message(lang) for lang in ("zh", "en")]


@pytest.mark.parametrize(
    ("code", "facts"), [("YZ-9999", "{}"), ("YZ-5001", "{}"), ("YZ-6050", "{}"), ("YZ-1008", "{}")]
)
def test_a_refusal_that_this_version_cannot_say_is_still_one(code: str, facts: str) -> None:
    told = decode_refusal(code, facts)
    assert isinstance(told, RefusedByNewer)
    assert code in told.message("en")
