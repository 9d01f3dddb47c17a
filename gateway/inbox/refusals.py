"""A refusal as text, so that another receiver, or the same one after a restart, raises the very same.

Facts of errors are identifiers, codes, counts and file names, never a person's data, so they may be stored. Pure.
"""

from __future__ import annotations

import json

from gateway.errors import Refuse, RefusedByNewer, YizhanError


def encode_facts(refusal: Refuse) -> str:
    """The facts as JSON; what is neither a number nor text is kept as it would be shown."""
    plain = {name: fact if isinstance(fact, int | float | str) else str(fact) for name, fact in refusal.facts.items()}
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def decode_refusal(code: str, facts: str) -> Refuse:
    """The refusal that was stored; one this version has no words for becomes RefusedByNewer."""
    kind = next((one for one in YizhanError.all() if one.code == code and issubclass(one, Refuse)), None)
    try:
        return kind(**json.loads(facts)) if kind else RefusedByNewer(refused=code)
    except (KeyError, TypeError):  # its words ask for a fact that the other version did not give
        return RefusedByNewer(refused=code)
