"""The published catalogue over the wire of a real centre: who is given what, and what is refused, on both products."""

from __future__ import annotations

import json

import pytest

from gateway.app import CentreNode, open_node
from gateway.envelope.catalogue import digest_of, read_catalogue
from gateway.keys import KeyRing, Stage
from gateway.publication import Use
from tests.office.world import Centre, Receiver
from tests.wire.world import Answer, ask, make_client, now, raw_connection


def keys(county: Centre, department: str) -> KeyRing:
    return KeyRing(directory=county.county.front_end(department) / "keys", stage=Stage.REHEARSAL)


def get(county: Centre, receiver: Receiver, query: str = "", department: str = "agri") -> Answer:
    with raw_connection(keys(county, department), receiver.port) as connection:
        return ask(connection, "GET", f"/v1/catalogue{query}")


def publish(county: Centre, note: str) -> int:
    """With something changed."""
    path = county.county.centre / "catalogue" / "departments.yaml"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"# {note}\n")
    ended = county.yizhan("catalogue", "publish", "--by", "p101", "--note", note, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["version"]["version"]


def uses(county: Centre) -> dict[str, Use]:
    node = open_node(county.county.centre, {})
    assert isinstance(node, CentreNode)
    found = {one.department: one.use for one in node.published.uses()}
    node.database.dispose()
    return found


def test_before_anything_is_published_there_is_nothing_to_give(county: Centre, receiver: Receiver) -> None:
    answer = get(county, receiver, "?after=0")
    assert (answer.status, answer.body) == (204, b"")


def test_a_running_centre_gives_the_newest_version_to_whoever_is_behind_and_any_department_can_verify_it(
    county: Centre, receiver: Receiver
) -> None:
    old, new = publish(county, "一"), publish(county, "二")
    for query in ("", "?after=0", f"?after={old}", f"?after={old}&refused={old}&code=YZ-1020"):
        answer = get(county, receiver, query, "civil")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/cms")
        said = read_catalogue(answer.body, keys(county, "finance").trust(), now())
        assert (said.centre, said.version, said.note) == ("changning", new, "二")
    for query in (f"?after={new}", f"?after={old}&refused={new}&code=YZ-1020", f"?after={new + 1}"):
        assert get(county, receiver, query, "civil").status == 204


def test_what_a_department_says_of_itself_is_remembered_for_it_alone(county: Centre, receiver: Receiver) -> None:
    new = publish(county, "三")
    get(county, receiver, f"?after={new - 1}&refused={new}&code=YZ-4913", "agri")
    get(county, receiver, f"?after={new}", "finance")
    found = uses(county)
    assert found["agri"] == Use(version=new - 1, refused=new, code="YZ-4913")
    assert found["finance"] == Use(version=new)


def test_our_client_speaks_it(county: Centre, receiver: Receiver) -> None:
    new = publish(county, "四")
    with make_client(keys(county, "finance"), receiver.port) as client:
        paper = client.catalogue(0)
        assert paper is not None
        assert read_catalogue(paper, keys(county, "finance").trust(), now()).version == new
        assert client.catalogue(new) is None
        assert client.catalogue(1, new, "YZ-1020") is None
    assert uses(county)["finance"] == Use(version=1, refused=new, code="YZ-1020")


def test_another_receiver_gives_the_same_paper(county: Centre, receiver: Receiver) -> None:
    publish(county, "五")
    other = county.receiver()
    assert digest_of(get(county, other).body) == digest_of(get(county, receiver).body)


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=-1", "?after=1.0", "?after=", "?after=1000000001", "?refused=%EF%BC%91", "?code=rm"]
)
def test_a_question_that_is_none_is_refused(county: Centre, receiver: Receiver, query: str) -> None:
    answer = get(county, receiver, query)
    assert (answer.status, answer.code) == (400, "YZ-6121")


def test_only_departments_are_given_one(county: Centre, receiver: Receiver) -> None:
    ring = KeyRing(directory=county.county.centre / "keys", stage=Stage.REHEARSAL)
    with raw_connection(ring, receiver.port) as connection:
        answer = ask(connection, "GET", "/v1/catalogue")
    assert (answer.status, answer.code) == (403, "YZ-5060")
