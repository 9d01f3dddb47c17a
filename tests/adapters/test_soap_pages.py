"""One answer taken apart: every shape of row, every spelling of XML, every cut of the network, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.contract import Fault
from adapters.soap.bodies import body
from adapters.soap.pages import Ends, Layout, read
from adapters.soap.refusals import NotSoap, PageError, SoapFault
from tests.peers.soap.scripted import envelope

NAMES = ("a", "b")
PLAIN = Layout(rows=("r", "list", "item"), names=NAMES, texts=(("r", "total"),))
INNER = Layout(rows=("d", "list", "item"), names=NAMES, texts=(("d", "total"),), embedded=("r", "return"))
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
LARGE = 11_000_000
Row = tuple[str | None, ...]


def parsed(
    answer: str | bytes, layout: Layout = PLAIN, encoding: str | None = None, cut: int = 1 << 16
) -> tuple[list[Row], Ends]:
    """Each row's fault and values."""
    raw = answer.encode() if isinstance(answer, str) else answer
    chunks = (raw[start : start + cut] for start in range(0, len(raw), cut))
    ends, rows = Ends.of(layout), list[Row]()
    for one in read(body(chunks, encoding), layout, ends):
        rows += zip(one.faults.to_pylist(), *(column.to_pylist() for column in one.columns), strict=True)
    assert len(rows) == ends.rows
    return rows, ends


def answer(items: str, around: str = "<total>1</total>{}") -> str:
    return envelope(f"<q:r xmlns:q='urn:q'>{around.format(f'<list>{items}</list>')}</q:r>")


def inner(document: str) -> str:
    return envelope(f"<r><return>{document}</return></r>")


# --- rows


@pytest.mark.parametrize(
    ("item", "row"),
    [
        ("<item><a>1</a><b>2</b></item>", (None, "1", "2")),
        ("<item><b>2</b><a>1</a></item>", (None, "1", "2")),
        ("<x:item xmlns:x='u'><x:a>1</x:a><y:b xmlns:y='v'>2</y:b></x:item>", (None, "1", "2")),
        ("<item><a/><b></b></item>", (None, "", "")),
        ("<item><a> \n\t</a></item>", (None, " \n\t", None)),
        ("<item/>", (None, None, None)),
        ("<item>stray<a>1</a>stray<b>2</b></item>", (None, "1", "2")),
        ("<item><a>1</a><other><b>9</b></other></item>", (None, "1", None)),
        ("<item x='&lt;&gt;&amp;&quot;/'><a y='>'>1</a></item>", (None, "1", None)),
        ("<item><a>&lt;b&gt;&amp;lt;&#13;&#x20087;&#xE816;</a></item>", (None, "<b>&lt;\r\U00020087\ue816", None)),
        ("<item><a>1<!-- no -->2<?no no?>3</a></item>", (None, "123", None)),
        ("<item><a><![CDATA[<b>&amp;]]>x</a></item>", (None, "<b>&amp;x", None)),
        (f"<item {XSI}><a xsi:nil='true'/><b xsi:nil=' 1 '> </b></item>", (None, None, None)),
        (f"<item><a {XSI.replace('xsi', 'i')} i:nil='true'/></item>", (None, None, None)),
        (f"<item {XSI}><a xsi:nil='false'>1</a><b nil='true'>2</b></item>", (None, "1", "2")),
        ("<item><a xmlns:xsi='urn:other' xsi:nil='true'>1</a></item>", (None, "1", None)),
        ("<item><a>1</a><a>1</a></item>", (Fault.LAYOUT, None, None)),
        ("<item><a>1<i/></a></item>", (Fault.LAYOUT, None, None)),
        ("<item><a><i>1</i></a><b>2</b></item>", (Fault.LAYOUT, None, None)),
        (f"<item {XSI}><a xsi:nil='true'>1</a></item>", (Fault.LAYOUT, None, None)),
        ("<item href='#id1'/>", (Fault.LAYOUT, None, None)),
        ("<item><a href='#id1'/><b>2</b></item>", (Fault.LAYOUT, None, None)),
        ("<item><a><x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:1'/></a></item>",
         (Fault.LAYOUT, None, None)),
    ],
    ids=[
        "fields", "another order", "namespaces", "empty", "white space", "no field", "text between", "unknown nested",
        "attributes", "references", "comment", "cdata", "nil", "nil by another prefix", "not nil", "another nil",
        "twice", "element in a text", "nested", "nil with a value", "row by reference", "field by reference", "xop",
    ],
)  # fmt: skip
def test_a_row_is_exact_or_a_fault(item: str, row: Row) -> None:
    before, after = "<item><a>0</a></item>", "<item><b>9</b></item>"
    rows, ends = parsed(answer(before + item + after))
    assert rows == [(None, "0", None), row, (None, None, "9")]
    assert ends.texts == ["1"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (answer("<item><a>1</a></item>", "{0}<total>1</total>{0}"), ["1", "1"]),
        (envelope("<r><list><item><a>1</a></item></list></r><r><list><item><a>2</a></item></list></r>"), ["1", "2"]),
        (envelope("<x><list><item><a>1</a></item></list></x>"), []),
        (envelope("<r><item><a>1</a></item></r>"), []),
        (envelope("<r><list><list><item><a>1</a></item></list></list></r>"), []),
        (envelope("").replace("<s:Body>", "<s:Body><r><list/></r>"), []),
        (answer("<item><a>1</a></item>").replace("<s:Body", "<s:Header><r/></s:Header><s:Body"), ["1"]),
        ("<!-- x -->" + answer("<item><a>1</a></item>") + "<!-- x -->", ["1"]),
        (answer("<item><a>1</a></item>").replace("s:Body>", "Body>"), []),
    ],
    ids=[
        "two lists", "two answers", "elsewhere", "too high", "too deep", "none", "header", "comments around",
        "a body of another namespace",
    ],
)  # fmt: skip
def test_rows_are_taken_from_their_place_alone(written: str, expected: list[str]) -> None:
    rows, _ = parsed(written)
    assert [row[1] for row in rows] == expected


_TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"),
    max_size=12,
)
_ROW = st.tuples(st.none() | _TEXT, st.none() | _TEXT)


@settings(deadline=None)
@given(rows=st.lists(_ROW, max_size=40), cut=st.integers(1, 300), escaped=st.booleans())
def test_every_text_arrives_as_it_was_however_the_network_cuts(
    rows: list[tuple[str | None, str | None]], cut: int, escaped: bool
) -> None:
    quote = escape if escaped else lambda text: f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
    fields = [
        "".join(f"<{n}>{quote(t)}</{n}>" for n, t in zip(NAMES, row, strict=True) if t is not None) for row in rows
    ]
    items = "".join(f"<item>{one}</item>" for one in fields)
    assert parsed(answer(items), cut=cut)[0] == [(None, *row) for row in rows]
    document = f"<?xml version='1.0' encoding='gb2312'?><d><total>3</total><list>{items}</list></d>"
    found, ends = parsed(inner(escape(document)), INNER, cut=cut)
    assert (found, ends.texts) == ([(None, *row) for row in rows], ["3"])


def test_a_long_answer_is_let_go_of_on_the_way() -> None:
    """The first slab is there long before the answer has ended, so a whole answer never stands in memory."""
    seen = 0

    def arriving() -> Iterator[bytes]:
        nonlocal seen
        head, _, tail = answer("|").partition("|")
        yield head.encode()
        for number in range(100_000):
            seen = number
            yield f"<item><a>{number}</a><b>{'某' * 20}</b></item>".encode()
        yield tail.encode()

    slabs = read(body(arriving(), None), PLAIN, ends := Ends.of(PLAIN))
    first = next(slabs)
    assert 0 < first.rows <= seen < 20_000
    rest = [value for one in slabs for value in one.columns[0].to_pylist()]
    assert first.columns[0].to_pylist() + rest == [str(number) for number in range(100_000)]
    assert ends.rows == 100_000


# --- a document in a text


@pytest.mark.parametrize("declared", ["", "<?xml version='1.0' encoding='GBK'?>", "<?xml version='1.0' encoding='x'?>"])
@pytest.mark.parametrize("lead", ["", "\n  ", "\ufeff"])
@pytest.mark.parametrize("wrap", [escape, "<![CDATA[{}]]>".format], ids=["escaped", "cdata"])
def test_what_an_embedded_document_says_of_its_encoding_is_void(wrap: object, lead: str, declared: str) -> None:
    document = f"{lead}{declared}<d><total>1</total><list><item><a>朱镕基&lt;</a></item></list></d>"
    assert callable(wrap)
    rows, ends = parsed(inner(wrap(document)), INNER)
    assert (rows, ends.texts) == ([(None, "朱镕基<", None)], ["1"])


def test_an_embedded_document_in_gbk_is_read_in_full() -> None:
    document = "<?xml version='1.0' encoding='utf-8'?><d><list><item><a>朱镕基</a></item></list></d>"
    raw = f"<?xml version='1.0' encoding='gb2312'?>{inner(escape(document))}".encode("gb18030")
    assert parsed(raw, INNER)[0] == [(None, "朱镕基", None)]


def test_several_embedded_documents_follow_each_other() -> None:
    document = escape("<d><list><item><a>{}</a></item></list></d>")
    carriers = "".join(f"<return>{document.format(n)}</return>" for n in (1, 2)) + "<return/>"
    assert [row[1] for row in parsed(envelope(f"<r>{carriers}</r>"), INNER)[0]] == ["1", "2"]


