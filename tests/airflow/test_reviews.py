"""Reviews in the real Airflow: nothing leaves a front-end but what its reviewer has looked at."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.calendar import Period
from gateway.errors import DigestReplaced, ReleaseOfOtherContent, ReviewerWrong, ReviewRejected
from scripts.airflow_county import Running
from tests.airflow.county import BONUS, FORM, RELIEF, SEED, event_of, events_of, line_of, place_event, report
from tests.airflow.rest import User, until
from tests.peers.command import Yizhan


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A run whose batch waits for a reviewer, and the question's text."""

    event: Period
    run: str
    body: str

    @property
    def batch(self) -> str:
        return f"{BONUS}/{self.event}/r1"

    @property
    def digest(self) -> str:
        return self.body.split("摘要 `")[1][:64]


CORRECTED = event_of(30)


@pytest.fixture(scope="module")
def reported(world: Running, collector: User) -> str:
    """The run of an event whose first report waits for nobody."""
    place_event(world.county, RELIEF, CORRECTED, SEED)
    return report(collector, RELIEF, CORRECTED)


@pytest.fixture(scope="module")
def asked(world: Running, admin: User, reported: str) -> tuple[Asked, ...]:
    """Three of them, which wait at the same time."""
    events = [event_of(20 + i) for i in range(3)]
    for event in events:
        place_event(world.county, BONUS, event, SEED)
    collector = User(world.airflow.place, "finance.p001")
    runs = [(event, report(collector, BONUS, event)) for event in events]
    return tuple(Asked(event=event, run=run, body=admin.asked(BONUS, run)) for event, run in runs)


@pytest.fixture(scope="module")
def collector(world: Running) -> User:
    return User(world.airflow.place, "finance.p001")


@pytest.fixture(scope="module")
def reviewer(world: Running) -> User:
    return User(world.airflow.place, "finance.p003")


@pytest.fixture
def office(world: Running) -> httpx.Client:
    token = world.airflow.place.token_file.read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=world.airflow.place.office, headers=headers, timeout=40, trust_env=False)


def released(office: httpx.Client, asked: Asked, digest: str) -> Any:
    """How an instruction ends to release another digest than is held."""
    wanted = {"action": "release", "feed": BONUS, "period": str(asked.event), "batch": asked.batch, "by": "p003"}
    wanted |= {"digest": digest, "request": f"test/{digest}"}
    number = office.post("/office/v1/instructions", json=wanted).raise_for_status().json()["number"]

    def ended() -> Any:
        standing = office.get(f"/office/v1/instructions/{number}", params={"wait": 30}).raise_for_status().json()
        return standing if standing["ended_at"] else None

    return until(ended, f"{number} never ended")


def test_what_is_rejected_stays_held_and_is_asked_anew_until_the_right_person_approves(
    world: Running, asked: tuple[Asked, ...], office: httpx.Client, admin: User, reviewer: User, centre: Yizhan
) -> None:
    one, collector = asked[0], User(world.airflow.place, "finance.p001")
    for wrong in (User(world.airflow.place, "civil.p003"), collector, admin):
        assert wrong.answers(BONUS, one.run, "Approve").status_code == httpx.codes.FORBIDDEN
    reviewer.answers(BONUS, one.run, "Reject").raise_for_status()
    assert admin.ended(BONUS, one.run) == "failed"
    assert f"[{ReviewRejected.code}] " in admin.log(BONUS, one.run, "review")
    assert events_of(centre, one.batch) == []
    collector.clear(BONUS, one.run, "请再审")
    assert Asked(event=one.event, run=one.run, body=admin.asked(BONUS, one.run)).digest == one.digest
    other = released(office, one, hashlib.sha256(b"another").hexdigest())
    assert (other["state"], other["code"]) == ("failed", ReleaseOfOtherContent.code)
    reviewer.answers(BONUS, one.run, "Approve").raise_for_status()
    assert admin.ended(BONUS, one.run) == "success"
    loaded = line_of(centre, one.batch, "loaded")
    assert (loaded["digest"], json.loads(loaded["detail"])["released_by"]) == (one.digest, "p003")


def test_what_was_collected_again_after_the_question_is_not_released_by_its_answer(
    world: Running, asked: tuple[Asked, ...], admin: User, collector: User, reviewer: User, centre: Yizhan
) -> None:
    one = asked[1]
    place_event(world.county, BONUS, one.event, SEED + 1)
    collector.clear_task(BONUS, one.run, "collect", and_what_follows=False)
    until(lambda: admin.tasks(BONUS, one.run)["collect"]["state"] == "success" or None, "not collected again")
    reviewer.answers(BONUS, one.run, "Approve").raise_for_status()
    assert admin.ended(BONUS, one.run) == "failed"
    assert f"[{DigestReplaced.code}] " in admin.log(BONUS, one.run, "release")
    assert events_of(centre, one.batch) == events_of(centre, f"{BONUS}/{one.event}/r2") == []


def test_whoever_operates_a_run_cannot_answer_for_the_reviewer(
    asked: tuple[Asked, ...], admin: User, collector: User, centre: Yizhan
) -> None:
    one = asked[2]
    place = f"dags/{BONUS}/dagRuns/{one.run}/taskInstances/review"
    for key, value in (("return_value", {"user": "finance.p003"}), ("reviewed", one.digest)):
        collector.ask("POST", f"{place}/xcomEntries", json={"key": key, "value": value}).raise_for_status()
    collector.ask("PATCH", place, json={"new_state": "success"}).raise_for_status()
    assert admin.ended(BONUS, one.run) == "failed"
    assert f"[{ReviewerWrong.code}] " in admin.log(BONUS, one.run, "release")
    assert events_of(centre, one.batch) == []


def test_a_correction_by_the_form_waits_for_the_reviewer(
    world: Running, reported: str, admin: User, collector: User, reviewer: User, centre: Yizhan
) -> None:
    event = CORRECTED
    again = collector.ask("POST", f"dags/{RELIEF}/dagRuns", json={"logical_date": event.moment.isoformat()})
    assert again.status_code == httpx.codes.CONFLICT
    assert admin.ended(RELIEF, reported) == "success"
    assert line_of(centre, f"{RELIEF}/{event}/r1", "loaded")["by"] == "p001"
    place_event(world.county, RELIEF, event, SEED + 1)
    form = {"feed": RELIEF, "period": str(event), "reason": "漏报两户\n补报 ", "order": None}
    sent = collector.ask("POST", f"dags/{FORM}/dagRuns", json={"logical_date": None, "conf": form})
    correction = sent.raise_for_status().json()["dag_run_id"]
    assert "- 理由 漏报两户 补报" in admin.asked(FORM, correction)
    assert events_of(centre, f"{RELIEF}/{event}/r2") == []
    reviewer.answers(FORM, correction, "Approve").raise_for_status()
    assert admin.ended(FORM, correction) == "success"
    loaded = line_of(centre, f"{RELIEF}/{event}/r2", "loaded")
    detail = json.loads(loaded["detail"])
    assert (loaded["by"], detail["reason"], detail["released_by"]) == ("p001", "漏报两户 补报", "p003")
