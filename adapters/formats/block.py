"""What the configuration of every format has in common. Importable without any driver."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

AsTuple = BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
Names = Annotated[tuple[str, ...], AsTuple]
Place = Annotated[int, Field(ge=1, le=1000)]
Encoding = Literal["gb18030", "utf-8"]
"""gb18030 reads GBK and GB2312 too, and refuses only what is no character in any of them."""


class FormatBlock(BaseModel):
    """Strict, frozen, and silent about what was given.

    Class attributes, as an adapter's own (`contract.expect_drivers` asks for them before a file is read):
        extra: the extra of the distribution that brings the drivers.
        drivers: the modules that have to be importable; imported when a file is read, not before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    extra: ClassVar[str] = "files"
    drivers: ClassVar[tuple[str, ...]] = ()
