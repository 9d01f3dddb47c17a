"""docker/compose.yaml and docker/compose.celery.yaml, parsed: rights, secrets, networks, and that all parts fit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.app.site import CentreFile, FrontEndFile, read_site
from tests.deploy import compose
from tests.deploy.dockerfile import stages
from tests.peers.processes import ROOT

COUNTY, CELERY = compose.county(), compose.with_celery()
BOTH = pytest.mark.parametrize("whole", [COUNTY, CELERY], ids=["local", "celery"])
SERVICES = [(name, service) for name, service in CELERY["services"].items()]
EACH = pytest.mark.parametrize("service", [service for _, service in SERVICES], ids=[name for name, _ in SERVICES])
FRONT_ENDS = ("front-end-finance", "front-end-agri")
_EXACT = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)?")
_FROM_A_FILE = re.compile(r"""/run/secrets/[a-z_]+|sh -c 'printf %s "\$\$\(cat /run/secrets/[a-z_]+\)"'""")


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
def test_the_nodes_keep_their_images_check_which_is_a_signed_round_trip(whole: dict[str, Any]) -> None:
    for name in ("centre", *FRONT_ENDS):
        assert "healthcheck" not in whole["services"][name]
        assert "command" not in whole["services"][name]


@EACH
def test_no_secret_stands_in_the_environment(service: dict[str, Any]) -> None:
    for name, value in service.get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY|CONN|BROKER|BACKEND", name):
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
            assert set(service["networks"]) <= {"office", "records", "pages", "queue"}
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
        assert {"airflow_broker_url", "airflow_result_backend", "office_token"} <= compose.secrets_of(service)
        assert "queue" in service["networks"]
    untouched = set(COUNTY["services"]) - airflow
    assert {name: CELERY["services"][name] for name in untouched} == {
        name: COUNTY["services"][name] for name in untouched
    }


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
        pytest.skip("Prometheus is not unpacked: sh scripts/peers.sh")
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
