"""What the workbook says to whoever fills it in: one hint for each type of field, and the notes on its second sheet."""

from __future__ import annotations

from gateway.catalogue.tree import Field
from gateway.errors import Lang
from gateway.records.types import FieldType
from gateway.template.layout import UNITS, shown

_HINTS: dict[FieldType, tuple[str, str]] = {
    FieldType.TEXT: ("文字", "text"),
    FieldType.PERSON_NAME: ("与证件一致的姓名,中间不加空格", "the name as on the card, without spaces inside"),
    FieldType.CODE: ("从下拉列表中选取或填写代码", "choose from the list, or write the code"),
    FieldType.INTEGER: ("整数", "a whole number"),
    FieldType.DECIMAL: ("数字", "a number"),
    FieldType.MONEY: ("数字,不带单位和千分位", "a number without its unit or thousands separators"),
    FieldType.DATE: ("日期,如 2026-10-01", "a date such as 2026-10-01"),
    FieldType.MONTH: ("月份,如 2026-10", "a month such as 2026-10"),
    FieldType.TIMESTAMP: ("日期和时间,如 2026-10-01 08:30:00", "date and time such as 2026-10-01 08:30:00"),
    FieldType.BOOLEAN: ("是 或 否", "是 (yes) or 否 (no)"),
    FieldType.ID_NUMBER: ("18位公民身份号码,按文本填写", "the ID number of 18 characters, as text"),
    FieldType.CREDIT_CODE: ("18位统一社会信用代码,按文本填写", "the credit code of 18 characters, as text"),
    FieldType.ORGANIZATION_CODE: ("组织机构代码,按文本填写", "the organization code, as text"),
    FieldType.REGION_CODE: ("6、9或12位行政区划代码,按文本填写", "the region code of 6, 9 or 12 digits, as text"),
    FieldType.BANK_ACCOUNT: ("银行账号,按文本填写", "the account number, as text"),
    FieldType.PHONE: ("电话号码,按文本填写", "the telephone number, as text"),
}
_NOTES = {
    "zh": (
        "1. 只在“数据”表第6行起填写,每行一条;不要改动第1至5行的栏目,不要插入合计行。",
        "2. 先填写数据期(B2)和第3行合计:条数与各金额栏的合计须由填表人自行核对后填写,与明细不符的整表退回。",
        "3. 证件号码、账号和代码各栏已设为文本格式;从别处粘贴时请选择“只粘贴文本”,否则号码会被改坏。",
        "4. 以 * 标记的栏目必填。没有内容的单元格留空,不要填“-”“无”。",
        "5. 填好后保存为 xlsx,不设密码,按约定的文件名交换。",
    ),
    "en": (
        "1. Fill in the sheet 数据 from row 6 on, one record a row; leave rows 1 to 5 and add no total row.",
        "2. First write the period (B2) and row 3: the number of records and the sum of each money column, counted by "
        "whoever fills it in. A workbook that does not agree with them is returned.",
        "3. Numbers of cards and accounts and codes are text: paste as text only, or they are spoiled.",
        "4. Fields marked * are required. Leave a cell empty where there is nothing to say.",
        "5. Save it as xlsx, without a password, under the agreed name.",
    ),
}


def hint(field: Field, lang: Lang) -> str:
    """What a field takes, for its comment and the notes."""
    zh, en = _HINTS[field.type]
    if field.type is FieldType.MONEY and field.unit is not None:
        zh, en = f"{zh};单位:{UNITS[field.unit]}", f"{en}; in {UNITS[field.unit]} ({field.unit.value})"
    return zh if lang == "zh" else en


def need(field: Field, lang: Lang) -> str:
    """Whether a field has to be filled in."""
    if field.required:
        return "* 必填" if lang == "zh" else "* required"
    return "选填" if lang == "zh" else "optional"


def notes(lang: Lang) -> tuple[str, ...]:
    """How the workbook is filled in."""
    return _NOTES[lang]


def codes(field: Field) -> str:
    """The codes of a field with their meanings, for the notes."""
    return ";".join(shown(code, meaning) for code, meaning in field.meanings)
