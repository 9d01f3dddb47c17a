"""What Oracle's and the driver's codes mean here: what the caller does next, and what a person should do, as data.

`docs/oracle.md` shows this table and a test holds the two together. A code that is not here is `OTHER`. Must never hold
or quote a driver's message: it names objects, accounts and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a code leads to."""

    RETRY = "retry"  # SourceUnavailable
    DENIED = "denied"  # DatabaseDenied
    CLIENT = "client"  # ClientUnfit: this machine's driver or mode has to change
    STATEMENT = "statement"  # SourceMalformed: the SQL or the data has to change


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One meaning, shared by the codes that have it; the words have no full stop."""

    kind: Kind
    marks: tuple[str, ...]
    zh: str
    en: str
    advice_zh: str
    advice_en: str


def _row(kind: Kind, marks: str, told: tuple[str, str], advice: tuple[str, str]) -> Refusal:
    return Refusal(
        kind=kind, marks=tuple(marks.split()), zh=told[0], en=told[1], advice_zh=advice[0], advice_en=advice[1]
    )


_WAIT = ("系统会稍后重试,如反复出现请告知数据库管理员", "it will be tried again; if it persists, tell the DBA")
_LISTENER = ("请核对 dsn 的服务名,或等实例启动完毕", "check the service in dsn, or wait until the instance is up")
_NETWORK = ("请核对 dsn 的地址端口、防火墙和监听", "check host and port in dsn, the firewall and the listener")
_RIGHT = (
    "请数据库管理员授予 SELECT 权限,并核对表名的属主前缀",
    "have SELECT granted, and check the owner before the name",
)
_THICK = (
    "请改用 mode: thick:19 版客户端可连 11.2 及以上,10g 需 11.2 或 12.1 版客户端",
    "use mode: thick: client 19 reaches 11.2 and later, 10g takes a client of 11.2 or 12.1",
)
_CLIENT = (
    "请安装 64 位 Instant Client(连 11.2 至 21c 用 19 版,连 10g 用 11.2 或 12.1 版),解压目录写入 client,并安装 libaio",
    "install a 64-bit Instant Client (19 for 11.2 to 21c, 11.2 or 12.1 for 10g), name it in client; install libaio too",
)
_SQL = ("请改正目录中的 sql 或 totals_sql", "correct sql or totals_sql in the catalogue")
_CAST = ("请在语句中用 TO_CHAR 转为文本", "make it text with TO_CHAR in the SQL")

REFUSALS: tuple[Refusal, ...] = (
    _row(
        Kind.DENIED,
        "ORA-01017 ORA-01005",
        ("用户名或口令错误", "wrong user or password"),
        (
            "请核对 user 和口令引用;连续输错会锁定账号,改正前勿重试",
            "check user and the secret's reference; repeated failures lock the account, so do not retry before that",
        ),
    ),
    _row(
        Kind.DENIED,
        "ORA-28000",
        ("账号已锁定", "the account is locked"),
        ("请数据库管理员解锁(ALTER USER … ACCOUNT UNLOCK)", "have the DBA unlock it (ALTER USER ... ACCOUNT UNLOCK)"),
    ),
    _row(
        Kind.DENIED,
        "ORA-28001 ORA-28002",
        ("口令已过期", "the password has expired"),
        (
            "请数据库管理员重设口令,并为采集账号使用不过期的 PROFILE",
            "have the DBA reset it, and give the account a PROFILE without expiry",
        ),
    ),
    _row(
        Kind.DENIED,
        "ORA-01045",
        ("账号没有 CREATE SESSION 权限", "the account lacks CREATE SESSION"),
        ("请数据库管理员授予 CREATE SESSION", "have CREATE SESSION granted"),
    ),
    _row(
        Kind.DENIED,
        "ORA-00942 ORA-01031 ORA-04043",
        ("表不存在或没有读取权限", "no such table, or no right to read it"),
        _RIGHT,
    ),
    _row(
        Kind.CLIENT,
        "DPY-3010",
        ("服务器早于 12.1,thin 模式不能连接", "the server is older than 12.1, too old for thin mode"),
        _THICK,
    ),
    _row(
        Kind.CLIENT,
        "DPY-3015",
        (
            "账号只有 10G 口令验证码,thin 模式不能登录",
            "the account has a 10G verifier alone, which thin mode cannot use",
        ),
        (
            "请数据库管理员重设一次口令以生成新验证码,或改用 mode: thick",
            "have the password set again, which makes a new verifier, or use mode: thick",
        ),
    ),
    _row(
        Kind.CLIENT,
        "ORA-28040",
        ("认证协议不匹配", "no matching authentication protocol"),
        (
            "请换用与服务器版本相应的 Instant Client,或由管理员调整 SQLNET.ALLOWED_LOGON_VERSION",
            "use an Instant Client of the server's age, or have SQLNET.ALLOWED_LOGON_VERSION changed",
        ),
    ),
    _row(
        Kind.CLIENT,
        "DPY-3001 ORA-12660",
        ("服务器要求 thin 模式没有的功能(如网络加密)", "the server demands what thin mode lacks (network encryption)"),
        _THICK,
    ),
    _row(
        Kind.CLIENT, "DPI-1047 DPI-1072", ("找不到或不能加载 Instant Client", "no usable Instant Client there"), _CLIENT
    ),
    _row(
        Kind.CLIENT,
        "DPY-2019 DPI-1050",
        ("客户端版本过低或模式冲突", "the client is too old, or the modes conflict"),
        _CLIENT,
    ),
    _row(
        Kind.RETRY,
        "ORA-12514 ORA-12505 ORA-12521 DPY-6001 DPY-6003",
        ("监听不知道该服务名", "the listener does not know the service"),
        _LISTENER,
    ),
    _row(
        Kind.RETRY,
        "ORA-12541 ORA-12543 ORA-12545 ORA-12535 ORA-12170 ORA-12154 ORA-12537 DPY-6005 DPY-6000",
        ("连接不上监听", "the listener cannot be reached"),
        _NETWORK,
    ),
    _row(
        Kind.RETRY,
        "ORA-12516 ORA-12518 ORA-12519 ORA-12520 ORA-00018 ORA-00020",
        ("数据库连接数已满", "the database takes no more sessions"),
        _WAIT,
    ),
    _row(
        Kind.RETRY,
        "ORA-01033 ORA-01034 ORA-01089 ORA-01090 ORA-27101",
        ("实例正在启动或关闭", "the instance is starting or stopping"),
        _WAIT,
    ),
    _row(
        Kind.RETRY,
        "ORA-00028 ORA-01012 ORA-02396 ORA-03113 ORA-03114 ORA-03135 DPY-4011 DPY-1001 DPI-1010 DPI-1080",
        ("会话被断开", "the session was broken off"),
        _WAIT,
    ),
    _row(
        Kind.RETRY,
        "ORA-01555 ORA-08176 ORA-30052",
        ("快照过旧", "the snapshot is too old"),
        (
            "系统会重试;请避开批量更新时段,或由管理员加大 UNDO_RETENTION",
            "it will be tried again; choose a quiet hour, or have UNDO_RETENTION raised",
        ),
    ),
    _row(
        Kind.RETRY,
        "DPY-4024 DPI-1067 ORA-01013 ORA-03136",
        ("查询超时", "the call took too long"),
        ("系统会重试;请核对索引和 limits.seconds", "it will be tried again; check the indexes and limits.seconds"),
    ),
    _row(
        Kind.STATEMENT,
        "ORA-00900 ORA-00904 ORA-00907 ORA-00918 ORA-00923 ORA-00933 ORA-00936 ORA-01008 ORA-01036 DPY-4008 DPY-4010",
        ("语句不成立", "the SQL does not stand"),
        _SQL,
    ),
    _row(
        Kind.STATEMENT,
        "ORA-01722 ORA-01830 ORA-01841 ORA-01843 ORA-01858 ORA-01861",
        ("语句中的转换遇到不合格的值", "a conversion in the SQL met a value it cannot take"),
        ("请在语句中去掉 TO_NUMBER、TO_DATE,按文本取出", "leave out TO_NUMBER and TO_DATE, and select the text itself"),
    ),
    _row(
        Kind.STATEMENT,
        "ORA-06502 ORA-22835 ORA-19011",
        ("值过长,转换放不下", "a value is too long for the conversion"),
        ("cast_to_raw 每次最多 2000 字节,请用 SUBSTRB 分段", "cast_to_raw holds 2000 bytes: cut it with SUBSTRB"),
    ),
    _row(
        Kind.STATEMENT,
        "DPY-3022 DPY-4036 DPY-4042",
        ("值不能精确表示(如带命名时区的时间戳)", "a value that cannot be given exactly (a named time zone)"),
        _CAST,
    ),
    _row(
        Kind.STATEMENT,
        "DPY-3012",
        (
            "国家字符集为 UTF8,thin 模式不能读 NCHAR 列",
            "the national character set is UTF8, and thin mode cannot read NCHAR",
        ),
        ("请在语句中用 TO_CHAR 转换,或改用 mode: thick", "use TO_CHAR in the SQL, or mode: thick"),
    ),
)

OTHER = _row(Kind.RETRY, "", ("数据库返回错误", "the database answered with an error"), _WAIT)
UNREADABLE = _row(
    Kind.STATEMENT,
    "",
    ("值超出驱动程序能表示的范围(如公元前日期)", "a value the driver cannot express (a date before Christ)"),
    _CAST,
)

_BY_MARK = {mark: refusal for refusal in REFUSALS for mark in refusal.marks}
# What wraps the true reason: looked at last.
_WRAPPERS = ("DPY-6005", "DPY-6000", "DPY-4011", "DPY-6001")


def meaning(marks: tuple[str, ...]) -> tuple[str, Refusal]:
    """The refusal for the codes of one error, in the order they were said: a wrapper's own code counts last."""
    ordered = sorted(marks, key=lambda mark: mark in _WRAPPERS)
    known = next((mark for mark in ordered if mark in _BY_MARK), None)
    if known is None:
        return (ordered[0] if ordered else "ORA-?", OTHER)
    return known, _BY_MARK[known]