def test_a_total_in_two_embedded_documents_is_refused() -> None:
    carrier = f"<return>{escape('<d><total>1</total></d>')}</return>"
    with pytest.raises(PageError):
        parsed(envelope(f"<r>{carrier * 2}</r>"), INNER)


@pytest.mark.parametrize("wrap", [escape, "<![CDATA[{}]]>".format], ids=["escaped", "cdata"])
def test_an_embedded_document_may_be_longer_than_one_text_may_be(wrap: object) -> None:
    count = 150_000
    items = "".join(f"<item><a>{n}</a><b>{'某' * 20}</b></item>" for n in range(count))
    assert callable(wrap)
    assert len(items) * 2 > LARGE / 2
    rows, _ = parsed(inner(wrap(f"<d><list>{items}</list></d>")), INNER)
    assert [row[1] for row in rows] == [str(n) for n in range(count)]


# --- what is refused

BOMB = "<!DOCTYPE x [" + "<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {here} '{f'&{below};' * 10}'>" for below, here in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip
OUTSIDE = "<!DOCTYPE x [<!ENTITY i SYSTEM 'file:///etc/hostname'>]>"
REMOTE = "<!DOCTYPE x SYSTEM 'http://192.0.2.1/x.dtd'>"


@pytest.mark.parametrize("dtd", [BOMB, OUTSIDE, REMOTE, "<!doctype x>"], ids=["bomb", "file", "remote", "lower case"])
@pytest.mark.parametrize("place", ["around", "embedded", "embedded in cdata", "behind a comment"])
@pytest.mark.parametrize("cut", [7, 1 << 16])
def test_a_dtd_is_refused_before_it_is_read(dtd: str, place: str, cut: int) -> None:
    document = f"{dtd}<d y='&i;'><list><item><a>&i;</a></item></list></d>"
    whole = {
        "around": dtd + answer("<item y='&i;'><a>&i;</a></item>"),
        "embedded": inner(escape(document)),
        "embedded in cdata": inner(f"<![CDATA[{document}]]>"),
        "behind a comment": f"<!--{'x' * 70_000}-->{dtd}{answer('<item><a>&i;</a></item>')}",
    }[place]
    started = time.perf_counter()
    with pytest.raises(PageError):
        parsed(whole, INNER if "embedded" in place else PLAIN, cut=cut)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("dtd", [BOMB, OUTSIDE, REMOTE], ids=["bomb", "file", "remote"])
def test_a_dtd_in_wide_characters_is_refused_too(dtd: str, encoding: str) -> None:
    started = time.perf_counter()
    with pytest.raises(PageError):
        parsed((dtd + answer("<item y='&i;'><a>&i;</a></item>")).encode(encoding))
    with pytest.raises(PageError):
        parsed(inner("").encode(encoding), INNER)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("written", "layout", "error"),
    [
        (answer("<item><a>1</a></item>")[:-9], PLAIN, PageError),
        (answer("<item><a>&x;</a></item>"), PLAIN, PageError),
        (answer("<item><a>\x01</a></item>"), PLAIN, PageError),
        (answer("<item><a>&#1;</a></item>"), PLAIN, PageError),
        (answer("<item>" * 300 + "</item>" * 300), PLAIN, PageError),
        (answer("<item/>", "<total>1</total><total>1</total>{}"), PLAIN, PageError),
        (answer("<item/>", "<total><n>1</n></total>{}"), PLAIN, PageError),
        (answer("<item xmlns:x='u&lt;v>w'><x:a>1</x:a></item>"), PLAIN, PageError),
        (answer(f"<item {XSI}><a xsi:nil='1'/><b xmlns:xsi='u' xsi:nil='1'>2</b></item>"), PLAIN, PageError),
        ("<r><list><item/></list></r>", PLAIN, NotSoap),
        (answer("<item/>").replace("schemas.xmlsoap.org", "example.org"), PLAIN, NotSoap),
        (envelope("<s:Fault><faultcode>s:Server</faultcode></s:Fault>"), INNER, SoapFault),
        (inner("<d><list/></d>"), INNER, PageError),
        (inner(escape("<d><list>")), INNER, PageError),
        (inner(escape("<d/><d/>")), INNER, PageError),
        (inner("no xml"), INNER, PageError),
    ],
    ids=[
        "cut off", "unknown entity", "control character", "control reference", "deep", "two totals", "nested total",
        "tag within a tag", "prefix of two meanings", "no envelope", "another envelope", "fault", "embedded elements",
        "embedded cut off", "embedded two roots", "embedded text",
    ],
)  # fmt: skip
def test_what_cannot_be_read_exactly_is_refused(written: str, layout: Layout, error: type[PageError]) -> None:
    with pytest.raises(error):
        parsed(written, layout)


