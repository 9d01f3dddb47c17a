"""One-card configurations for the tests: layouts written to files, parts bound as the catalogue binds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.onecard import OnecardConfig

Block = Mapping[str, Any]


def layout(folder: Path, content: Block) -> str:
    """The path of a site's own layout file (JSON is YAML)."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    path.write_text(text)
    return str(path)


def configured(**parts: Block) -> OnecardConfig:
    """Through JSON, as the catalogue does."""
    return OnecardConfig.model_validate_json(json.dumps({"adapter": "onecard", **parts}))
