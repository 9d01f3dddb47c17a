"""Write the generated tables of docs/: commands, errors, problem reasons and the keys of sources, from the live code.

python scripts/tables.py            write them
python scripts/tables.py --check    exit 1 and name those that are not up to date; write nothing
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import getdoc
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gateway.cli.main import app  # noqa: E402 - the checkout's own, not an installed one
from gateway.errors import Refuse, Retry, Settled, YizhanError  # noqa: E402
from gateway.records.problems import Reason  # noqa: E402
from scripts import sources as keys  # noqa: E402

_MADE = "<!-- made by scripts/tables.py (`make docs`); do not edit -->"
_FAMILIES = {
    "1": "配置与目录 / configuration and catalogue",
    "2": "数据源与适配器 / sources and adapters",
    "3": "记录 / records",
    "4": "封装包:YZ-4 加 ENVELOPE.md 的步骤 / the envelope: YZ-4 and the step of ENVELOPE.md",
    "5": "密钥、证书与准入 / keys, certificates, admission",
    "6": "驿站目录与传输 / spool and transport",
    "7": "数据仓与台账 / warehouse and ledger",
    "8": "演示、外送、归档与备份、问题数据簿 / demonstration, outward copies, archives and backups, problem books",
}
_ON_THE_WIRE = "34567"
_THEN = {Retry: "稍后重试 try again", Refuse: "须有人处理 act", Settled: "无需处理 nothing"}


def commands() -> str:
    """Every command with what it does, its arguments and its options."""
    head = (
        "# 命令 / Commands\n\n"
        "`--site DIR`(或 `YIZHAN_SITE`)指定站点,`--lang zh|en` 指定语言,均可写在命令前或后。"
        "stdout 只有答案,`--json` 时为一个 JSON 文档;提示与错误在 stderr。\n\n"
        "`--site DIR` (or `YIZHAN_SITE`) names the site and `--lang zh|en` the language, before or after the command. "
        "stdout carries the answer only, one JSON document with `--json`; remarks and errors go to stderr.\n\n"
        "| 退出码 exit | 含义 meaning |\n|---|---|\n"
        "| 0 | 完成 / done |\n"
        "| 1 | 被拒、不平或逾期,答案中写明 / refused, unbalanced or late: the answer says which |\n"
        "| 2 | 用法或配置错误 / usage or configuration |\n"
        "| 75 | 稍后重试 / try again later |\n"
    )
    return "\n".join([head, *_command(typer.main.get_command(app), None, "yizhan")])


def errors() -> str:
    """Every error of the product by family: code, exit code, HTTP status, and both messages with what to do next."""
    head = (
        "# 错误代码 / Error codes\n\n"
        "代码长期不变,不重复使用。花括号中的内容在发生时填入,只有编号、数量和文件名,从不含口令或个人数据。"
        "HTTP 列是中心在网络上答复的状态码。\n\n"
        "Codes are stable and never used again. What stands in braces is filled in when it happens: identifiers, "
        "counts and file names, never a secret or a person's data. HTTP is the status a centre answers with on the "
        "wire.\n"
    )
    parts = [head]
    ours = [error for error in YizhanError.all() if error.__module__ == YizhanError.__module__]
    for family, title in _FAMILIES.items():
        rows = [_error(error) for error in ours if error.code[3] == family]
        titles = ("代码 code", "退出 exit", "HTTP", "接着 then", "中文", "English")
        parts.append(f"## {title}\n\n{_table(titles, rows)}")
    return "\n".join(parts)


def problems() -> str:
    """Every reason for which a record becomes a problem row."""
    head = (
        "# 问题数据的原因 / Reasons of problem rows\n\n"
        "一条记录有任何一个原因即列为问题数据:不入库、不改动,遮蔽后退回部门(`yizhan problems`),其余记录照常送达。\n\n"
        "A record with any of these is set aside: never loaded, never bent into shape, and returned to the department "
        "with its values masked (`yizhan problems`). The others go on.\n\n"
        "`yizhan problems FEED --period P --out F.xlsx` 给部门一份工作簿:第一张表一行一条问题数据,不合格的单元格着色并"
        "附原因;第二张表按代码和字段汇总并说明怎样整改;第三张表逐条列出上一版的问题数据是已整改、仍有问题,还是已不在"
        "源中。记录按主键的带密钥摘要认定(密钥为 `keys/problems.secret`),主键无法读取的按整行内容或源位置认定。"
        "`--revision N` 查看以前的版次。\n\n"
        "The workbook has a line for each problem row with its failing cells coloured and the reason in a comment, a "
        "summary by code and by field with what to do, and for every problem row of the revision before whether it is "
        "cured, still a problem, or no longer in the source. Records are known again by keyed digests of their keys "
        "(the secret is `keys/problems.secret`), and where a key cannot be read by the row's cells or its position. "
        "`--revision N` looks at an earlier one.\n"
    )
    rows = [(reason.code, reason.zh, reason.en) for reason in sorted(Reason, key=lambda reason: reason.code)]
    return f"{head}\n{_table(('代码 code', '中文', 'English'), rows)}"


def sources() -> str:
    """Every key of every adapter's `source:` block."""
    head = (
        "# 数据源配置 / The `source:` block\n\n"
        "每个归集事项的 `source:` 写明用哪个适配器、怎样读。标 site 的键由部门在本站点 `site.yaml` 的 `sources:` 下"
        "给出,其余写在目录中;未知的键和写法不对的值都会被拒绝,并指明文件和行号。\n\n"
        "A feed's `source:` names the adapter and how it reads. Keys marked *site* are the department's own and stand "
        "under `sources:` of its `site.yaml`; the others belong to the catalogue. Unknown keys and wrong values are "
        "refused with file and line.\n"
    )
    parts, shown = [head], set()
    for name, config in keys.adapters().items():
        for model, rows in keys.blocks(config):
            if model in shown:
                continue
            shown.add(model)
            title = f"## adapter: {name}" if model is config else f"### {model.__name__}"
            given = ("出处 given by",) if model is config else ()
            table = _table(("键 key", *given, "类型 type", "缺省 default", "含义 meaning"), rows)
            parts.append(f"{title}\n\n{keys.first_line(model)}\n\n{table}")
    return "\n".join(parts)


