"""XML files: every record once, whatever the document says of its encoding, and no trick of a document believed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.contract import Declared
from adapters.formats import records
from adapters.formats.xml.config import TotalsPlaces, Xml
from gateway.errors import SourceMalformed
from tests.adapters.held import MONEY, Found, Held, asking, found
from tests.peers.processes import ROOT

ASKED = ("@序号", "姓名", MONEY)
TOTALS = TotalsPlaces(rows="BATCH/HEAD/TRANS_CNT", sums={"c2": "BATCH/HEAD/@TRANS_SUM"})


def document(body: str, *, encoding: str | None = "gb2312", head: str = "", bytes_: str = "gb18030") -> bytes:
    declared = f' encoding="{encoding}"' if encoding else ""
    text = f'<?xml version="1.0"{declared}?>\n<BATCH>{head}<DETAILS>{body}</DETAILS></BATCH>'
    return text.encode(bytes_)


def row(number: int, name: str, money: str = "1.00") -> str:
    return f'<DETAIL 序号="{number}"><姓名>{name}</姓名><金额>{money}</金额></DETAIL>'


def read(raw: bytes, *, cut: int = 1 << 18, asked: tuple[str, ...] = ASKED, **how: Any) -> Found:
    return found(Held(raw=raw, cut=cut), Xml(**({"rows": "BATCH/DETAILS/DETAIL"} | how)), asking(*asked))


def refusal(raw: bytes, **how: Any) -> str:
    with pytest.raises(SourceMalformed) as refused:
        read(raw, **how)
    return f"{refused.value.facts['where']} {refused.value.facts['reason_en']}"


TEXT = st.text(st.sampled_from("张億朱镕基䶮𠮷<>&\"' a0|\n"), max_size=8)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=12), st.integers(1, 60), st.sampled_from(["gb2312", "utf-8", "GBK"]))
def test_every_record_is_read_as_it_was_written(rows: list[tuple[str, str]], cut: int, encoding: str) -> None:
    body = "".join(f"<DETAIL a={quoteattr(a)}><姓名>{escape(b)}</姓名></DETAIL>\n" for a, b in rows)
    raw = document(body, encoding=encoding, bytes_="utf-8" if encoding == "utf-8" else "gb18030")
    got = read(raw, cut=cut, asked=("姓名", "@a"))
    assert got == Found(rows={str(at): (b, a) for at, (a, b) in enumerate(rows, 1)}, faults={}, declared=None)


@pytest.mark.parametrize("encoding", ["gb2312", "GBK", "gb18030", "GB18030", "cp936"])
def test_a_declared_subset_is_read_as_gb18030(encoding: str) -> None:
    """朱镕基 is not in GB2312: a lenient parser returns 朱 and drops every later element."""
    raw = document(row(1, "朱镕基") + row(2, "𠮷"), encoding=encoding)
    assert list(read(raw).rows.values()) == [("1", "朱镕基", "1.00"), ("2", "𠮷", "1.00")]


def test_gbk_bytes_declared_as_utf8_are_refused_unless_the_feed_says_so() -> None:
    raw = document(row(1, "a") + row(2, "张三"), encoding="utf-8")
    said = "bytes that are no UTF-8; if they are GBK, declare encoding: gb18030"
    assert refusal(raw) == f"清册.txt:1 {said}"
    assert list(read(raw, encoding="gb18030").rows.values()) == [("1", "a", "1.00"), ("2", "张三", "1.00")]
    ascii_names = "<DETAIL><N>a</N></DETAIL><DETAIL><N>张三</N></DETAIL>"
    assert refusal(document(ascii_names, encoding=None), asked=("N",)) == f"清册.txt:2 {said}"


def test_utf8_bytes_declared_as_gbk_are_refused_unless_the_feed_says_so() -> None:
    raw = document(row(1, "常宁市宜阳街道办事处"), encoding="gbk", bytes_="utf-8")
    assert refusal(raw) == "清册.txt:1 it says GBK and is UTF-8: check it, then declare encoding: utf-8"
    assert read(raw, encoding="utf-8").rows == {"1": ("1", "常宁市宜阳街道办事处", "1.00")}


def test_bytes_that_are_no_character_refuse_the_file_at_their_record() -> None:
    raw = document("".join(row(at, "张三") for at in range(1, 4)) + row(4, "XX")).replace(b"XX", b"\x80\xff")
    assert refusal(raw) == "清册.txt:4 holds bytes that are no character in GB18030"


@pytest.mark.parametrize("encoding", ["big5", "iso-8859-1", "utf-16"])
def test_encodings_that_nobody_declared_support_for_are_refused(encoding: str) -> None:
    raw = document(row(1, "a"), encoding=encoding)
    assert refusal(raw) == "清册.txt:1 its encoding is not supported: export UTF-8 or GB18030"


def test_a_byte_order_mark_is_held_against_the_declaration() -> None:
    good = b"\xef\xbb\xbf" + document(row(1, "张"), encoding="utf-8", bytes_="utf-8")
    assert read(good).rows == {"1": ("1", "张", "1.00")}
    lying = b"\xef\xbb\xbf" + document(row(1, "张"), encoding="gbk", bytes_="utf-8")
    assert refusal(lying) == "清册.txt:1 its declared encoding is not that of its byte order mark"


def test_private_use_is_read_as_declared() -> None:
    raw = document(row(1, "XX")).replace(b"XX", b"\xfe\x51\xaa\xa1")
    assert read(raw).rows == {"1": ("1", "\U00020087\ue000", "1.00")}
    assert read(raw, private_use="keep").rows == {"1": ("1", "\ue816\ue000", "1.00")}


def test_text_around_comments_instructions_and_cdata_is_whole() -> None:
    raw = document(row(1, "朱<!-- c -->镕<?p?>基<![CDATA[<x>&]]>&lt;&#24352;"))
    assert read(raw).rows == {"1": ("1", "朱镕基<x>&<张", "1.00")}


def test_missing_nil_and_empty_fields_are_told_apart() -> None:
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    raw = document(f'<DETAIL/><DETAIL 序号=""><姓名/><金额 {nil}/></DETAIL>')
    assert read(raw).rows == {"1": (None, None, None), "2": ("", "", None)}


def test_prefixes_and_unknown_elements_are_passed_over() -> None:
    body = '<n:DETAIL xmlns:n="urn:x"><n:姓名>张三</n:姓名><备注><姓名>x</姓名></备注></n:DETAIL>'
    assert read(document(body)).rows == {"1": (None, "张三", None)}


def test_a_record_with_a_field_twice_or_with_markup_inside_is_a_fault() -> None:
    body = "<DETAIL><姓名>张<b>三</b></姓名></DETAIL><DETAIL><姓名>a</姓名><姓名>b</姓名></DETAIL>" + row(3, "李四")
    got = read(document(body))
    assert got == Found(rows={"3": ("3", "李四", "1.00")}, faults={"1": "layout", "2": "layout"}, declared=None)


def test_records_below_a_repeated_element_are_all_read() -> None:
    raw = document(row(1, "a")).replace(
        b"</DETAILS>", b"</DETAILS><X/><DETAILS>" + row(2, "b").encode("gbk") + b"</DETAILS>"
    )
    assert list(read(raw).rows) == ["1", "2"]


def test_elements_of_the_same_name_elsewhere_are_no_records() -> None:
    raw = document(row(1, "张三"), head="<DETAIL><姓名>x</姓名></DETAIL><A><DETAILS><DETAIL/></DETAILS></A>")
    assert read(raw).rows == {"1": ("1", "张三", "1.00")}


@pytest.mark.parametrize("cut", [1, 50, 10_000])
def test_the_documents_own_totals_are_declared(cut: int) -> None:
    head = '<HEAD TRANS_SUM=" 3.50 "><TRANS_CNT>2</TRANS_CNT></HEAD>'
    got = read(document(row(1, "张三") + row(2, "李四", "2.50"), head=head), totals=TOTALS, cut=cut)
    assert got.declared == Declared(rows=2, sums=(("c2", 350),))
    assert len(got.rows) == 2


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "the total at BATCH/HEAD/TRANS_CNT is no number"),
        ('<HEAD TRANS_SUM="1"><TRANS_CNT>二</TRANS_CNT></HEAD>', "the total at BATCH/HEAD/TRANS_CNT is no number"),
        ("<HEAD><TRANS_CNT>1</TRANS_CNT></HEAD>", "the total at BATCH/HEAD/@TRANS_SUM is no number"),
        ("<HEAD><TRANS_CNT>1</TRANS_CNT><TRANS_CNT>1</TRANS_CNT></HEAD>", "a total stands there twice"),
    ],
)
def test_totals_that_are_not_exact_refuse_the_file(head: str, said: str) -> None:
    assert refusal(document("", head=head), totals=TOTALS) == f"清册.txt:1 {said}"


ENTITY = '<!DOCTYPE BATCH [<!ENTITY x "y">]>'
BOMB = "<!DOCTYPE BATCH [" + "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10 if n else "lol"}">' for n in range(9)) + "]>"


@pytest.mark.parametrize(
    "dtd", [ENTITY, BOMB, '<!DOCTYPE BATCH SYSTEM "http://127.0.0.1:9/x.dtd">', "<!DOCTYPE BATCH>"]
)
def test_a_document_with_a_dtd_is_refused_before_anything_of_it_is_used(dtd: str) -> None:
    body = (
        "<BATCH><DETAILS>" + row(1, "&x8;" if dtd is BOMB else "&x;" if dtd is ENTITY else "a") + "</DETAILS></BATCH>"
    )
    assert refusal((dtd + body).encode()) == "清册.txt:1 it carries a DTD and is refused"


BROKEN = "it is not well-formed XML, or ends too early"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (document(row(1, "a") + row(2, "b"))[:-10], f"3 {BROKEN}"),
        (document(row(1, "a") + "<DETAIL><姓名>b</DETAIL>" + row(3, "c")), f"2 {BROKEN}"),
        (document(row(1, "&nbsp;")), f"1 {BROKEN}"),
        (document(row(1, "a")) + b"<BATCH/>", f"2 {BROKEN}"),
        (b"", f"1 {BROKEN}"),
        (b"<html><body>error</body></html>", "1 its root element is not BATCH"),
        (b"<BATCH><HEAD/></BATCH>", "1 it has no element BATCH/DETAILS"),
    ],
)
def test_a_document_that_is_not_whole_is_refused_at_the_record_where_it_ends(raw: bytes, said: str) -> None:
    assert refusal(raw) == f"清册.txt:{said}"


def test_a_document_without_records_is_empty() -> None:
    assert read(document("")) == Found(rows={}, faults={}, declared=None)


def test_batches_come_while_the_document_is_still_arriving_and_nothing_is_kept() -> None:
    """More than the parser's own limit of ten million bytes, in batches of what was asked for."""
    one = row(7, "张" * 200).encode("gb18030")
    raw = document("@").replace(b"@", one * 30_000)
    reading = records(Held(raw=raw), Xml(rows="BATCH/DETAILS/DETAIL"), asking(*ASKED, batch_rows=500))
    sizes = [batch.num_rows for batch in reading]
    assert len(raw) > 12_000_000
    assert (sum(sizes), max(sizes)) == (30_000, 500)


def test_a_document_whose_records_lie_elsewhere_is_refused_before_it_fills_the_memory() -> None:
    raw = document("@").replace(b"@", row(7, "a" * 1000).encode("gb18030") * 40_000)
    said = "清册.txt:1 megabytes without a record at BATCH/DETAILS/RECORD"
    assert refusal(raw, rows="BATCH/DETAILS/RECORD") == said


@pytest.mark.parametrize("path", ["", "/BATCH", "BATCH/", "BATCH//D", "BATCH/@a", "a b"])
def test_a_path_that_names_no_element_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        Xml.model_validate({"kind": "xml", "rows": path})


def test_a_missing_driver_names_the_extra_that_brings_it() -> None:
    script = (
        "import sys; sys.modules['lxml'] = None; sys.modules['lxml.etree'] = None\n"
        "from adapters.formats import records\nfrom adapters.formats.xml.config import Xml\n"
        "from gateway.errors import DriverMissing\nfrom tests.adapters.held import Held, asking\n"
        "try: records(Held(raw=b''), Xml(rows='a/b'), asking('x'))\n"
        "except DriverMissing as missing: print(missing)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "lxml" in done.stdout
    assert "yizhan[files]" in done.stdout
