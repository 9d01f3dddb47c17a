"""The keys that every source of dropped files has in its `source:` block. Importable without any driver."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error
from adapters.formats.config import FileFormat

_PERIOD = ("period", "yyyymm", "yyyy", "mm", "q")  # as `Request.fill` puts them in
_BRACED = re.compile(r"\{([^{}]*)\}")


def _known_words(*known: str) -> AfterValidator:
    """A word in braces that nothing is put in for would be waited for as a file's own name, without end."""

    def judge(path: str) -> str:
        if set(_BRACED.findall(path)) - set(known):
            zh = f"的花括号内只能是 {'、'.join(known)}"
            raise config_error("path", zh, f"may hold in braces {', '.join(known)} alone")
        return path

    return AfterValidator(judge)


Text = Annotated[str, Field(min_length=1, max_length=1024)]
Path = Annotated[Text, _known_words(*_PERIOD)]
PathBeside = Annotated[Text, _known_words(*_PERIOD, "name", "stem")]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Algorithm = Literal["md5", "sha256", "sm3"]

_MEMBERS = re.compile(r"([^/]*\.zip/)?[^/]+", re.IGNORECASE)


class _Block(BaseModel):
    """Strict, frozen, and silent about what was given."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Marked(_Block):
    """The department places a marker once the file is whole; one that is older than the file belongs to another.

    Attributes:
        path: of the marker, with the period; `{name}` and `{stem}` are the data file's own name, whole and without its
            last ending: then each file has its marker. Without a `/` it lies beside the data file.
        seconds: the time between two looks that must agree besides.
    """

    by: Literal["marker"]
    path: PathBeside
    seconds: Seconds = 0.0


class Still(_Block):
    """Nobody says when the file is whole: two looks at size and time of change must agree.

    Attributes:
        seconds: the time between the two.
    """

    by: Literal["stable"]
    seconds: Seconds = 2.0


class Renamed(_Block):
    """The file has its final name only once it is whole; until then something stands behind the name.

    Attributes:
        partial: what stands behind it.
        seconds: the time between two looks that must agree besides.
    """

    by: Literal["rename"]
    partial: Annotated[str, Field(min_length=2, max_length=32, pattern=r"^[.~_-][^/*?]+$")] = ".part"
    seconds: Seconds = 0.0


Ready = Annotated[Marked | Still | Renamed, Field(discriminator="by")]


class Archive(_Block):
    """The records lie in members of a zip file.

    Attributes:
        members: a pattern for the members' own names (folders inside the zip do not count); `*.zip/*.txt` means members
            of zips inside the zip, one level deep.
        most_bytes, ratio: a zip that inflates to more, or a member of over a mebibyte that grows by more, is refused.
        password: opens members in the traditional encryption (ZipCrypto).
    """

    kind: Literal["zip"]
    members: Annotated[str, Field(min_length=1, max_length=255)] = "*"
    most_bytes: Annotated[int, Field(ge=1)] = 8 << 30
    ratio: Annotated[int, Field(ge=1, le=2000)] = 200
    password: SecretRef | None = None

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if not _MEMBERS.fullmatch(self.members):
            zh, en = "members 应为成员文件名,或 *.zip/成员文件名", "members is a name, or *.zip/ and a name"
            raise config_error("members", zh, en)
        return self


class Digest(_Block):
    """A control file that the department places with the file's digest in hexadecimal, alone or as `md5sum` prints it.

    Attributes:
        path: as a marker's.
        algorithm: where absent, the ending of `path` names it.
    """

    path: PathBeside
    algorithm: Algorithm | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.algorithm is None and self.path.rpartition(".")[2].lower() not in ("md5", "sha256", "sm3"):
            zh, en = "请写 algorithm: md5、sha256 或 sm3", "write algorithm: md5, sha256 or sm3"
            raise config_error("algorithm", zh, en)
        return self

    @property
    def name(self) -> str:
        return self.algorithm or self.path.rpartition(".")[2].lower()


class DropConfig(AdapterConfig):
    """Which files, when they are whole, and how their records are read.

    Attributes:
        path: of the file, with the period in it: `{period} {yyyymm} {yyyy} {mm} {q}`; with `*` or `?` in its last part
            it means several files, read in the order of their names as one reading.
        ready: how it is known that a file is whole.
        archive: the files are archives, and the records lie in their members.
        digest: the control file with each file's digest, which has to agree with what was read.
        format: how its records are read.
    """

    path: Path
    ready: Ready = Still(by="stable")
    archive: Archive | None = None
    digest: Digest | None = None
    format: FileFormat

    @field_validator("path")
    @classmethod
    def _pattern_in_the_last_part(cls, path: str) -> str:
        if set("*?") & set(path.rpartition("/")[0]):
            zh, en = "的通配符只能在最后一段", "may hold * or ? in its last part only"
            raise config_error("path", zh, en)
        if path.endswith("/") or not path.isprintable():
            raise config_error("path", "应为文件,不是目录", "has to name files, not a folder")
        return path

    @property
    def several(self) -> bool:
        """Whether `path` may mean more than one file."""
        return bool(set("*?") & set(self.path))