TABLES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "errors.md": errors,
    "problems.md": problems,
    "sources.md": sources,
}


def _command(command: Any, parent: Any, name: str) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    children = getattr(command, "commands", {})
    if parent is None or not children:
        yield _described(command, context)
    for child_name, child in children.items():
        yield from _command(child, context, child_name)


def _described(command: Any, context: Any) -> str:
    usage = re.sub(r"\s+", " ", context.get_usage()).removeprefix("Usage: ")
    more = getdoc(command.callback) if context.parent else ""
    rows = [(_written(param), param.help or "") for param in command.params]
    parts = [f"## {context.command_path}\n", f"{command.help}\n", f"{more}\n" if more else "", f"    {usage}\n"]
    if rows:
        parts.append(_table(("参数 argument", "含义 meaning"), rows))
    return "\n".join(part for part in parts if part)


def _written(param: Any) -> str:
    names = ", ".join(f"`{name}`" for name in param.opts)
    default = f" = `{param.default}`" if _shows_default(param) else ""
    return f"{names}{default}{'(必填 required)' if param.required else ''}"


def _shows_default(param: Any) -> bool:
    return param.default not in (None, False, "", []) and not callable(param.default)


def _error(error: type[YizhanError]) -> tuple[str, ...]:
    then = next(word for kind, word in _THEN.items() if issubclass(error, kind))
    zh, en = (f"{what} {then_}".strip() for what, then_ in ((error.zh, error.zh_next), (error.en, error.en_next)))
    status = str(error.status) if error.code[3] in _ON_THE_WIRE else "—"
    return error.code, str(error.exit_code), status, then, zh, en


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: Sequence[str]) -> int:
    """Write the tables, or only compare them."""
    folder = ROOT / "docs"
    folder.mkdir(exist_ok=True)
    stale = []
    for name, make in TABLES.items():
        text = f"{_MADE}\n\n{make().rstrip()}\n"
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                file.write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"docs/{name}\n" for name in stale))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
