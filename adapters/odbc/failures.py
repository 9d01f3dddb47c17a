"""pyodbc's exceptions as ours, by SQLSTATE; their texts quote values and statements, and stay inside.

Every state named here was seen on a real server of the kind in its comment, unless it says otherwise.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pyodbc

from adapters.contract import Request
from adapters.odbc.packed import PackingBroken
from gateway.errors import SourceDenied, SourceMalformed, SourceUnavailable, YizhanError

_DENIED = re.compile(r"28.*|42501")
# psqlodbc has one state for whatever happens while it connects; the server's words are English or Chinese.
_POSTGRES_DENIED = re.compile(
    r"authentication|认证|pg_hba|role .* (does not exist|is not permitted)|角色|permission denied|权限"
)
_MARIADB_DENIED = re.compile(r"\[HY000\].*\((1044|1045|1142|1143|1370|1698)\)|.*\((1142|1143|1044)\)", re.DOTALL)
_BROKEN_OFF = re.compile(r"08.*|57P0.|57014|HYT0.|40001|40P01|53...|55P03")
# A line beyond the server's max_allowed_packet; a character that a column's encoding does not have.
_MARIADB_FINAL = re.compile(r"\((1301|1977)\) \(SQL\w+\)")
_NO_DRIVER = ("IM002", "IM003", "01000")
_SQLITE_ERROR = re.compile(r"\[SQLite\].*\(1\) \(")


class ChildFailed(Exception):
    """The accelerator's process ended before its rows did. `state` is an SQLSTATE, "" where the failure has none, and
    None where the process was ended; `code` is its exit code, negative for a signal.
    """

    def __init__(self, state: str | None, code: int) -> None:
        self.state, self.code = state, code
        super().__init__(f"the accelerator ended with {code}")


@contextmanager
def driver_errors(request: Request) -> Iterator[None]:
    """Raises: SourceDenied, SourceMalformed, SourceUnavailable; LimitExceeded, CollectingStopped: it was cut off."""
    try:
        yield
    except pyodbc.Error as error:
        request.remaining()
        raise _ours(request, str(error.args[0]) if error.args else "", _words(error)) from None
    except ChildFailed as error:
        request.remaining()
        raise _of_child(request, error) from None
    except PackingBroken:
        zh, en = "数据库交来的行与要求不符", "the rows that the database handed over are not those asked for"
        raise malformed(request, zh, en) from None
    except (ValueError, OverflowError):
        request.remaining()
        zh = "驱动程序给出无法表示的值,请在语句中转为文本"
        en = "the driver gave a value it cannot express: cast it to text in the SQL"
        raise malformed(request, zh, en, where="ODBC") from None


def _words(error: pyodbc.Error) -> str:
    """The driver's own, for ours to be chosen by; in single bytes where the names of columns are fetched so."""
    return str(error.args[-1]).replace("\0", "")


def malformed(request: Request, zh: str, en: str, *, where: str = "SQL") -> SourceMalformed:
    """A refusal of the source as a whole, in our own words."""
    return SourceMalformed(feed=request.feed, where=where, reason_zh=zh, reason_en=en)


def _of_child(request: Request, error: ChildFailed) -> YizhanError:
    """A crash is what a value did to the driver; a kill is what the machine did, and may pass."""
    if error.state:
        return _ours(request, error.state, "")
    if error.code == -signal.SIGKILL:
        zh, en = "加速读取进程被系统终止,可能内存不足", "the accelerator was killed by the system: memory may be short"
        return SourceUnavailable(feed=request.feed, reason_zh=zh, reason_en=en)
    zh = "加速读取不能完成,可能有一行超过 16 KB 或有驱动程序不能处理的值:请去掉 accelerator"
    en = "the accelerator failed, perhaps on a row over 16 KB or a value its driver cannot take: leave accelerator out"
    return malformed(request, zh, en, where="arrow-odbc")


def _ours(request: Request, state: str, text: str) -> YizhanError:
    if _is_denied(state, text):
        return SourceDenied(feed=request.feed)
    if state in _NO_DRIVER:
        zh = f"本机没有连接串所说的 ODBC 驱动程序(SQLSTATE {state}):请安装,或按 odbcinst -q -d 所列改正 Driver="
        en = f"no such ODBC driver here (SQLSTATE {state}): install it, or correct Driver= as odbcinst -q -d lists it"
        return malformed(request, zh, en, where="ODBC")
    if _is_final(state, text):
        zh = f"数据库不接受这条语句(SQLSTATE {state}):请核对表名、列名、类型和语法"
        en = f"the database does not take this statement (SQLSTATE {state}): check tables, columns, types and syntax"
        return malformed(request, zh, en, where="ODBC")
    zh = f"数据库连接或查询失败(SQLSTATE {state}):请核对地址、端口和对方数据库是否运行"
    en = f"the connection or the query failed (SQLSTATE {state}): check address and port, and that the database runs"
    return SourceUnavailable(feed=request.feed, reason_zh=zh, reason_en=en)


def _is_denied(state: str, text: str) -> bool:
    if _DENIED.fullmatch(state) or _MARIADB_DENIED.search(text):
        return True
    return state == "08001" and _POSTGRES_DENIED.search(text) is not None


def _is_final(state: str, text: str) -> bool:
    """SQL that this database will never take, or a value in it that it cannot compute. SQLite has one code for it."""
    if _BROKEN_OFF.fullmatch(state):
        return False
    if _SQLITE_ERROR.search(text) or _MARIADB_FINAL.search(text):
        return True
    return state.startswith(("42", "22", "21", "07"))
