"""docker/Dockerfile, read and held to the house's rules; what only an engine could show is said in docs/deploy.md."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from itertools import chain

import pytest

from tests.deploy.dockerfile import FILE, Instruction, instructions, lineage, stages, steps
from tests.peers.processes import ROOT

STAGES = stages()
IMAGES = ("centre", "front-end", "airflow", "edge")
RUNS = [(stage.name, run) for stage in STAGES.values() for run in stage.all("RUN")]
_EXACT = re.compile(r"[a-z0-9./-]+(:\d+\.\d+(\.\d+)?-[a-z0-9-]+|@sha256:[0-9a-f]{64})")


def effective(image: str, word: str) -> Instruction:
    """The instruction that counts in an image: its own last one, or the nearest below it."""
    found = next(filter(None, (stage.last(word) for stage in lineage(image, STAGES))), None)
    assert found is not None, f"{image} has no {word}"
    return found


def test_the_reader_refuses_what_it_does_not_know() -> None:
    for text in ("ADD https://example.cn/x /x", "MAINTAINER x", "run ls"):
        with pytest.raises(ValueError, match="not an instruction"):
            instructions(text)


def test_every_base_is_another_stage_or_an_exact_version() -> None:
    bases = {stage.base for stage in STAGES.values() if stage.base not in STAGES}
    assert bases
    assert [base for base in bases if not _EXACT.fullmatch(base)] == []


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_an_ordinary_user_by_number(image: str) -> None:
    user, _, group = effective(image, "USER").text.partition(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000


@pytest.mark.parametrize("image", IMAGES)
def test_what_an_image_starts_needs_no_shell_and_hears_signals(image: str) -> None:
    for word in ("ENTRYPOINT", "CMD"):
        if image == "edge" and word == "ENTRYPOINT":
            continue
        assert effective(image, word).text.startswith("["), word
    assert effective(image, "STOPSIGNAL").text in ("SIGTERM", "SIGQUIT")


@pytest.mark.parametrize("image", ["centre", "front-end"])
def test_the_health_of_a_node_is_a_signed_round_trip(image: str) -> None:
    options, _, command = effective(image, "HEALTHCHECK").text.partition(" CMD ")
    assert command == '["yizhan", "healthcheck"]'
    assert "--timeout=20s" in options


@pytest.mark.parametrize("image", IMAGES)
def test_every_image_has_a_check_and_says_what_it_is(image: str) -> None:
    assert " CMD [" in effective(image, "HEALTHCHECK").text
    labels = " ".join(label.text for stage in lineage(image, STAGES) for label in stage.all("LABEL"))
    for name in ("title", "description", "licenses"):
        assert f"org.opencontainers.image.{name}=" in labels


def test_the_images_bear_the_products_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f'org.opencontainers.image.version="{version}"' in STAGES["runtime"].all("LABEL")[0].text


def test_python_packages_come_by_hash_or_from_this_checkout_and_nothing_else_is_fetched() -> None:
    commands = [step for _, run in RUNS for step in steps(run)]
    installs = [step for step in commands if "pip" in step and "install" in step]
    assert len(installs) == 4
    for step in installs:
        locked = "--require-hashes" in step and step[-2] == "-r"
        own = step[-1] == "." and {"--no-deps", "--no-build-isolation"} <= set(step)
        assert locked or own, step
    words = {word for step in commands for word in step}
    assert not words & {"curl", "wget", "git", "sh", "bash", "|", ";", "||"}


@pytest.mark.parametrize("run", [run for _, run in RUNS], ids=[name for name, _ in RUNS])
def test_debian_packages_bring_no_recommendations_and_leave_no_lists(run: Instruction) -> None:
    named = [step for step in steps(run) if step[:2] == ["apt-get", "install"]]
    assert all({"--yes", "--no-install-recommends"} <= set(step) for step in named)
    assert bool(named) == (["rm", "-rf", "/var/lib/apt/lists/*"] in steps(run))


def test_no_build_tool_is_left_in_what_runs() -> None:
    gone = {step[-1] for stage in ("build", "build-airflow") for run in STAGES[stage].all("RUN") for step in steps(run)}
    assert gone
    for stage in ("build", "build-airflow"):
        said = [word for run in STAGES[stage].all("RUN") for step in steps(run) if "uninstall" in step for word in step]
        assert {"hatchling", "editables", "trove-classifiers"} <= set(said)
        assert "--without-pip" in STAGES[stage].all("RUN")[0].text
    assert ["python", "-m", "pip", "uninstall", "--yes", "pip", "setuptools", "wheel"] in steps(
        STAGES["runtime"].all("RUN")[0]
    )
    for image in IMAGES:
        assert all("build" not in stage.name for stage in lineage(image, STAGES)), "only copied from, never built upon"


def test_what_is_copied_is_there_and_the_ignore_file_lets_it_through() -> None:
    allowed = [
        line[1:] for line in FILE.with_name("Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    copies = [one.words for stage in STAGES.values() for one in stage.all("COPY") if "--from" not in one.text]
    sources = set(chain.from_iterable(words[:-1] for words in copies))
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert sorted(sources) == sorted(allowed)


def test_the_builder_never_sees_a_key_a_site_or_a_test() -> None:
    lines = FILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    allowed = [line[1:] for line in patterns if line.startswith("!")]
    for path in ("certs", "tests", "docker/county", ".git", ".venv", ".demo", "docker/compose.yaml"):
        assert not any(fnmatch.fnmatch(path, pattern) or path.startswith(f"{pattern}/") for pattern in allowed), path


def test_no_secret_stands_in_an_image() -> None:
    settings = [one.text for stage in STAGES.values() for word in ("ENV", "ARG") for one in stage.all(word)]
    assert not re.search(r"PASSWORD|SECRET|TOKEN|PASSPHRASE|_KEY", " ".join(settings))


def test_the_centre_has_pg_dump_of_the_databases_own_version() -> None:
    (run,) = STAGES["centre"].all("RUN")
    compose = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    assert "postgresql-client-15" in run.text
    assert re.search(r"image: postgres:15\.", compose)
