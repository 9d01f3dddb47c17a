"""docker/compose.yaml and docker/compose.celery.yaml, parsed: rights, secrets, networks, and that all parts fit."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from adapters.registry import Registry
from gateway.app.site import CentreFile, FrontEndFile, read_site
from gateway.catalogue import load
from gateway.catalogue.compiled import Compiled
from scripts.airflow_local import Place
from tests.deploy import compose
from tests.deploy.dockerfile import stages
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT
from tests.wire.world import wait_until

COUNTY, CELERY = compose.county(), compose.with_celery()
BOTH = pytest.mark.parametrize("whole", [COUNTY, CELERY], ids=["local", "celery"])
SERVICES = [(name, service) for name, service in CELERY["services"].items()]
EACH = pytest.mark.parametrize("service", [service for _, service in SERVICES], ids=[name for name, _ in SERVICES])
FRONT_ENDS = ("front-end-finance", "front-end-agri")
_EXACT = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)?")
_COMMAND = r"""sh -ec 'test [^;']+; printf %s "\$\$\(cat /run/secrets/[a-z_]+\)"'"""
_FROM_A_FILE = re.compile(f"/run/secrets/[a-z_]+|{_COMMAND}")
METADATA, TASKS = {"airflow_database_url", "airflow_fernet_key"}, {"office_token", "airflow_reader"}
QUEUE = {"airflow_broker_url", "airflow_result_backend"}
HOLDS = {
    "airflow-migrate": METADATA,
    "airflow-api": METADATA | {"airflow_jwt_key", "airflow_api_key", "airflow_passwords", "office_token"},
    "airflow-scheduler": METADATA | TASKS | {"airflow_jwt_key"},
    "airflow-dag-processor": METADATA,
    "airflow-triggerer": METADATA | {"office_token"},
}
"""With LocalExecutor; tests/deploy/test_parts.py shows that it is enough."""
SAMPLES = "finance.p001:op,finance.p003:op,agri.p001:op,agri.p003:op,duty:viewer,yizhan:viewer"


def neighbours(whole: dict[str, Any], name: str) -> dict[str, set[str]]:
    """The services on each network of a service, itself left out."""
    services = whole["services"]
    return {
        network: {other for other, service in services.items() if network in service.get("networks", [])} - {name}
        for network in services[name].get("networks", [])
    }


@EACH
def test_a_service_can_do_no_more_than_it_must(service: dict[str, Any]) -> None:
    assert set(service) <= compose.SERVICE_KEYS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 512
    assert service["logging"]["driver"] == "local", "a log that grows for ever fills the disk"
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


@EACH
def test_an_image_is_an_exact_version_or_one_of_ours(service: dict[str, Any]) -> None:
    assert _EXACT.fullmatch(service["image"])
    if service["image"].startswith("yizhan-"):
        target = service["image"].removeprefix("yizhan-").partition(":")[0]
        assert target in stages()
        if "build" in service:
            assert service["build"] == {"context": "..", "dockerfile": "docker/Dockerfile", "target": target}


@EACH
def test_every_service_has_a_health_check(service: dict[str, Any]) -> None:
    image = service["image"].removeprefix("yizhan-").partition(":")[0]
    assert "healthcheck" in service or stages()[image].last("HEALTHCHECK")


@BOTH
def test_every_service_starts_again_but_the_one_that_has_an_end(whole: dict[str, Any]) -> None:
    restart = {name: service["restart"] for name, service in whole["services"].items()}
    assert restart.pop("airflow-migrate") == "no"
    assert set(restart.values()) == {"unless-stopped"}


@BOTH
def test_the_nodes_keep_their_images_check_which_is_a_signed_round_trip(whole: dict[str, Any]) -> None:
    for name in ("centre", *FRONT_ENDS):
        assert "healthcheck" not in whole["services"][name]
        assert "command" not in whole["services"][name]


