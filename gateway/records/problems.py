"""Problem rows: every reason a record can be set aside for, and what goes back to the department.

Owns the stable codes YZ-3001 to YZ-3099 with their Chinese and English texts (one reason a code, never reused), and
the masked problem. It must never hold a value in clear, and no text here quotes a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """Why a cell, or a whole row, cannot be taken exactly. The member's name is for code, `code` is for people."""

    REQUIRED = "YZ-3001", "必填项为空,请补填", "a required value is missing: supply it"

    LAYOUT = "YZ-3002", "该条记录的栏目数或结构与约定不符,请改正后重报", "the record does not have the agreed layout"
    ENCODING = (
        "YZ-3003",
        "该条记录含有无法解码的字节,请改正后重报",
        "bytes that are no character: export it again",
    )
    FORMULA = (
        "YZ-3004",
        "该行有单元格为错误值(如#N/A)或公式尚未计算,请在表格软件中改正、保存后重报",
        "a cell holds an error such as #N/A, or a formula never calculated: correct and save the workbook",
    )
    CONVERTED = (
        "YZ-3005",
        "该行有单元格被Excel改成了别的值(超过15位的数值、号码变成日期等),请按文本重新填写",
        "a spreadsheet changed a value (over 15 digits, a code turned into a date): type it again as text",
    )

    LOST = (
        "YZ-3011",
        "文字已损坏(乱码或丢字),请从原系统重新导出",
        "characters were lost: export it again from the source",
    )
    CONTROL = "YZ-3012", "含有控制字符,请在原系统清除", "holds control characters: remove them in the source"
    INVISIBLE = (
        "YZ-3013",
        "含有换行或不可见字符,请在原系统清除",
        "holds line breaks or invisible characters: remove them",
    )
    PADDED = (
        "YZ-3014",
        "前后有空格,请去除或在来源配置中声明",
        "spaces around the value: remove them, or declare trimming",
    )
    FULL_WIDTH = "YZ-3015", "含有全角字符,请改为半角", "full-width characters: write them in half width"
    EXCEL_NUMBER = (
        "YZ-3016",
        "号码被Excel转为数值,已无法还原,请按文本重新导出",
        "a spreadsheet turned the number into a value and digits are lost: export it again as text",
    )
    SUMMARY_ROW = "YZ-3017", "合计行混入明细,请删除该行", "a total line among the records: remove it"

    NUMBER_FORM = "YZ-3021", "不是数字,请改为如 1234.50 的写法", "not a number: write it like 1234.50"
    THOUSANDS = "YZ-3022", "数字含千分位分隔符,请去除", "thousands separators: remove them"
    EXPONENT = "YZ-3023", "数字为科学计数法,请按文本重新导出", "scientific notation: export it again as plain digits"
    CAPITALS = "YZ-3024", "金额为中文大写,请改为数字", "an amount in Chinese numerals: write digits"
    UNIT_IN_VALUE = (
        "YZ-3025",
        "数字中带有单位或货币符号,请去除",
        "a unit or currency sign within the number: remove it",
    )
    DASH = (
        "YZ-3026",
        "以短横代替数字,无数据请留空,为零请写0",
        "a dash instead of a number: leave it empty, or write 0",
    )
    TOO_MANY_DECIMALS = (
        "YZ-3027",
        "小数位数超出规定,请核实单位与精度",
        "too many decimals: check the unit and the precision",
    )
    OVERFLOW = "YZ-3028", "数字超出允许的位数,请核实", "more digits than the field allows: check it"
    BOOLEAN_FORM = "YZ-3029", "不是是/否,请改为 1 或 0", "not a yes or no: write 1 or 0"

    DATE_FORM = "YZ-3031", "不是日期,请改为如 2026-10-01 的写法", "not a date: write it like 2026-10-01"
    DATE_IMPOSSIBLE = "YZ-3032", "日历上没有这一天,请核实", "no such day in the calendar: check it"
    DATE_SENTINEL = (
        "YZ-3033",
        "以特殊日期表示无或长期,请留空",
        "a placeholder date for none or for ever: leave it empty",
    )
    DATE_RANGE = "YZ-3034", "年份不在1800至2199之间,请核实", "the year is outside 1800 to 2199: check it"
    DATE_NO_DAY = "YZ-3035", "日期缺少日,请补全", "the date has no day: complete it"
    DATE_HAS_TIME = "YZ-3036", "日期带有时刻,请核实字段", "a date with a time of day: check the field"
    DATE_SERIAL = (
        "YZ-3037",
        "日期为Excel序列数,请按日期重新导出",
        "a spreadsheet's serial number: export it as a date",
    )
    MONTH_FORM = "YZ-3038", "不是月份,请改为如 2026-10 的写法", "not a month: write it like 2026-10"
    TIMESTAMP_FORM = (
        "YZ-3039",
        "不是时刻,请改为如 2026-10-01 08:30:00 的写法",
        "not a date and time: write it like 2026-10-01 08:30:00",
    )
    TIME_IMPOSSIBLE = "YZ-3040", "一天中没有这一时刻,请核实", "no such time of day: check it"
    TIME_AMBIGUOUS = (
        "YZ-3041",
        "该时刻处于夏令时切换,无法唯一确定,请注明时区偏移",
        "the clocks changed at this time, it is not one instant: state its offset",
    )

    ID_LENGTH = "YZ-3051", "身份证号不是18位,请核对证件", "the ID number does not have 18 characters: check the card"
    ID_15_DIGITS = "YZ-3052", "身份证号为15位旧号,请换为18位", "an old ID number of 15 digits: supply the one of 18"
    ID_CHARACTERS = (
        "YZ-3053",
        "身份证号含有非法字符,请核对证件",
        "the ID number holds other characters: check the card",
    )
    ID_BIRTH_DATE = (
        "YZ-3054",
        "身份证号中的出生日期不存在,请核对证件",
        "the ID number's birth date does not exist: check it",
    )
    ID_CHECK_DIGIT = (
        "YZ-3055",
        "身份证号校验位不符,请核对证件",
        "the ID number's check digit is wrong: check the card",
    )
    CREDIT_LENGTH = (
        "YZ-3061",
        "统一社会信用代码不是18位,请核对",
        "the credit code does not have 18 characters: check it",
    )
    CREDIT_CHARACTERS = (
        "YZ-3062",
        "统一社会信用代码含有非法字符,请核对",
        "the credit code holds other characters: check it",
    )
    CREDIT_CHECK_DIGIT = (
        "YZ-3063",
        "统一社会信用代码校验位不符,请核对",
        "the credit code's check digit is wrong: check it",
    )
    ORGANIZATION_FORM = "YZ-3066", "组织机构代码写法不对,请核对", "not an organization code: check it"
    ORGANIZATION_CHECK_DIGIT = (
        "YZ-3067",
        "组织机构代码校验位不符,请核对",
        "the organization code's check digit is wrong",
    )
    REGION_FORM = "YZ-3071", "行政区划代码应为6、9或12位数字,请核对", "a region code has 6, 9 or 12 digits: check it"
    ACCOUNT_FORM = (
        "YZ-3072",
        "银行账号写法不对,请核对存折或银行卡",
        "not a bank account number: check the passbook or card",
    )
    PHONE_FORM = "YZ-3073", "电话号码写法不对,请核对", "not a telephone number: check it"
    CODE_UNKNOWN = "YZ-3074", "代码不在代码表中,请核对", "the code is not in the list: check it"

    KEY_REPEATED = (
        "YZ-3091",
        "主键重复且内容不同,请核实哪一条有效",
        "another row has the same key and different content: decide which one holds",
    )
    KEY_LONG = (
        "YZ-3092",
        "主键各字段合计过长(超过 2000 字节),请核对是否串列",
        "the key is longer than 2,000 bytes: check whether columns were run together",
    )
    ANSWER_UNMATCHED = (
        "YZ-3095",
        "回盘记录在清册中找不到对应的发放记录,请与开户行核对",
        "a bank's answer about nobody on the roster: check it with the bank",
    )
    ANSWER_DISAGREES = (
        "YZ-3096",
        "回盘记录与清册的金额、账号等不符,或与另一条回盘矛盾,请与开户行核对",
        "a bank's answer does not agree with the roster or with another answer: check it with the bank",
    )
    ANSWER_REPEATED = (
        "YZ-3097",
        "回盘记录重复,请与开户行核对",
        "a bank's answer was given twice: check it with the bank",
    )

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why one row is set aside; a row with several reasons has several of these, equal in `position`.

    Attributes:
        position: where the record stands in its source, in the adapter's words.
        field: the column's name; None when the reason concerns the whole row.
        masked: the value as it may be shown (`mask.mask`); empty when there is none to show.
    """

    position: str
    field: str | None
    reason: Reason
    masked: str = ""

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def zh(self) -> str:
        return self.reason.zh

    @property
    def en(self) -> str:
        return self.reason.en


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often each reason occurred; `counts` is sorted by code and holds no zeros."""

    counts: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Tally:
        return cls(counts=tuple(sorted(Counter(p.code for p in problems).items())))

    def __add__(self, other: Tally) -> Tally:
        return Tally(counts=tuple(sorted((Counter(dict(self.counts)) + Counter(dict(other.counts))).items())))


def reason(code: str) -> Reason:
    """The reason of a stable code, as read back from a problem file or a manifest.

    Raises:
        KeyError: the code is none of this table's.
    """
    return _BY_CODE[code]


_BY_CODE = {r.code: r for r in Reason}
