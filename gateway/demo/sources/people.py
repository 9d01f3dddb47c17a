"""Made-up people of a real county: names, places and numbers in the right shapes, drawn whole columns at a time.

Must never hold a real person's data: names are drawn from lists, birth dates and sequence numbers at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

COUNTY = "430482"  # 常宁市; before 1996 常宁县 was 430425, and older residents still carry that number
_COUNTIES = np.array([430482, 430425, 430402, 430421])
_COUNTY_SHARES = [0.62, 0.33, 0.02, 0.03]

# name, code after the county's six digits (GB/T 2260: 001-099 街道, 100-199 镇, 200-399 乡)
TOWNSHIPS = (
    ("宜阳街道", "001"), ("泉峰街道", "002"), ("培元街道", "003"), ("水口山街道", "004"), ("柏坊镇", "100"),
    ("松柏镇", "101"), ("烟洲镇", "102"), ("荫田镇", "103"), ("白沙镇", "104"), ("西岭镇", "105"),
    ("三角塘镇", "106"), ("洋泉镇", "107"), ("庙前镇", "108"), ("罗桥镇", "109"), ("板桥镇", "110"),
    ("胜桥镇", "111"), ("官岭镇", "112"), ("新河镇", "113"), ("蓬塘乡", "200"), ("兰江乡", "201"), ("大堡乡", "202"),
    ("弥泉乡", "203"), ("塔山瑶族乡", "204"),
)  # fmt: skip
_VILLAGE_FIRST = "上下大石新白桐双龙金观杨福长高东西南北清"
_VILLAGE_LAST = ("塘村", "冲村", "湾村", "岭村", "桥村", "坪村", "洲村", "井村", "山村", "江村", "田村", "泉村")
VILLAGES_EACH = 18

_SURNAMES = "李王刘陈周曾唐谭尹吴罗廖邓肖彭胡蒋段欧何雷滕阳徐谢贺邱詹张黄"
_GIVEN = "建国华明秀英芳玉兰桂香春生冬梅志强小平满元福贵云飞海波丽娟军辉文斌艳红桃花石林水莲运成德友新"
BANKS = ("常宁农商银行", "邮储银行常宁市支行", "农业银行常宁支行", "建设银行常宁支行")

_FIRST_BORN = np.datetime64("1935-01-01")
_BIRTH_DAYS = 73 * 365

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])  # GB 11643
_CHECK = np.array(list("10X98765432"))
_PLACES = 10 ** np.arange(16, -1, -1, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A village: its twelve-digit code, its township's name and its own."""

    code: str
    township: str
    village: str


def places() -> tuple[Place, ...]:
    """Every village of the county, in the order of their codes."""
    found = []
    for index, (township, code) in enumerate(TOWNSHIPS):
        for number in range(VILLAGES_EACH):
            at = index * 7 + number
            name = _VILLAGE_FIRST[at % len(_VILLAGE_FIRST)] + _VILLAGE_LAST[(at * 5 + number) % len(_VILLAGE_LAST)]
            found.append(Place(code=f"{COUNTY}{code}{200 + number}", township=township, village=name))
    return tuple(found)


def names(rng: np.random.Generator, count: int) -> list[str]:
    """Two or three characters."""
    first = rng.integers(0, len(_SURNAMES), count).tolist()
    middle = rng.integers(-len(_GIVEN) // 3, len(_GIVEN), count).tolist()
    last = rng.integers(0, len(_GIVEN), count).tolist()
    return [
        _SURNAMES[a] + (_GIVEN[b] if b >= 0 else "") + _GIVEN[c] for a, b, c in zip(first, middle, last, strict=True)
    ]


def id_numbers(rng: np.random.Generator, count: int) -> list[str]:
    """GB 11643 numbers with their right check digit; born between 1935 and 2007."""
    days = _FIRST_BORN + rng.integers(0, _BIRTH_DAYS, count).astype("timedelta64[D]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    county = rng.choice(_COUNTIES, count, p=_COUNTY_SHARES)
    sequence = rng.integers(1, 996, count)
    body = county * 10**11 + (year * 10_000 + month * 100 + day) * 1000 + sequence
    digits = body[:, None] // _PLACES % 10
    check = _CHECK[digits @ _WEIGHTS % 11]
    return [f"{number}{last}" for number, last in zip(body.tolist(), check.tolist(), strict=True)]


def numbers(rng: np.random.Generator, count: int, prefix: str, digits: int) -> list[str]:
    """A fixed prefix and random digits: accounts, telephone numbers."""
    return [f"{prefix}{number:0{digits}d}" for number in rng.integers(0, 10**digits, count).tolist()]
