"""Instructions (指令): what a centre's office tells one department's front-end to do, and what becomes of it.

    document   the signed paper          `gateway.envelope.instruction` (ENVELOPE.md section 8), given again here
    report     what a front-end says     `InstructionReport`, `Outcome`, `Advice`, `ReportLine`, `quiet`
    handing    what goes over the wire   `Given`, `Heard`
    state      where one stands          `State`, `Standing`, `Issued`
    issuing    what is asked for         `Wanted`, and the instruction that it becomes
    ending     how one ends              at the centre, where no front-end says so
    book       the centre's tables       `InstructionBook`; `rows`, and `entering` for its ledger's lines

An instruction says what to do and never how: no address, no password, no statement for a database stands in one. Must
never carry anything out: that is the agent's, on the department's own machine and by its own rules.
"""

from gateway.envelope.instruction import (
    MAX_LIFE,
    Action,
    Instruction,
    match_instruction,
    peek,
    read_instruction,
    read_instruction_at_any_time,
    sign_instruction,
)
from gateway.instructions.book import InstructionBook
from gateway.instructions.ending import SILENCE
from gateway.instructions.handing import (
    MAX_ANSWER,
    MAX_GIVEN,
    MAX_KNOWN,
    Given,
    Heard,
    encode_given,
    encode_heard,
    parse_given,
    parse_heard,
)
from gateway.instructions.issuing import LIFE, Bureau, Wanted
from gateway.instructions.report import (
    MAX_DOCUMENT,
    MAX_LINES,
    Advice,
    InstructionReport,
    Outcome,
    ReportLine,
    Stage,
    encode_report,
    parse_report,
    quiet,
)
from gateway.instructions.rows import Glimpse
from gateway.instructions.state import OPEN, Damaged, Issued, Standing, State
from gateway.instructions.table import INSTRUCTIONS, LINES, REQUESTS, SCHEMA

__all__ = [
    "INSTRUCTIONS",
    "LIFE",
    "LINES",
    "MAX_ANSWER",
    "MAX_DOCUMENT",
    "MAX_GIVEN",
    "MAX_KNOWN",
    "MAX_LIFE",
    "MAX_LINES",
    "OPEN",
    "REQUESTS",
    "SCHEMA",
    "SILENCE",
    "Action",
    "Advice",
    "Bureau",
    "Damaged",
    "Given",
    "Glimpse",
    "Heard",
    "Instruction",
    "InstructionBook",
    "InstructionReport",
    "Issued",
    "Outcome",
    "ReportLine",
    "Stage",
    "Standing",
    "State",
    "Wanted",
    "encode_given",
    "encode_heard",
    "encode_report",
    "match_instruction",
    "parse_given",
    "parse_heard",
    "parse_report",
    "peek",
    "quiet",
    "read_instruction",
    "read_instruction_at_any_time",
    "sign_instruction",
]
