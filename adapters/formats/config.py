"""The `format:` block of a feed whose source is files: one model for each kind. Importable without any driver."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from adapters.formats.dbf.config import Dbf
from adapters.formats.delimited.config import Delimited
from adapters.formats.fixed.config import Fixed
from adapters.formats.sheet.config import Sheet
from adapters.formats.xml.config import Xml

FileFormat = Annotated[Dbf | Delimited | Fixed | Sheet | Xml, Field(discriminator="kind")]
