"""Regions by their codes (GB/T 2260, GB/T 10114): a region holds those whose codes begin with its prefix. Pure."""

from __future__ import annotations

import re

_CODE = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}", re.ASCII)
_COUNTY, _PAIR, _TRIPLE = 6, 2, 3


def prefix_of(region: str) -> str:
    """`430000` -> `43`, `430400` -> `4304`, `430482` -> `430482`, `430482101000` -> `430482101`.

    Raises:
        ValueError: no code of 6, 9 or 12 digits.
    """
    if not _CODE.fullmatch(region):
        raise ValueError("a region's code has 6, 9 or 12 digits")
    county, below = region[:_COUNTY], region[_COUNTY:]
    while below.endswith("0" * _TRIPLE):
        below = below[:-_TRIPLE]
    if below:
        return county + below
    while county.endswith("0" * _PAIR) and len(county) > _PAIR:
        county = county[:-_PAIR]
    return county


def within(region: str, whole: str) -> bool:
    """Whether `region` is `whole` or lies in it. Raises ValueError: `whole` is no code."""
    return region.startswith(prefix_of(whole))
