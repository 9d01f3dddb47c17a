"""Hazards of spreadsheets and of DBF tables: what Excel makes of what was typed, and what old systems leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import of
from tests.hazards.definitions.workbooks import (
    SHEET,
    Cell,
    Formula,
    NotAvailable,
    Rows,
    dbf,
    enciphered,
    patched,
    with_password,
    xls,
    xlsx,
)

ID, ACCOUNT, REGION, CODE, PHONE = (of(k) for k in ("id_number", "bank_account", "region_code", "code", "phone"))
YUAN, DAY, TEXT, WHOLE = of("money", unit="yuan"), of("date"), of("text"), of("integer")
STILL = {"by": "stable", "seconds": 0}
DAYS = {"serials": "days"}
REFUSED = "YZ-2005"

# One cell in row 2, in an xlsx and in an xls alike: group, name, what it shows, found, the cell, its field, outcome, keys
CELLS: tuple[tuple[str, str, str, str, Cell, dict[str, Any], str | None, dict[str, Any]], ...] = (
    ("identifiers", "id_as_number", "18 digits that Excel made a number: the last three are gone", "domain 6.6", 430482195001010016, ID, "YZ-3016", {}),
    ("identifiers", "id_as_text", "the same typed as text", "domain 6.6", "11010519491231002X", ID, "11010519491231002X", {}),
    ("identifiers", "card_as_number", "19 digits of a card that Excel made a number", "domain 6.6", 6222021202041701419, ACCOUNT, "YZ-3016", {}),
    ("identifiers", "region_lost_its_zero", "a code whose leading zero Excel took off", "adapters-facts 5", 30482, REGION, "YZ-3071", {}),
    ("identifiers", "phone_as_number", "11 digits are a number that Excel keeps whole", "domain 6.6", 13800000000, PHONE, "13800000000", {}),
    ("identifiers", "code_as_date", "3-1 typed as a code, which Excel made a day", "domain 6.7", date(2018, 3, 1), CODE, "YZ-3005", {}),
    ("numbers", "error_cell", "#N/A, which a reader gives as nothing", "adapters-facts 5", NotAvailable(), YUAN, "YZ-3004", {}),
    ("numbers", "formula_never_calculated", "a formula without its result, which a reader gives as nothing", "adapters-facts 5", Formula("1+1"), YUAN, "YZ-3004", {}),
    ("numbers", "amount_of_16_digits", "more digits than a cell can hold", "domain 6.6", 1234567890123456, YUAN, "YZ-3005", {}),
    ("numbers", "tenth", "0.1 is no binary fraction", "domain 6.9", 0.1, YUAN, "0.10", {}),
    ("numbers", "whole_as_float", "5 is kept as 5.0", "domain 6.9", 5, WHOLE, "5", {}),
    ("numbers", "thousands_as_text", "a number typed as text with its separators", "domain 6.7", "1,234.50", YUAN, "YZ-3022", {}),
    ("numbers", "capitals", "an amount in capitals", "domain 6.9", "壹佰元整", YUAN, "YZ-3024", {}),
    ("dates", "day", "a day in a date's format", "domain 6.8", date(2018, 1, 1), DAY, "2018-01-01", {}),
    ("dates", "serial", "43101 without a date's format: nobody said that it counts days", "domain 6.8", 43101, DAY, "YZ-3037", {}),
    ("dates", "serial_declared", "the same where the feed says that numbers count days", "domain 6.8", 43101, DAY, "2018-01-01", DAYS),
    ("dates", "serial_of_no_day", "29 February 1900, which Excel believes in", "domain 6.8", 60, DAY, "YZ-3032", DAYS),
    ("encoding", "text_like_a_number", "text stays text", "adapters-facts 5", "0012345", TEXT, "0012345", {}),
    ("encoding", "four_bytes", "a character beyond the basic plane", "domain 6.1", "𠮷田", TEXT, "𠮷田", {}),
)  # fmt: skip

PEOPLE = ({"name": "name", "title": "姓名", "type": "person_name", "source": "姓名"},
          {"name": "sum", "title": "金额", "type": "money", "unit": "yuan", "source": "金额"})  # fmt: skip
TOWNS = ({"name": "town", "title": "乡镇", "type": "text", "source": "乡镇"},
         {"name": "urban", "title": "城市", "type": "money", "unit": "wan_yuan", "source": "低保金/城市"},
         {"name": "rural", "title": "农村", "type": "money", "unit": "wan_yuan", "source": "低保金/农村"})  # fmt: skip
HEAD: Rows = (("姓名", "金额"),)


def _form(unit: str = "单位:户、万元", total: float = 19.295678, *between: tuple[Cell, ...]) -> bytes:
    """The monthly form of minimum living allowances: two levels of heading, merged; unit line, total, signatures."""
    rows: Rows = (
        ("2023年1月城乡居民最低生活保障情况统计表", None, None, None),
        ("填报单位:某县民政局", None, None, unit),
        ("序号", "乡镇", "低保金", None),
        (None, None, "城市", "农村"),
        (1, "宜阳街道", 18.345678, 1.92),
        *between,
        (2, "荫田镇", 0.95, 30.000001),
        ("合计", None, total, 31.920001),
        ("领导签批人:", "填表人:", None, None),
    )
    return xlsx(rows, merged=("A1:D1", "A3:A4", "B3:B4", "C3:D3"))


FORM = {"header": {"rows": [3, 4]}, "unit": {"cell": "D2"}, "footer": ["领导签批人"],
        "totals": {"row": "last", "mark": "合计", "sums": {"urban": "C", "rural": "D"}}}  # fmt: skip
FORM_ROWS = (("宜阳街道", "183456.78", "19200.00"), ("荫田镇", "9500.00", "300000.01"))

FORMS: tuple[tuple[str, str, bytes, dict[str, Any]], ...] = (
    ("form", "a form in 万元 is read to the fen, its total and signatures are no records", _form(), {"rows": FORM_ROWS}),
    ("form_in_yuan", "the unit line says 元 where the feed has 万元: never rescaled", _form("单位:户、元"), {"refused": REFUSED}),
    ("form_without_unit", "the unit line is gone", _form(""), {"refused": REFUSED}),
    ("form_total_wrong", "the form's own total is a fen off", _form(total=19.295679), {"refused": "YZ-2008"}),
    ("form_subtotal", "小计 among the records is nobody", _form("单位:万元", 19.295678, ("小 计", None, 1, 2)), {"rows": FORM_ROWS, "problems": (("6", "YZ-3017"),)}),
)  # fmt: skip

BOOKS: tuple[tuple[str, str, str, bytes, dict[str, Any]], ...] = (
    ("layout", "total_row", "a 合计 row read as a person", xlsx((*HEAD, ("王芳", 1), ("合计", 1))), {"rows": (("王芳", "1.00"),), "problems": (("3", "YZ-3017"),)}),
    ("layout", "wan_in_the_title", "金额(万元) is not the column 金额", xlsx((("姓名", "金额(万元)"), ("王芳", 1))), {"refused": REFUSED}),
    ("layout", "unit_line_nobody_declared", "a unit line that contradicts the feed, declared or not", xlsx((("单位:万元", None), *HEAD, ("王芳", 1))), {"keys": {"header": {"rows": [2]}}, "refused": REFUSED}),
    ("layout", "merged_records", "a merged area over two records: the second would look empty", xlsx((*HEAD, ("王芳", 1), (None, 2)), merged=("A2:A3",)), {"rows": (("王芳", "1.00"),), "problems": (("3", "YZ-3002"),)}),
    ("layout", "blank_row", "a blank row is no record and keeps its number", xlsx((*HEAD, ("王芳", 1), (None, None), ("李四", 1))), {"rows": (("王芳", "1.00"), ("李四", "1.00"))}),
    ("layout", "title_twice", "a title that stands there twice", xlsx((("姓名", "金额", "金额"), ("王芳", 1, 2))), {"refused": REFUSED}),
    ("layout", "no_such_sheet", "the sheet that was declared is not there", xlsx(HEAD), {"keys": {"sheet": "10月"}, "refused": REFUSED}),
    ("numbers", "computed", "0.1+0.2 as a computer keeps it, which Excel shows as 0.3", patched(xlsx((*HEAD, ("王芳", 0.25))), SHEET, "<v>0.25</v>", "<v>0.30000000000000004</v>"), {"problems": (("2", "YZ-3005"),)}),
    ("transport", "xlsx_named_xls", "the bytes tell what it is, the name does not", xlsx((*HEAD, ("王芳", 1))), {"name": "a.xls", "rows": (("王芳", "1.00"),)}),
    ("transport", "html_named_xls", "a web page called .xls", b"<html><table><tr><td>1</td></tr></table></html>", {"name": "a.xls", "refused": REFUSED}),
    ("transport", "xml_named_xls", "a workbook of 2003 in XML called .xls", b'<?xml version="1.0"?>\n<Workbook/>', {"name": "a.xls", "refused": REFUSED}),
    ("transport", "mime_named_xls", "a web archive called .xls", b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", {"name": "a.xls", "refused": REFUSED}),
    ("transport", "text_named_xls", "text in GBK, parted by tabs, called .xls", "成交时间\t证券代码\r\n".encode("gbk"), {"name": "a.xls", "refused": REFUSED}),
    ("transport", "xls_with_password", "an xls with a password", with_password(xls(HEAD)), {"name": "a.xls", "refused": REFUSED}),
    ("transport", "xlsx_with_password", "an xlsx with a password", enciphered(xls(HEAD)), {"refused": REFUSED}),
    ("transport", "xlsx_truncated", "a workbook cut off", xlsx((*HEAD, ("王芳", 1)))[:-200], {"refused": REFUSED}),
    ("transport", "xlsx_open", "somebody has the workbook open", xlsx((*HEAD, ("王芳", 1))), {"beside": {"~$a.xlsx": b"\x05user"}, "refused": "YZ-2002"}),
)  # fmt: skip

EPOCH = (
    ("day_of_1904", "a day of a workbook that counts from 1904", date(2022, 1, 2), {}),
    ("serial_of_1904", "43101 counts from 1904 where the workbook says so", 43101, DAYS),
)

NAMED = (("NAME", "C", 6),)


def _gbk(text: str, width: int = 6) -> bytes:
    return b" " + text.encode("gb18030").ljust(width)


# The table's one field is read: group, name, what it shows, the table, the field's type, rows, problems, refused
TABLES: tuple[tuple[str, str, str, bytes, str, dict[str, Any]], ...] = (
    ("encoding", "language_byte_0", "a header that names no code page, GBK in the records", dbf(NAMED, _gbk("朱镕基")), "person_name", {"rows": (("朱镕基",),)}),
    ("encoding", "language_byte_wrong", "a header that names Windows' Latin-1, GBK in the records", dbf(NAMED, _gbk("朱镕基"), language=3), "person_name", {"rows": (("朱镕基",),)}),
    ("encoding", "name_cut_in_mid_character", "a name longer than its field, cut in the middle of a character", dbf((("NAME", "C", 5),), _gbk("李四", 5), b" " + "王小芳".encode("gbk")[:5]), "person_name", {"rows": (("李四",),), "problems": (("2", "YZ-3003"),)}),
    ("encoding", "four_bytes", "𠮷, of four bytes", dbf(NAMED, _gbk("𠮷田")), "person_name", {"rows": (("𠮷田",),)}),
    ("encoding", "nul_padding", "NULs behind a name fill its field up", dbf(NAMED, b" " + "王芳".encode("gbk") + b"\0\0"), "person_name", {"rows": (("王芳",),)}),
    ("encoding", "nul_inside", "a NUL within a text", dbf(NAMED, b" ab\0cd "), "text", {"problems": (("1", "YZ-3012"),)}),
    ("layout", "deleted_records", "records marked deleted are no data and keep their number", dbf(NAMED, _gbk("王芳"), b"*" + _gbk("李四")[1:], _gbk("??")), "person_name", {"rows": (("王芳",),), "problems": (("3", "YZ-3011"),)}),
    ("layout", "memo_asked_for", "a memo's text lies in another file", dbf((("NAME", "M", 10),), b" " + b"1".rjust(10)), "text", {"refused": REFUSED}),
    ("layout", "more_counted_than_held", "the header counts a record more than the file holds", dbf(NAMED, _gbk("王芳"), count=2), "person_name", {"refused": REFUSED}),
    ("layout", "more_held_than_counted", "the file holds a record more than its header counts", dbf(NAMED, _gbk("王芳"), _gbk("李四"), count=1), "person_name", {"refused": REFUSED}),
    ("layout", "truncated", "a table cut off", dbf(NAMED, _gbk("王芳"))[:-4], "person_name", {"refused": REFUSED}),
    ("layout", "no_table", "a text file called .dbf", "姓名\n王芳\n".encode("gbk").ljust(99), "person_name", {"refused": REFUSED}),
    ("layout", "column_cut_in_mid_character", "a column's name cut in the middle of a character is nobody's", dbf((("A身份证号码", "C", 6),), _gbk("1")), "text", {"source": "A身份证号码", "refused": REFUSED}),
    ("numbers", "overflow", "****: a number too wide for its field", dbf((("NAME", "N", 6),), b" ******", b"  12.50"), "money", {"rows": (("12.50",),), "problems": (("1", "YZ-3021"),)}),
    ("numbers", "blank", "a blank number is missing, not zero", dbf((("NAME", "N", 6),), b"       "), "money", {"rows": ((None,),)}),
    ("numbers", "beyond_a_float", "an amount that readers give as a float", dbf((("NAME", "N", 20),), b"  1234567890123456.78"), "money", {"rows": (("1234567890123456.78",),)}),
    ("dates", "zeros", "00000000 and blanks for no date", dbf((("NAME", "D", 8),), b" 00000000", b"         "), "date", {"rows": ((None,), (None,))}),
    ("dates", "no_such_day", "30 February", dbf((("NAME", "D", 8),), b" 20170230"), "date", {"problems": (("1", "YZ-3032"),)}),
)  # fmt: skip


def _workbook(
    name: str, group: str, shows: str, found: str, content: bytes, fields: tuple[dict[str, Any], ...],
    *, file: str = "a.xlsx", keys: dict[str, Any], beside: dict[str, bytes] | None = None, **outcome: Any,
) -> Hazard:  # fmt: skip
    block = {"kind": "sheet", "header": {"rows": [1]}} | keys
    source = {"adapter": "files", "path": file, "ready": STILL, "format": block}
    given = {file: content} | (beside or {})
    return Hazard(
        name=name, group=group, shows=shows, found=found, peer="files", fields=fields, source=source, given=given, **outcome
    )  # fmt: skip


def _cells() -> Iterator[Hazard]:
    for kind, write in (("xlsx", xlsx), ("xls", xls)):
        for group, name, shows, found, value, field, outcome, keys in CELLS:
            content = write((("序号", "值"), (1, value)))
            bad = outcome is not None and outcome.startswith("YZ-3")
            yield _workbook(
                f"{kind}_{name}", group, shows, found, content, (field,), file=f"a.{kind}", keys=keys,
                rows=() if bad else ((outcome,),), problems=(("2", str(outcome)),) if bad else (),
            )  # fmt: skip
        for name, shows, value, keys in EPOCH:
            content = write((("值",), (value,)), calendar=1904)
            yield _workbook(
                f"{kind}_{name}", "dates", shows, "domain 6.8", content, (DAY,), file=f"a.{kind}", keys=keys,
                rows=(("2022-01-02",),),
            )  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    yield from _cells()
    for name, shows, content, outcome in FORMS:
        yield _workbook(f"sheet_{name}", "layout", shows, "domain 3, 6.7", content, TOWNS, keys=FORM, **outcome)
    for group, name, shows, content, given in BOOKS:
        told = {"keys": {}, "file": given.get("name", "a.xlsx")} | {k: v for k, v in given.items() if k != "name"}
        yield _workbook(f"sheet_{name}", group, shows, "domain 6.7", content, PEOPLE, **told)
    for group, name, shows, content, kind, given in TABLES:
        field = {"name": "value", "title": "值", "type": kind, "source": given.get("source", "NAME")}
        source = {"adapter": "files", "path": "a.dbf", "ready": STILL, "format": {"kind": "dbf"}}
        yield Hazard(
            name=f"dbf_{name}", group=group, shows=shows, found="domain 6.10", peer="files", fields=(field,),
            source=source, given={"a.dbf": content}, **{k: v for k, v in given.items() if k != "source"},
        )  # fmt: skip