@EACH
def test_no_secret_stands_in_the_environment(service: dict[str, Any]) -> None:
    assert set(compose.environment_files(service)) <= {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"}
    for name, value in service.get("environment", {}).items():
        if name == "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE":
            assert value == "/opt/airflow/passwords.json", "in memory: /opt/airflow is a tmpfs"
        elif re.search(r"PASSWORD|SECRET|TOKEN|KEY|CONN|BROKER|BACKEND", name):
            assert name.endswith(("_FILE", "_CMD")), name
            assert _FROM_A_FILE.fullmatch(value), name


@BOTH
def test_secrets_are_files_each_is_used_and_each_that_is_used_is_there(whole: dict[str, Any]) -> None:
    declared = {name: said["file"] for name, said in whole["secrets"].items()}
    assert all(place.startswith("./county/secrets/") for place in declared.values())
    assert len(set(declared.values())) == len(declared)
    used = set().union(*(compose.secrets_of(service) for service in whole["services"].values()))
    assert used == set(declared)


@BOTH
def test_who_reads_a_secret_from_a_file_is_given_it(whole: dict[str, Any]) -> None:
    for name, service in whole["services"].items():
        said = f"{service.get('environment', {})} {service.get('command', '')}"
        wanted = set(re.findall(r"/run/secrets/(\w+)", said))
        assert wanted <= compose.secrets_of(service), name


@BOTH
def test_secrets_of_one_file_are_read_by_services_of_one_user(whole: dict[str, Any]) -> None:
    for name in whole["secrets"]:
        users = {one["user"] for one in whole["services"].values() if name in compose.secrets_of(one)}
        assert len(users) == 1, (name, users)


@BOTH
def test_what_is_mounted_is_in_this_repository_or_of_the_county(whole: dict[str, Any]) -> None:
    for name, service in whole["services"].items():
        for path, said in compose.binds(service):
            ours = path.is_relative_to(compose.PLACE / "county")
            assert ours or path.resolve().exists(), (name, path)
            assert ours or said["read_only"] is True, (name, path)


@BOTH
def test_volumes_and_networks_are_declared_and_used(whole: dict[str, Any]) -> None:
    services = whole["services"].values()
    volumes = {one["source"] for service in services for one in service.get("volumes", []) if one["type"] == "volume"}
    assert volumes == set(whole["volumes"])
    networks = {network for service in services for network in service.get("networks", [])}
    assert networks == set(whole["networks"])
    assert all(("networks" in service) != ("network_mode" in service) for service in services)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_front_end_only_calls_out_and_meets_nobody_but_nginx(name: str) -> None:
    service = CELERY["services"][name]
    assert "ports" not in service
    department = name.removeprefix("front-end-")
    assert neighbours(CELERY, name) == {f"line-{department}": {"edge"}, f"sources-{department}": set()}
    assert CELERY["networks"][f"line-{department}"] == {"internal": True}


@BOTH
def test_the_centre_is_reached_by_nginx_airflow_and_what_shares_its_database_alone(whole: dict[str, Any]) -> None:
    assert neighbours(whole, "centre")["hall"] == {"edge"}
    assert {name for name in neighbours(whole, "centre")["office"] if not name.startswith("airflow-")} == set()
    for network in whole["services"]["centre"]["networks"]:
        assert whole["networks"][network] == {"internal": True}


@BOTH
def test_airflow_has_no_way_to_a_department_or_out(whole: dict[str, Any]) -> None:
    for name, service in whole["services"].items():
        if name.startswith("airflow-"):
            assert set(service["networks"]) <= {"office", "records", "pages", "queue"}, name
            assert all(whole["networks"][one] == {"internal": True} for one in set(service["networks"]) - {"pages"})
    assert [name for name, one in whole["services"].items() if "pages" in one.get("networks", [])] == [
        "airflow-api", "prometheus",
    ]  # fmt: skip


@BOTH
def test_only_nginx_is_published_beyond_this_machine(whole: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in whole["services"].items() if "ports" in service}
    assert published == {
        "edge": ["8443:8443"],
        "airflow-api": ["127.0.0.1:8080:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],
    }


@BOTH
def test_airflow_holds_no_key_and_no_site(whole: dict[str, Any]) -> None:
    for name, service in whole["services"].items():
        if name.startswith("airflow-"):
            places = [str(path) for path, _ in compose.binds(service)]
            assert not [path for path in places if "keys" in path or path.endswith(("centre", "finance", "agri"))]
            assert not [one for one in compose.secrets_of(service) if one.startswith(("database", "finance", "agri"))]


@BOTH
def test_who_waits_for_another_waits_for_a_service_that_is_there(whole: dict[str, Any]) -> None:
    conditions = {"service_healthy", "service_started", "service_completed_successfully"}
    for service in whole["services"].values():
        for other, said in service.get("depends_on", {}).items():
            assert other in whole["services"]
            assert said["condition"] in conditions


def test_nothing_in_it_waits_for_a_variable_of_the_shell() -> None:
    for name in ("compose.yaml", "compose.celery.yaml"):
        text = (compose.PLACE / name).read_text(encoding="utf-8")
        assert re.findall(r"(?<!\$)\$(?!\$)\S*", text) == []


def test_the_overlay_moves_airflow_to_celery_and_leaves_the_rest_alone() -> None:
    airflow = {name for name in CELERY["services"] if name.startswith("airflow-") and name != "airflow-migrate"}
    assert airflow - set(COUNTY["services"]) == {"airflow-worker"}
    for name in airflow:
        service = CELERY["services"][name]
        assert service["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
        assert ("queue" in service["networks"]) == (name in ("airflow-scheduler", "airflow-worker"))
    untouched = set(COUNTY["services"]) - airflow
    assert {name: CELERY["services"][name] for name in untouched} == {
        name: COUNTY["services"][name] for name in untouched
    }


def test_a_part_of_airflow_holds_the_secrets_it_needs_and_no_others() -> None:
    def held(whole: dict[str, Any]) -> dict[str, set[str]]:
        return {name: compose.secrets_of(one) for name, one in whole["services"].items() if name.startswith("airflow-")}

    assert held(COUNTY) == HOLDS
    scheduler = {"airflow-scheduler": HOLDS["airflow-scheduler"] | QUEUE}
    assert held(CELERY) == HOLDS | scheduler | {"airflow-worker": QUEUE | TASKS}


def test_a_worker_cannot_reach_the_database_and_has_what_the_scheduler_tells_tasks_with() -> None:
    worker, scheduler = CELERY["services"]["airflow-worker"], CELERY["services"]["airflow-scheduler"]
    assert set(worker["networks"]) == {"office", "queue"}
    assert "database" not in {other for them in neighbours(CELERY, "airflow-worker").values() for other in them}
    for name in ("image", "user", "read_only", "tmpfs", "cap_drop", "security_opt", "logging"):
        assert worker[name] == scheduler[name]
    of_tasks = ("YIZHAN_", "AIRFLOW__WORKERS__", "AIRFLOW__API__", "AIRFLOW__LOGGING__")
    named = {name for name in worker["environment"] if name.startswith(of_tasks)}
    assert named == {name for name in scheduler["environment"] if name.startswith(of_tasks)}
    shared = set(worker["environment"]) & set(scheduler["environment"])
    assert {n: worker["environment"][n] for n in shared} == {n: scheduler["environment"][n] for n in shared}


@BOTH
def test_airflows_api_answers_before_any_other_part_starts(whole: dict[str, Any]) -> None:
    for name, service in whole["services"].items():
        if name.startswith("airflow-") and name not in ("airflow-migrate", "airflow-api"):
            assert service["depends_on"]["airflow-api"] == {"condition": "service_healthy"}, name
    api = whole["services"]["airflow-api"]
    assert api["depends_on"]["airflow-migrate"] == {"condition": "service_completed_successfully"}
    check = api["healthcheck"]["test"][-1]
    compile(check, "healthcheck", "exec")
    assert "/api/v2/version" in check
    assert "/execution/health" in check


@BOTH
def test_airflow_has_the_settings_that_proved_necessary(whole: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    place = Place(home=tmp_path, port=1, compiled=tmp_path, office="", token_file=tmp_path, users={})
    wanted = ("AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL", "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT")
    assert {name: place.environment[name] for name in wanted} == dict(zip(wanted, ("1", "60"), strict=True))
    for name, service in whole["services"].items():
        if name.startswith("airflow-"):
            said = service["environment"]
            assert {one: said[one] for one in wanted} == {one: place.environment[one] for one in wanted}, name


def test_a_short_signing_key_or_an_empty_secret_is_refused_and_a_line_break_is_no_part_of_one(tmp_path: Path) -> None:
    """By the very commands that Airflow is told to run."""
    settings = chain.from_iterable(service.get("environment", {}).items() for service in CELERY["services"].values())
    commands = {command for name, command in settings if name.endswith("_CMD")}
    assert len(commands) == 6
    for command in commands:
        (name,) = set(re.findall(r"/run/secrets/(\w+)", command))
        words = shlex.split(command.replace("$$", "$").replace("/run/secrets", str(tmp_path)))
        short = "k" * 62 + "\n" if name == "airflow_jwt_key" else ""
        for content, said in (("", None), (short, None), ("k" * 64 + "\n", "k" * 64)):
            (tmp_path / name).write_text(content, encoding="utf-8")
            ended = subprocess.run(words, capture_output=True, text=True, check=False)
            assert (ended.stdout if ended.returncode == 0 else None) == said, (name, content)


def test_the_users_of_airflow_are_samples_named_after_people_of_the_catalogue() -> None:
    api = COUNTY["services"]["airflow-api"]
    users = compose.environment_files(api)["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert users == SAMPLES
    assert "SAMPLES" in (compose.PLACE / "county" / "airflow.env").read_text(encoding="utf-8")
    departments = load(ROOT / "sample" / "catalogue", Registry.installed().configs()).departments
    known = {f"{department.id}.{person.id}" for department in departments for person in department.people}
    assert {user.split(":")[0] for user in users.split(",") if "." in user} <= known
    reader = COUNTY["services"]["airflow-scheduler"]["environment"]["YIZHAN_AIRFLOW_USER"]
    assert f"{reader}:viewer" in users.split(",")


def test_airflow_is_given_a_copy_of_the_passwords_that_it_may_write_to() -> None:
    """It opens the file for appending at its start and at each log-in; a secret cannot be written to."""
    api = COUNTY["services"]["airflow-api"]
    copied, started = api["command"][0].splitlines()
    assert copied == "install -m 600 /run/secrets/airflow_passwords /opt/airflow/passwords.json"
    assert started.startswith("exec airflow api-server ")
    assert api["entrypoint"] == ["sh", "-ec"]
    assert any(one.startswith("/opt/airflow:") and "uid=10001" in one for one in api["tmpfs"])


def test_a_volume_of_our_images_belongs_to_who_writes_there() -> None:
    """An engine gives a new volume the owner of what lies at its place in the image; of nothing, root."""
    said = " ".join(run.text for run in stages()["airflow"].all("RUN"))
    assert "install -d -o 10001 -g 10001 -m 700 /opt/airflow /opt/airflow-logs" in said
    ours = {
        (service["image"], one["target"])
        for service in CELERY["services"].values()
        for one in service.get("volumes", [])
        if one["type"] == "volume" and service["image"].startswith("yizhan-")
    }
    assert ours == {("yizhan-airflow:0.1.0", "/opt/airflow-logs")}


@dataclass(frozen=True, kw_only=True)
class Compiling:
    """The service that compiles the catalogue, on this machine: its own command, with shorter nights."""

    place: Path

    def start(self, yizhan: str) -> subprocess.Popen[bytes]:
        for name in ("tmp", "compiled", "bin"):
            (self.place / name).mkdir()
        program = self.place / "bin" / "yizhan"
        program.write_text(f"#!/bin/sh\n{yizhan}\n", encoding="utf-8")
        program.chmod(0o755)
        service = COUNTY["services"]["catalogue"]
        words = [*service["entrypoint"], self._local(service["command"][0]).replace("sleep 600", "sleep 0.1")]
        return subprocess.Popen(words, env={"PATH": f"{program.parent}:/usr/bin:/bin"})

    def healthy(self) -> bool:
        kind, command = COUNTY["services"]["catalogue"]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        return subprocess.run(["sh", "-c", self._local(command)], capture_output=True, check=False).returncode == 0

    def _local(self, text: str) -> str:
        return text.replace("$$", "$").replace("/tmp/", f"{self.place}/tmp/").replace("/compiled/", f"{self.place}/c/")


def test_a_catalogue_that_does_not_compile_makes_its_service_unhealthy_until_it_does(tmp_path: Path) -> None:
    compiling = Compiling(place=tmp_path)
    child = compiling.start(f'echo "$@" >>{tmp_path}/asked; test ! -e {tmp_path}/broken')
    try:
        wait_until(compiling.healthy)
        (tmp_path / "broken").touch()
        wait_until(lambda: not compiling.healthy())
        (tmp_path / "broken").unlink()
        wait_until(compiling.healthy)
        old = time.time() - 26 * 60
        child.send_signal(signal.SIGSTOP)
        os.utime(tmp_path / "tmp" / "compiled", (old, old))
        assert not compiling.healthy(), "nothing was compiled for longer than two rounds"
    finally:
        child.send_signal(signal.SIGCONT)
        child.terminate()
        assert child.wait(5) == 0, "an engine's stop need not wait for its patience to end"
    assert set((tmp_path / "asked").read_text().splitlines()) == {
        f"catalogue compile --out {tmp_path}/c/catalogue.json"
    }


def test_what_compiles_the_catalogue_needs_the_site_file_and_the_catalogue_and_no_key(tmp_path: Path) -> None:
    service = COUNTY["services"]["catalogue"]
    given = {one["target"] for one in service["volumes"]}
    assert given == {"/site/site.yaml", "/site/catalogue", "/compiled"}
    assert "secrets" not in service
    site = tmp_path / "site"
    shutil.copytree(ROOT / "sample" / "catalogue", site / "catalogue")
    shutil.copy(compose.PLACE / "county" / "centre" / "site.yaml", site)
    before = sorted(site.rglob("*"))
    out = tmp_path / "catalogue.json"
    ended = Yizhan(scratch=tmp_path).run("--site", site, "catalogue", "compile", "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert {feed.feed for feed in Compiled.parse(out.read_bytes()).feeds} >= {"finance.onecard", "civil.dibao"}
    assert sorted(site.rglob("*")) == before


def test_the_database_is_not_taken_for_ready_while_it_is_being_made() -> None:
    """At a new data directory the image's script runs a server that only listens on its socket."""
    check = COUNTY["services"]["database"]["healthcheck"]["test"]
    assert check[:5] == ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"]


def test_nginx_looks_up_the_centre_anew_when_compose_has_made_it_anew() -> None:
    assert COUNTY["services"]["edge"]["depends_on"]["centre"] == {"condition": "service_healthy", "restart": True}


@pytest.mark.parametrize(("node", "service"), [("centre", "centre"), *((one[10:], one) for one in FRONT_ENDS)])
def test_each_sites_file_is_one_and_its_secrets_are_the_services(node: str, service: str) -> None:
    site = compose.PLACE / "county" / node
    read_site(site)
    wanted = set(re.findall(r"file:/run/secrets/(\w+)", (site / "site.yaml").read_text(encoding="utf-8")))
    assert wanted == compose.secrets_of(COUNTY["services"][service])


def test_the_sites_and_the_services_speak_of_the_same_places() -> None:
    place = compose.PLACE / "county"
    centre = read_site(place / "centre").file
    assert isinstance(centre, CentreFile)
    assert centre.listen.port == 8443
    assert centre.proxy is not None
    assert centre.warehouse is not None
    assert centre.warehouse.host in COUNTY["services"]
    assert "server centre:8443" in (compose.PLACE / "edge.conf").read_text(encoding="utf-8")
    environment = COUNTY["services"]["airflow-scheduler"]["environment"]
    assert environment["YIZHAN_OFFICE_URL"] == f"http://centre:{centre.office.listen.port}"
    for department in ("finance", "agri"):
        front_end = read_site(place / department).file
        assert isinstance(front_end, FrontEndFile)
        assert front_end.centres[centre.centre].url == "https://edge:8443"


def test_prometheus_is_configured_as_the_repositorys_but_for_two_addresses_and_mutual_tls() -> None:
    load = YAML(typ="safe", pure=True).load
    ours = load((compose.PLACE / "monitoring" / "prometheus.yml").read_text(encoding="utf-8"))
    text = (ROOT / "monitoring" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    theirs = load(text.replace("127.0.0.1:9093", "alertmanager:9093").replace("127.0.0.1:9464", "exporter:9464"))
    (job,) = ours["scrape_configs"]
    assert job.pop("scheme") == "https"
    assert {Path(path).name for path in job.pop("tls_config").values()} == compose.secrets_of(
        COUNTY["services"]["prometheus"]
    )
    assert ours == theirs


def test_promtool_takes_it_with_the_rules_in_place(tmp_path: Path) -> None:
    promtool = ROOT / ".cache" / "prometheus" / "usr" / "bin" / "promtool"
    if not promtool.exists():
        pytest.fail("Prometheus is not unpacked: sh scripts/peers.sh")
    text = (compose.PLACE / "monitoring" / "prometheus.yml").read_text(encoding="utf-8")
    text = text.replace("/etc/prometheus/yizhan", str(ROOT / "monitoring" / "prometheus" / "rules"))
    for name in re.findall(r"/run/secrets/(\w+)", text):
        (tmp_path / name).touch()
    (tmp_path / "prometheus.yml").write_text(text.replace("/run/secrets", str(tmp_path)), encoding="utf-8")
    command = [promtool, "check", "config", tmp_path / "prometheus.yml"]
    checked = subprocess.run(command, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_exporter_beyond_loopback_asks_for_mutual_tls() -> None:
    command = COUNTY["services"]["exporter"]["command"]
    assert command[:2] == ["exporter", "--listen=0.0.0.0:9464"]
    assert [word.partition("=")[0] for word in command[2:]] == ["--tls-certificate", "--tls-key", "--client-ca"]
