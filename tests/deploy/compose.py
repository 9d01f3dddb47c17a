"""docker/compose.yaml and its overlay as an engine would merge them, as far as these two files need it.

Mappings are merged key by key, lists of secrets, networks and volumes are joined, everything else is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.peers.processes import ROOT

PLACE = ROOT / "docker"
_JOINED = ("secrets", "networks", "volumes")
SERVICE_KEYS = frozenset({
    "build", "cap_drop", "command", "depends_on", "entrypoint", "env_file", "environment", "healthcheck", "image",
    "logging", "network_mode", "networks", "pids_limit", "ports", "read_only", "restart", "secrets", "security_opt",
    "shm_size", "stop_grace_period", "tmpfs", "user", "volumes",
})  # fmt: skip
"""Of the Compose specification, those that these files use: any other may be a slip of the pen."""


def read(name: str) -> dict[str, Any]:
    """One file; duplicate keys are refused by the parser."""
    return YAML(typ="safe", pure=True).load((PLACE / name).read_text(encoding="utf-8"))


def county() -> dict[str, Any]:
    """The county with LocalExecutor."""
    return read("compose.yaml")


def with_celery() -> dict[str, Any]:
    """The county with the overlay laid over it."""
    base, over = county(), read("compose.celery.yaml")
    services = dict(base["services"])
    for name, service in over["services"].items():
        services[name] = _merged(services.get(name, {}), service)
    merged = {**base, "services": services}
    for part in ("networks", "volumes", "secrets"):
        merged[part] = {**base[part], **over[part]}
    return merged


def _merged(below: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = {**result[key], **value}
        elif key in _JOINED:
            result[key] = [*result.get(key, []), *(one for one in value if one not in result.get(key, []))]
        else:
            result[key] = value
    return result


def secrets_of(service: Mapping[str, Any]) -> set[str]:
    """The names of its secrets."""
    return {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}


def environment_files(service: Mapping[str, Any]) -> dict[str, str]:
    """What its `env_file` says."""
    lines = [line for name in service.get("env_file", []) for line in (PLACE / name).read_text("utf-8").splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def binds(service: Mapping[str, Any]) -> list[tuple[Path, Mapping[str, Any]]]:
    """Host files and directories that it is given, with what is said of each."""
    return [(PLACE / one["source"], one) for one in service.get("volumes", []) if one["type"] == "bind"]
