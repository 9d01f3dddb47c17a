"""Hazards of encodings and of characters."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import NAME, cell, delimited, file, of, raw_cell

PERSON = NAME | {"source": "值"}
TEXT, CODE = of("text"), of("code")
UTF_8 = delimited(encoding="utf-8")

BYTES = (
    ("gbk_fe9f", "䶮 (U+4DAE), which the codec gbk refuses", "domain 6.1", "王".encode("gbk") + b"\xfe\x9f", PERSON, "王䶮"),
    ("gbk_fe51", "FE51, for which Python has a private character only: 𠂇 by the standard", "domain 6.1", b"\xfe\x51", PERSON, "\U00020087"),
    ("gbk_a3a0", "A3A0, which the codec gbk refuses, stays what it is", "domain 6.1", b"\xa3\xa0", TEXT, "\ue5e5"),
    ("gbk_user_defined", "AAA1, a place for a department's own characters, stays what it is", "domain 6.1", b"\xaa\xa1", TEXT, "\ue000"),
    ("gb18030_four_bytes", "𠮷, of four bytes", "adapters-facts 5", "𠮷田".encode("gb18030"), PERSON, "𠮷田"),
    ("gbk_second_byte_is_bar", "億 ends with the byte of |", "domain 3", "億".encode("gbk"), PERSON, "億"),
    ("gbk_second_byte_is_backslash", "嶾 ends with the byte of a backslash", "domain 3", "嶾".encode("gbk"), PERSON, "嶾"),
    ("gbk_euro_80", "0x80, Windows' euro sign", "domain 6.1", b"\x80", TEXT, "YZ-3003"),
    ("gbk_ff", "0xFF is no character", "domain 6.1", b"a\xff", TEXT, "YZ-3003"),
    ("half_a_character", "a name cut in the middle of a character", "domain 6.10", "王芳".encode("gbk")[:-1], PERSON, "YZ-3003"),
    ("utf8_in_a_gbk_file", "one row in UTF-8 within a GBK file reads as other characters", "domain 6.4", "王芳".encode(), PERSON, "鐜嬭姵"),
    ("tun_jin_kao", "锟斤拷: replacement characters read as GBK", "domain 6.4", "锟斤拷".encode("gbk"), PERSON, "YZ-3011"),
    ("never_written_memory", "烫烫烫: memory never written", "domain 6.4", "烫烫烫".encode("gbk"), PERSON, "YZ-3011"),
    ("nul", "a NUL within the text", "adapters-facts 2", b"a\x00b", TEXT, "YZ-3012"),
    ("nul_padding", "NULs that fill a field up", "domain 6.10", b"abc\x00\x00", CODE, "YZ-3012"),
    ("seven_bits", "GBK stripped to seven bits is plain text that nobody can tell from a name: stored as sent", "domain 6.4", bytes(b & 0x7F for b in "王芳".encode("gbk")), PERSON, "Mu7<"),
)  # fmt: skip

CELLS = (
    ("question_marks", "?? in a name: a character set lost them", "domain 6.4", "王??", PERSON, "YZ-3011"),
    ("black_square", "■ in a name: a font lost it", "domain 6.4", "王■", PERSON, "YZ-3011"),
    ("question_in_text", "a question in a remark is meant", "domain 6.4", "是否?", TEXT, "是否?"),
    ("only_question_marks", "a remark of question marks alone was lost", "domain 6.4", "????", TEXT, "YZ-3011"),
    ("inner_full_width_space", "王　芳: a full-width space inside stays", "domain 6.2", "王　芳", PERSON, "王　芳"),
    ("middle_dot", "an Uighur name's dot stays what it is", "domain 6.2", "买买提·艾力", PERSON, "买买提·艾力"),
    ("bullet_dot", "the same with another dot: not folded in the store", "domain 6.2", "买买提•艾力", PERSON, "买买提•艾力"),
    ("zero_width_joiner", "a zero-width character within a name", "domain 6.3", "王\u200d芳", PERSON, "YZ-3013"),
    ("byte_order_mark_inside", "a byte order mark within a name", "domain 6.3", "\ufeff王芳", PERSON, "YZ-3013"),
    ("right_to_left", "a direction mark within a name", "domain 6.3", "王\u202e芳", PERSON, "YZ-3013"),
    ("two_spellings", "䶮 and 龑 are two names", "domain 6.2", "龑", PERSON, "龑"),
    ("full_width_letters", "full-width letters in free text stay", "domain 6.3", "ＡＢＣ", TEXT, "ＡＢＣ"),
    ("the_word_na", "NA is a word, not nothing", "adapters-facts 5", "NA", TEXT, "NA"),
    ("the_word_null", "null is a word, not nothing", "adapters-facts 5", "null", TEXT, "null"),
    ("the_word_nan", "nan is a word, not nothing", "adapters-facts 5", "nan", TEXT, "nan"),
    ("the_word_true", "True is a word in a text field", "adapters-facts 5", "True", TEXT, "True"),
    ("looks_like_a_number", "0012345 in a text field keeps its zeros", "adapters-facts 5", "0012345", TEXT, "0012345"),
    ("formula", "=1+1 is text", "domain 7", "=1+1", TEXT, "=1+1"),
    ("quote_and_apostrophe", "O'Neil \"x\"", "domain 2", "O'Neil \"x\"", TEXT, "O'Neil \"x\""),
    ("markup", "<b>&amp; in a text file is just text", "adapters-facts 4", "<b>&amp;", TEXT, "<b>&amp;"),
    ("spaces_around_text", "spaces around free text stay", "domain 6.2", " 王芳 ", TEXT, " 王芳 "),
)  # fmt: skip

HEAD = "甲|乙\n"


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, found, value, field, outcome in BYTES:
        yield raw_cell(name, "encoding", shows, found, value, field, outcome)
    for name, shows, found, text, field, outcome in CELLS:
        yield cell(name, "encoding", shows, found, text, field, outcome)
    mark = b"\xef\xbb\xbf"
    yield file(
        "utf8_mark_in_a_gbk_feed", "encoding", "a file in UTF-8 with its mark, declared GB18030", "adapters-facts 5",
        mark + (HEAD + "王|芳\n").encode(), refused="YZ-2005",
    )  # fmt: skip
    yield file(
        "utf8_mark_declared", "encoding", "the same, declared UTF-8: the mark is no part of the title",
        "adapters-facts 5", mark + (HEAD + "王|芳\n").encode(), source=UTF_8, rows=(("王", "芳"),),
    )  # fmt: skip
    yield file(
        "utf16_undeclared", "encoding", "Notepad's Unicode (UTF-16), declared GB18030", "domain 6.5",
        (HEAD + "王|芳\n").encode("utf-16"), refused="YZ-2005",
    )  # fmt: skip
    yield file(
        "gbk_declared_utf8", "encoding", "a GBK file declared UTF-8: its titles are no characters", "domain 6.5",
        (HEAD + "王|芳\n").encode("gb18030"), source=UTF_8, refused="YZ-2005",
    )  # fmt: skip
    yield file(
        "one_bad_byte_spares_the_others", "encoding", "one bad byte sets one row aside", "adapters-facts 5",
        HEAD.encode("gb18030") + b"1|2\n3|\xff\n5|6\n", rows=(("1", "2"), ("5", "6")), problems=(("3", "YZ-3003"),),
    )  # fmt: skip
