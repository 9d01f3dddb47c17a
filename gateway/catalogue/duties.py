"""Who may do what: the one place where a person's duty is asked for, at front-ends and centres alike.

Must never know a certificate: that somebody is who they say, the keys room has decided before.
"""

from __future__ import annotations

from gateway.catalogue.tree import Centre, Department, Duty, Person
from gateway.errors import DutyMissing, UnknownName


def require_duty(party: Department | Centre, person: str | None, duty: Duty) -> Person:
    """The person of this department or centre who has the duty.

    Raises:
        DutyMissing: nobody of that id has it.
    """
    try:
        found = party.person(person or "")
    except UnknownName:
        found = None
    if found is None or duty not in found.duties:
        raise DutyMissing(person=person or "-", party=party.id, duty=duty.value)
    return found


def require_corrector(department: Department, person: str | None) -> None:
    """Raise unless this person may answer for a correction of the department's, reviewed or not.

    Users go by their real names (《管理办法》第十二条): where the catalogue says so of a department, it is one of its
    people with the duty collect. Any other department writes a person or a post, as on paper.

    Raises:
        DutyMissing: this is none of those with the duty.
    """
    if department.real_names:
        require_duty(department, person, Duty.COLLECT)
