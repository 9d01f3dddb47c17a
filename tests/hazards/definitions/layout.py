"""Hazards of a text file's layout."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hazards.case import Hazard
from tests.hazards.definitions.text import delimited, file

HEAD = "甲|乙\n"
TWO = (("1", "2"), ("3", "4"))
NAMED = (
    {"name": "a", "title": "甲", "type": "person_name", "source": "甲"},
    {"name": "b", "title": "乙", "type": "money", "source": "乙"},
)
TOTALS = {"line": "first", "mark": "汇总", "rows": 2, "sums": {"b": 3}}

# name, what it shows, the text, what the case has besides
FILES = (
    ("crlf", "lines ended as Windows does", "甲|乙\r\n1|2\r\n3|4\r\n", {"rows": TWO}),
    ("no_last_line_end", "the last line has no end", "甲|乙\n1|2\n3|4", {"rows": TWO}),
    ("ctrl_z", "the end-of-file mark of DOS", "甲|乙\n1|2\n3|4\n\x1a", {"rows": TWO}),
    ("blank_lines", "blank lines are no records and keep their number", "甲|乙\n\n1|2\n\n3|4\n", {"rows": TWO}),
    ("too_few_fields", "a line that lost a field", "甲|乙\n1\n3|4\n", {"rows": TWO[1:], "problems": (("2", "YZ-3002"),)}),
    ("too_many_fields", "a delimiter within the text", "甲|乙\n1|2|5\n3|4\n", {"rows": TWO[1:], "problems": (("2", "YZ-3002"),)}),
    ("line_break_in_a_field", "a line break within a field tears the record in two", "甲|乙\n1\n|2\n3|4\n",
     {"rows": (("", "2"), TWO[1]), "problems": (("2", "YZ-3002"),)}),
    ("lone_return", "a carriage return within a line", "甲|乙\n1\r|2\n3|4\n", {"rows": TWO[1:], "problems": (("2", "YZ-3002"),)}),
    ("column_order", "columns in another order are found by their titles", "乙|甲\n2|1\n4|3\n", {"rows": TWO}),
    ("unknown_column", "a column the feed does not ask for", "甲|丙|乙\n1|x|2\n3|y|4\n", {"rows": TWO}),
    ("missing_column", "a column that is not there", "甲|丙\n1|2\n", {"refused": "YZ-2005"}),
    ("similar_title", "a title that is only similar", "甲|乙 方\n1|2\n", {"refused": "YZ-2005"}),
    ("title_twice", "a title that stands there twice", "甲|乙|乙\n1|2|5\n", {"refused": "YZ-2005"}),
    ("empty_file", "a file of nothing at all", "", {"refused": "YZ-2005"}),
    ("titles_alone", "titles and no records", "甲|乙\n", {"rows": ()}),
    ("two_characters", "the delimiter |!", "甲|!乙\n1|!2\n3|!4\n", {"rows": TWO, "source": delimited(delimiter="|!")}),
    ("bar_within_two_characters", "a single | is text where |! parts the fields", "甲|!乙\n1|x|!2\n",
     {"rows": (("1|x", "2"),), "source": delimited(delimiter="|!")}),
    ("tabs", "parted by tabs", "甲\t乙\n1\t2\n3\t4\n", {"rows": TWO, "source": delimited(delimiter="\t")}),
    ("wrong_delimiter", "parted by something else than declared", "甲,乙\n1,2\n", {"refused": "YZ-2005"}),
    ("delimiter_behind", "a delimiter behind the last field, where titles have none", "甲|乙\n1|2|\n", {"problems": (("2", "YZ-3002"),)}),
    ("delimiter_behind_declared", "the same where the feed declares it", "甲|乙|\n1|2|\n3|4|\n",
     {"rows": TWO, "source": delimited(line_end="delimiter")}),
    ("titles_again", "the titles again in the middle of the file", "甲|乙\n1|2\n甲|乙\n3|4\n", {"rows": TWO, "problems": (("3", "YZ-3002"),)}),
    ("totals_behind", "the totals line stands last, as 用友 writes it", "甲|乙\n王芳|1.00\n汇总|1|1.00\n",
     {"fields": NAMED, "rows": (("王芳", "1.00"),), "source": delimited(totals=TOTALS | {"line": "last"})}),
    ("summary_row", "a 合计 row read as a person", "甲|乙\n王芳|1.00\n合计|1.00\n",
     {"fields": NAMED, "rows": (("王芳", "1.00"),), "problems": (("3", "YZ-3017"),)}),
    ("summary_row_spaced", "合　计 with a space inside", "甲|乙\n王芳|1.00\n合　计|1.00\n",
     {"fields": NAMED, "rows": (("王芳", "1.00"),), "problems": (("3", "YZ-3017"),)}),
    ("totals_line", "the totals line agrees", "汇总|1|1.00\n甲|乙\n王芳|1.00\n",
     {"fields": NAMED, "rows": (("王芳", "1.00"),), "source": delimited(totals=TOTALS)}),
    ("totals_count_wrong", "the totals line counts one more", "汇总|2|1.00\n甲|乙\n王芳|1.00\n",
     {"fields": NAMED, "refused": "YZ-2008", "source": delimited(totals=TOTALS)}),
    ("totals_sum_wrong", "the totals line is a fen off", "汇总|1|1.01\n甲|乙\n王芳|1.00\n",
     {"fields": NAMED, "refused": "YZ-2008", "source": delimited(totals=TOTALS)}),
    ("totals_of_an_upload_twice", "a resumed upload appended the file twice", "汇总|1|1.00\n甲|乙\n王芳|1.00\n汇总|1|1.00\n甲|乙\n王芳|1.00\n",
     {"fields": NAMED, "refused": "YZ-2008", "source": delimited(totals=TOTALS)}),
    ("totals_no_number", "the totals line holds words", "汇总|若干|1.00\n甲|乙\n王芳|1.00\n",
     {"fields": NAMED, "refused": "YZ-2005", "source": delimited(totals=TOTALS)}),
    ("totals_without_mark", "the totals line is missing", "甲|乙\n王芳|1.00\n",
     {"fields": NAMED, "refused": "YZ-2005", "source": delimited(totals=TOTALS)}),
    ("same_row_twice", "the same record twice is for the centre to count", "甲|乙\n1|2\n1|2\n", {"key": ("a",), "rows": (TWO[0], TWO[0])}),
    ("same_key_other_content", "one key with two contents", "甲|乙\n1|2\n1|5\n",
     {"key": ("a",), "rows": (TWO[0],), "problems": (("3", "YZ-3091"),)}),
    ("key_missing", "a record without its key", "甲|乙\n|2\n", {"key": ("a",), "problems": (("2", "YZ-3001"),)}),
)  # fmt: skip


def hazards() -> Iterator[Hazard]:
    """All of them."""
    for name, shows, text, given in FILES:
        yield file(f"layout_{name}", "layout", shows, "domain 3, 6.14, 6.16", text.encode("gb18030"), **given)
