"""A Dockerfile as its stages and instructions, read strictly: an instruction that is not known is an error.

Only what this repository writes: no here-documents, no parser directives, one build per FROM.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.processes import ROOT

FILE = ROOT / "docker" / "Dockerfile"
_KNOWN = frozenset({
    "FROM", "ARG", "ENV", "LABEL", "RUN", "COPY", "USER", "WORKDIR", "ENTRYPOINT", "CMD", "HEALTHCHECK", "EXPOSE",
    "STOPSIGNAL",
})  # fmt: skip
"""No ADD: it fetches."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction, its lines joined."""

    word: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its exec form (a JSON array), or its words."""
        return json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One FROM and what follows."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        return [one for one in self.instructions if one.word == word]

    def last(self, word: str) -> Instruction | None:
        return next(iter(reversed(self.all(word))), None)


def instructions(text: str) -> list[Instruction]:
    """All of them, in order. Raises ValueError: one that is not known."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word not in _KNOWN:
            raise ValueError(f"not an instruction: {line}")
        found.append(Instruction(word=word, text=" ".join(rest.split())))
    return found


def stages(path: Path = FILE) -> dict[str, Stage]:
    """Every stage by its name, with the arguments before the first FROM put in."""
    arguments: dict[str, str] = {}
    made: list[Stage] = []
    for one in instructions(path.read_text(encoding="utf-8")):
        if one.word == "FROM":
            base, keyword, name = one.text.split()
            if keyword != "AS":
                raise ValueError(one.text)
            made.append(Stage(name=name, base=_VARIABLE.sub(lambda match: arguments[match[1]], base)))
        elif one.word == "ARG" and not made:
            name, _, value = one.text.partition("=")
            arguments[name] = value
        else:
            made[-1].instructions.append(one)
    return {stage.name: stage for stage in made}


def lineage(name: str, found: dict[str, Stage]) -> list[Stage]:
    """A stage and those it is built upon, the image's base last."""
    line = []
    while name in found:
        line.append(found[name])
        name = found[name].base
    return line


def steps(one: Instruction) -> list[list[str]]:
    """The commands of a RUN: joined by && and by nothing else, so that none may fail unseen."""
    return [shlex.split(part) for part in one.text.split(" && ")]
