"""docs/deploy.md, walked: its commands, options, paths, units and services are those that are there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest
from typer.main import get_command

from gateway.app import open_node
from gateway.app.upgrading import script
from gateway.cli.main import app
from tests.deploy import compose
from tests.deploy.dockerfile import stages, steps
from tests.deploy.test_units import UNITS
from tests.peers.command import Yizhan
from tests.peers.processes import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
SPANS = [" ".join(span.split()) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", PAGE)]
LINES = [line.strip() for line in BLOCKS.splitlines() if line.strip()] + SPANS
WHOLE = compose.with_celery()
IMAGES = {"debian:12.12-slim", *(service["image"] for service in WHOLE["services"].values())}


def commands() -> list[list[str]]:
    """What is typed to the product: words after `yizhan` (or a service whose entrypoint it is)."""
    found = []
    for line in LINES:
        for part in re.split(r"\||&&|  #|;", line):
            words = shlex.split(part, posix=True) if part.count("'") % 2 == 0 else part.split()
            typed = [at for at, word in enumerate(words) if word == "yizhan" or word.endswith("/bin/yizhan")]
            if typed:
                found.append(words[typed[-1] + 1 :])
            elif "run" in words and "centre" in words and "compose" in words:
                found.append(words[words.index("centre") + 1 :])
    wanted = [words[2:] if words[:1] == ["--site"] else words for words in found]
    return [words for words in wanted if words and re.fullmatch(r"[a-z]+", words[0])]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_of_the_page_is_one_of_the_products(words: list[str]) -> None:
    command = get_command(app)
    while words and (below := getattr(command, "commands", None)):
        assert words[0] in below, words
        command, words = below[words[0]], words[1:]
    options = set(chain.from_iterable(option.opts for option in command.params))
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options


def test_the_walk_finds_the_commands() -> None:
    """The control of the test above."""
    first = {words[0] for words in commands()}
    assert {"backup", "restore", "warehouse", "healthcheck", "fsck", "status", "deliver", "catalogue"} <= first


def test_every_unit_is_on_the_page_and_every_unit_on_the_page_is_there() -> None:
    units = {path.name for kind in ("service", "timer", "path") for path in UNITS.glob(f"*.{kind}")}
    images = {"yizhan-centre:0.1.0", "yizhan-centre:0.2.0"}
    said = set(re.findall(r"\byizhan-[a-z-]+(?:\.timer|\.path|\.service)?\b(?![.:/$])", " ".join(LINES)))
    for name in said - images - {"yizhan-"}:
        assert {name, f"{name}.service"} & units, name
    for name in units:
        stem = name.rpartition(".")[0]
        assert {name, stem, f"{stem}.timer", f"{stem}.path"} & said, name


def test_every_file_of_the_repository_that_it_names_is_there() -> None:
    for name in re.findall(r"(?<![\w/.])(?:docker|requirements|monitoring|tests)/[\w./*-]+", PAGE):
        path = name.rstrip(".")
        assert list(ROOT.glob(path.rstrip("/"))) or (ROOT / path).exists() or path.startswith("docker/county/"), name


def test_what_is_installed_by_hand_is_what_the_images_install() -> None:
    prefix = "/opt/yizhan-0.1.0/bin/pip "
    by_hand = [line.removeprefix(prefix) for line in BLOCKS.splitlines() if line.startswith(prefix)]
    in_images = [
        " ".join(step[5:]).replace("--no-cache-dir ", "")
        for run in stages()["build"].all("RUN")
        for step in steps(run)
        if step[:5] == ["python", "-m", "pip", "--python", "/opt/yizhan"]
    ]
    assert sorted(by_hand) == sorted(line for line in in_images if not line.startswith("uninstall"))
    drivers = next(step for run in stages()["front-end"].all("RUN") for step in steps(run) if "unixodbc" in step)
    assert " ".join(drivers[4:]) in BLOCKS


def test_the_paths_of_the_page_are_those_of_the_units() -> None:
    units = "".join(path.read_text(encoding="utf-8") for path in UNITS.glob("*.service"))
    made = set(re.findall(r"/srv/[a-z/-]*[a-z]", BLOCKS + PAGE)) - {"/srv/yizhan/rehearsal", "/srv/backup/front-end"}
    for path in re.findall(r"/srv/(?:yizhan/[a-z-]+|backup)", units):
        assert path in made, path
    assert "/opt/yizhan/share/edge-lists.sh" in units
    assert "docker/systemd/edge-lists.sh /opt/yizhan-0.1.0/share/edge-lists.sh" in BLOCKS
    assert "ln -sfn /opt/yizhan-0.1.0 /opt/yizhan" in BLOCKS


def test_the_services_it_names_are_in_the_compose_files() -> None:
    verbs = ("stop", "restart", "exec", "up", "run")
    named = set()
    for line in LINES:
        match = re.search(r"docker compose (\w+) (.*)", line)
        if match and match[1] in verbs:
            words = [word for word in match[2].split() if not word.startswith("-") and not word.startswith("/srv")]
            named |= {word for word in (words if match[1] in ("stop", "restart", "up") else words[:1])}
    assert {"database", "centre", "catalogue", "airflow-scheduler", "edge"} <= named
    assert named <= set(WHOLE["services"])


@pytest.mark.parametrize("image", sorted(image for image in IMAGES if not image.startswith("yizhan-")))
def test_a_base_image_is_on_the_page_as_one_to_be_looked_at(image: str) -> None:
    assert f"`{image}`" in PAGE.replace("`, `", "` `")


def test_what_the_county_has_to_bring_is_on_the_page() -> None:
    for service in WHOLE["services"].values():
        for path, _ in compose.binds(service):
            if path.is_relative_to(compose.PLACE / "county"):
                assert path.relative_to(compose.PLACE / "county").parts[0] in PAGE
    for said in WHOLE["secrets"].values():
        folder = said["file"].removeprefix("./county/").rpartition("/")[0]
        assert f"`{folder}/" in PAGE, folder


def test_a_signing_key_is_made_long_enough() -> None:
    made = re.search(r"`openssl rand -hex (\d+)` for `airflow/jwt_key`", PAGE)
    assert made is not None
    assert int(made[1]) * 2 >= 64


def test_step_4_hands_the_administrator_the_administrators_part(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(ROOT / "sample" / "catalogue", site / "catalogue")
    shutil.copy(compose.PLACE / "county" / "centre" / "site.yaml", site)
    (cut,) = re.findall(r"warehouse roles --sql \| (sed '[^']+')", BLOCKS)
    whole = Yizhan(scratch=tmp_path).run("--site", site, "warehouse", "roles", "--sql")
    assert whole.code == 0, whole.err
    handed = subprocess.run(shlex.split(cut), input=whole.out, capture_output=True, text=True, check=True).stdout
    lines = [line for line in handed.splitlines() if not line.startswith("--")]
    assert lines == [f"{one};" for one in script(open_node(site, {})).administrator]
