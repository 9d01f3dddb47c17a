"""What a total among the records looks like. It must never be read as a person, nor a person be taken for it."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_WORD = re.compile(r"\s*(本\s*页\s*)?[合总共累小]\s*计\s*[:：]?\s*")


def is_summary(text: str) -> bool:
    """Whether the text is 合计, 小计, 总计 and the like, and nothing else."""
    return _WORD.fullmatch(text) is not None


def summaries(texts: pa.Array) -> npt.NDArray[np.int64]:
    """Where in the column such texts stand; costs next to nothing where there is no 计 at all."""
    likely = pc.indices_nonzero(pc.fill_null(pc.match_substring(texts, "计"), False)).to_numpy()
    return np.array([at for at in likely if is_summary(texts[int(at)].as_py())], np.int64)