@pytest.mark.parametrize("wrap", ["{}", "<![CDATA[{}]]>"], ids=["text", "cdata"])
def test_one_value_of_more_than_ten_megabytes_is_refused_as_such(wrap: str) -> None:
    with pytest.raises(PageError, match="10 MB"):
        parsed(answer(f"<item><a>{wrap.format('A' * LARGE)}</a></item>"))


def test_nine_megabytes_of_base64_are_one_value() -> None:
    rows, _ = parsed(answer(f"<item><a>{'A' * 9_000_000}</a></item>"))
    assert rows == [(None, "A" * 9_000_000, None)]


def test_soap_1_2_faults_tell_their_subcode() -> None:
    code = (
        "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:FailedAuthentication</s:Value></s:Subcode></s:Code>"
    )
    written = envelope(f"<s:Fault>{code}</s:Fault>").replace(
        "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
    )
    with pytest.raises(SoapFault) as refused:
        parsed(written)
    assert refused.value.code == "FailedAuthentication"


# --- which characters the bytes are

ITEM = "<item><a>{}</a></item>"
PRIVATE = "\ue816\ue81e㐀𠀀"


@pytest.mark.parametrize("declared", ["gb2312", "GB2312", "gbk", "CP936", "GB18030", "gb18030 "])
def test_a_body_declared_in_a_gb_encoding_is_read_as_gb18030(declared: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared.strip()}" ?>' + answer(ITEM.format("朱镕基" + PRIVATE))
    assert parsed(text.encode("gb18030"))[0] == [(None, "朱镕基" + PRIVATE, None)]


@pytest.mark.parametrize("declared", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>'])
@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "gb2312"])
def test_the_feeds_own_encoding_overrides_what_the_body_says(declared: str, encoding: str) -> None:
    raw = (declared + answer(ITEM.format("朱镕基"))).encode("gb18030")
    assert parsed(raw, encoding=encoding)[0] == [(None, "朱镕基", None)]
    with pytest.raises(PageError):
        parsed(raw)


def test_the_feeds_own_utf_8_overrides_a_declared_gbk() -> None:
    raw = ('<?xml version="1.0" encoding="GBK"?>' + answer(ITEM.format("王芳"))).encode()
    assert parsed(raw, encoding="utf-8")[0] == [(None, "王芳", None)]


def test_utf_8_that_calls_itself_gbk_is_refused_not_read_as_other_characters() -> None:
    raw = ('<?xml version="1.0" encoding="GBK"?>' + answer(ITEM.format("王芳"))).encode()
    assert "鐜嬭姵" in raw.decode("gb18030")
    with pytest.raises(PageError, match="declare its encoding"):
        parsed(raw)


@pytest.mark.parametrize("byte", [b"\x80", b"\xff", b"\xc1", b"\x81\x30"], ids=["80", "FF", "half", "half of four"])
def test_a_byte_that_is_no_character_refuses_the_page(byte: bytes) -> None:
    head, tail = ('<?xml version="1.0" encoding="gb2312"?>' + answer(ITEM.format("|"))).split("|")
    with pytest.raises(PageError):
        parsed(head.encode() + "王".encode("gb18030") + byte + tail.encode())


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_a_character_cut_in_two_by_the_network_is_whole(cut: int) -> None:
    raw = ('<?xml version="1.0" encoding="gbk"?>' + answer(ITEM.format("朱镕基𠀀"))).encode("gb18030")
    assert parsed(raw, cut=cut)[0] == [(None, "朱镕基𠀀", None)]


@pytest.mark.parametrize("encoding", ["utf-16", "big5", "utf-8-sig"])
def test_other_encodings_are_the_parsers_own_business(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    raw = (f'<?xml version="1.0" encoding="{declared}"?>' + answer(ITEM.format("王"))).encode(encoding)
    assert parsed(raw)[0] == [(None, "王", None)]


def test_an_encoding_nobody_knows_is_refused() -> None:
    with pytest.raises(PageError):
        parsed('<?xml version="1.0" encoding="x-none"?>' + answer(ITEM.format("1")))


def test_what_lxml_itself_would_have_lost_is_there() -> None:
    """The trap this room exists for: recovery drops the character and every row after it."""
    raw = ('<?xml version="1.0" encoding="gb2312"?>' + answer(ITEM.format("朱镕基") * 2)).encode("gb18030")
    lost = etree.fromstring(raw, etree.XMLParser(recover=True))
    assert len(lost.findall(".//item")) < 2
    assert len(parsed(raw)[0]) == 2
