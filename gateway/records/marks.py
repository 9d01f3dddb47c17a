"""Signs of damage in text, written so that RE2 (whole columns) and Python's `re` (one cell) read them alike.

Owns the patterns alone. Domain rule: damaged text is refused, never repaired.
"""

from __future__ import annotations

# NUL and C0 but for tab, line feed and carriage return; DEL and C1, which appear when GBK is read as Latin-1.
CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]"

# U+FFFD is a decoder's own mark of loss; 锟斤拷 is two of them read as GBK; 烫 and 屯 are memory never written.
LOST = "[\ufffd\ufffe\uffff]|锟斤|斤拷|烫烫烫|屯屯屯"
ONLY_QUESTION_MARKS = "^[?？]+$"

# A character set without the character leaves these behind; in free text they can be meant, in a name never.
LOST_IN_NAME = "[?？□■〓]"

# Line breaks, tabs, byte order mark, zero-width and direction marks: two equal names would differ by them.
INVISIBLE = "[\t\r\n\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]"

BLANK = "[ \t\u00a0\u3000]"
FULL_WIDTH_LETTER = "[０-９Ａ-Ｚａ-ｚ]"
FULL_WIDTH = "[０-９Ａ-Ｚａ-ｚ．，－＋（）：／]"

# What a spreadsheet makes of a long number: an exponent, or a trailing .0 after digits it may not have held.
EXCEL_NUMBER = r"^[0-9]\.[0-9]+[eE]\+?[0-9]{1,3}$|^[0-9]+[eE]\+[0-9]{2,3}$|^[0-9]{4,}\.0+$"

# The total line of a printed table, read as a person; 合　计 is written with spaces inside as often as without.
SUMMARY_NAME = f"^{BLANK}*(合|总|共|累|(本{BLANK}*页{BLANK}*)?小|本{BLANK}*页{BLANK}*合){BLANK}*计[:：]?{BLANK}*$"
