"""Every error of the product, grouped by what the caller does next; codes are stable and never reused.

* `Retry`       try again later, nothing is wrong with the data                       (exit 75)
* `Refuse`      the same input will be refused again; somebody has to change something (exit 1, or 2 for configuration)
* `Settled`     the work was done before; carry on as if it had just succeeded         (exit 0)

One bad record is no error: it becomes a problem row with its reasons (gateway/records/problems.py), the feed goes on.

A room wraps its driver's exceptions at its own door. Every class states, in Chinese and English, the failed action
first and what to do next. Facts given to an error are identifiers, codes, counts and file names: never a secret,
never a person's data, and never the text of a driver's exception (it quotes what it was given).

This file must never import another room.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Lang = Literal["zh", "en"]


class YizhanError(Exception):
    """Base of all. `zh` and `en` are `str.format` templates over the keyword facts given to the constructor.

    Attributes:
        code: stable, printed in logs, receipts, metrics and the wire's problem documents.
        status: the HTTP status the centre answers with (RFC 9110).
        exit_code: what the command line exits with (architecture: 0 / 1 / 2 / 75).
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    zh: ClassVar[str] = ""
    en: ClassVar[str] = ""
    zh_next: ClassVar[str] = ""
    en_next: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message("en"))

    def message(self, lang: Lang) -> str:
        """What failed and what to do next, in one language."""
        what, then = (self.zh, self.zh_next) if lang == "zh" else (self.en, self.en_next)
        return f"{what} {then}".strip().format(**self.facts)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.facts)

    @classmethod
    def all(cls) -> list[type[YizhanError]]:
        """Every class below this one that has a code, sorted by code."""
        below = {c for sub in cls.__subclasses__() for c in (sub, *sub.all())}
        return sorted((c for c in below if c.code), key=lambda c: c.code)


def _rebuild(kind: type[YizhanError], facts: dict[str, object]) -> YizhanError:
    return kind(**facts)


class Retry(YizhanError):
    """Nothing is wrong with the data: the same call may succeed later."""

    status = 503
    exit_code = 75


class Refuse(YizhanError):
    """The same input will be refused again: somebody has to change something first."""

    status = 422
    exit_code = 1


class Settled(YizhanError):
    """The work was done before."""

    status = 200
    exit_code = 0


# --- 1xxx  configuration and catalogue -------------------------------------------------------------------------------


class ConfigInvalid(Refuse):
    """Facts: `place` (file:line), `problem_zh`, `problem_en` (each with the nearest valid key, if one is near)."""

    code = "YZ-1001"
    exit_code = 2
    zh, en = "读取配置失败:{place}:{problem_zh}。", "cannot read the configuration: {place}: {problem_en}."
    zh_next, en_next = "请改正后运行 yizhan catalogue check。", "Correct it, then run: yizhan catalogue check."


class ConfigMissing(Refuse):
    code = "YZ-1002"
    exit_code = 2
    zh, en = "找不到文件:{path}。", "file not found: {path}."
    zh_next, en_next = (
        "请核对路径;站点目录由 --site 或 YIZHAN_SITE 指定。",
        "Check the path; a site directory is named by --site or YIZHAN_SITE.",
    )


class SecretLiteral(Refuse):
    """A password stands in the configuration itself. Facts: `place`, `key`."""

    code = "YZ-1003"
    exit_code = 2
    zh, en = "拒绝配置:{place}:{key} 写了明文口令。", "configuration refused: {place}: {key} holds a literal secret."
    zh_next, en_next = "请改为 env:变量名 或 file:文件名。", "Use env:NAME or file:PATH instead."


class SecretUnavailable(Refuse):
    """Facts: `reference` (the env: or file: reference, not its value)."""

    code = "YZ-1004"
    exit_code = 2
    zh, en = "读取口令失败:{reference}。", "cannot read the secret {reference}."
    zh_next, en_next = (
        "请设置该环境变量,或放好该文件并只让本用户可读。",
        "Set the variable, or place the file, readable by this user only.",
    )


class ClockRefused(Refuse):
    code = "YZ-1005"
    exit_code = 2
    zh, en = "拒绝使用 YIZHAN_NOW:本站点不是演练站点。", "YIZHAN_NOW refused: this site is not a rehearsal site."
    zh_next, en_next = (
        "请取消该变量;只有 site.yaml 写明 rehearsal: true 才可固定时钟。",
        ("Unset it; only a site with rehearsal: true may fix the clock."),
    )


class UnknownName(Refuse):
    """Facts: `kind_zh`, `kind_en`, `name`, `near` (the nearest valid names; None or empty where none is)."""

    code = "YZ-1006"
    exit_code = 2
    zh, en = "没有这个{kind_zh}:{name}。", "no such {kind_en}: {name}."
    zh_next, en_next = "最接近的是:{near}。", "Nearest: {near}."

    def message(self, lang: Lang) -> str:
        """Without a word about the nearest where nothing is near."""
        if self.facts["near"]:
            return super().message(lang)
        return (self.zh if lang == "zh" else self.en).format(**self.facts)


class PeriodInvalid(Refuse):
    """Facts: `text`, `expected` (an example of the right form)."""

    code = "YZ-1007"
    exit_code = 2
    zh, en = "数据期写法不对:{text}。", "not a period: {text}."
    zh_next, en_next = "应写作 {expected}。", "Write it as {expected}."


class ConfigFaults(Refuse):
    """Several faults of one configuration, told together. Fact: `faults` (the errors, in file order)."""

    code = "YZ-1008"
    exit_code = 2
    zh, en = "读取配置失败:共 {count} 处错误。", "cannot read the configuration: {count} faults."
    zh_next = "请逐条改正(口令改为 env:变量名 或 file:文件名)后运行 yizhan catalogue check。"
    en_next = "Correct each (secrets: env:NAME or file:PATH), then run: yizhan catalogue check."

    def __init__(self, *, faults: tuple[YizhanError, ...], **facts: object) -> None:
        self.faults = faults
        super().__init__(**{**facts, "faults": faults, "count": len(faults)})

    def message(self, lang: Lang) -> str:
        """The head line, then what is wrong at each place on a line of its own; the advice is given once."""
        told = ((fault.zh if lang == "zh" else fault.en).format(**fault.facts) for fault in self.faults)
        return "\n".join([super().message(lang), *told])


class DueRuleInvalid(Refuse):
    """A due rule that names no day. Facts: `rule`, `key` (the one to correct), `problem_zh`, `problem_en`."""

    code = "YZ-1009"
    exit_code = 2
    zh, en = "时限规则不成立:{rule}:{problem_zh}。", "due rule {rule} cannot be: {problem_en}."
    zh_next, en_next = "请改正目录中的 due_rules。", "Correct due_rules in the catalogue."


class FreezeInvalid(Refuse):
    """A year freeze that names no day. Facts: `rule`."""

    code = "YZ-1016"
    exit_code = 2
    zh, en = "年度封账规则不成立:{rule}。", "year freeze {rule} cannot be."
    zh_next, en_next = (
        "请在目录的 year_freeze 中写 effective: 年-月-日 与 closes: 月-日(每年都有的一天)。",
        "Give effective as YYYY-MM-DD and closes as MM-DD, a day every year has, under year_freeze.",
    )


class EventPeriodMissing(Refuse):
    """A feed that is owed after events, and nobody said which. Facts: `feed`, `expected` (an example of a period)."""

    code = "YZ-1017"
    exit_code = 2
    zh, en = "{feed} 按事件报送,未指明是哪一事件。", "{feed} is owed after events, and none is named."
    zh_next, en_next = (
        "请用 --period 给出事件的数据期(北京时间,到分钟),如 {expected}。",
        "Give the event's period with --period, its minute in Beijing time: {expected}",
    )


class PeriodUnfit(Refuse):
    """A period of another rhythm. Facts: `feed`, `period`, `cadence_zh`, `cadence_en`, `expected` (an example)."""

    code = "YZ-1018"
    exit_code = 2
    zh, en = (
        "{period} 不是 {feed} 的数据期(周期:{cadence_zh})。",
        "{period} is no period of {feed} ({cadence_en}).",
    )
    zh_next, en_next = (
        "应写作 {expected};一次采集多个事项的,请在命令中写明周期相同的归集事项。",
        "Write it as {expected}; where several feeds are collected, name those of one rhythm.",
    )


class BatchUnknown(Refuse):
    """The ledger was asked for what is no batch of it. Facts: `name`, `example` (the nearest batch, or any)."""

    code = "YZ-1019"
    exit_code = 2
    zh, en = "台账中没有批次 {name}。", "the ledger has no batch {name}."
    zh_next, en_next = (
        "ledger show 按批次号查询,如 {example};按事项或数据期查询用 yizhan ledger list --feed … --period …。",
        "It is asked by a batch's id, such as {example}; by feed or period ask: yizhan ledger list --feed … --period …",
    )


class WrongRole(Refuse):
    """The command is for another kind of node. Facts: `site`, `needed_zh`, `needed_en`."""

    code = "YZ-1010"
    exit_code = 2
    zh, en = "站点 {site} 不能执行该命令:需要{needed_zh}。", "site {site} cannot do this: it takes a {needed_en}."
    zh_next, en_next = "请用 --site 指向相应站点。", "Name the right site with --site."


class MomentInvalid(Refuse):
    """Facts: `text`, `expected` (an example of the right form)."""

    code = "YZ-1011"
    exit_code = 2
    zh, en = "时间写法不对:{text}。", "not a moment: {text}."
    zh_next, en_next = "应写作 {expected}。", "Write it as {expected}."


class UsageWrong(Refuse):
    """A command line that no command takes. Facts: `said` (the parser's words), `command`."""

    code = "YZ-1012"
    exit_code = 2
    zh, en = "命令写法不对:{said}。", "wrong usage: {said}."
    zh_next, en_next = "用法见:{command} -h", "See: {command} -h"


class OutputRefused(Refuse):
    """A file that was asked for cannot be written. Facts: `path`."""

    code = "YZ-1013"
    exit_code = 2
    zh, en = "写文件失败:{path}。", "cannot write the file {path}."
    zh_next, en_next = (
        "请核对目录是否存在、可写,文件名的结尾是否为该命令所允许;外送文件不覆盖已有的。",
        "Its directory has to exist and to be writable, its ending one that the command writes; no copy is replaced.",
    )


class AnchorsUnknown(Refuse):
    """Files to be verified that belong to no site, and no anchors named. Facts: `file`."""

    code = "YZ-1014"
    exit_code = 2
    zh, en = "无从核验:{file} 不在任何站点目录中。", "cannot verify: {file} lies in no site's directory."
    zh_next, en_next = (
        "请用 --site 指明站点,或用 --keys 指明信任锚所在的 keys 目录。",
        "Name a site with --site, or a keys directory with the anchors to trust with --keys.",
    )


class TemplateRefused(Refuse):
    """A collection workbook that cannot be written. Facts: `path`."""

    code = "YZ-1015"
    exit_code = 2
    zh, en = "写采集表失败:{path}。", "cannot write the workbook {path}."
    zh_next, en_next = (
        "请核对目录和权限;文件名应以 .xlsx 结尾,且该文件尚不存在。",
        "Check its directory and rights; it has to end in .xlsx and not to exist yet.",
    )


class CatalogueConnectionPushed(Refuse):
    """A catalogue that came from a centre would change where this department's sources are, or what is done there.

    Facts: `feed`, `key`.
    """

    code = "YZ-1020"
    exit_code = 2
    zh, en = (
        "拒绝下发目录:{feed} 的 source 改动了连接或口令引用({key})。",
        "catalogue refused: the source of {feed} changes a connection or a reference to a secret ({key}).",
    )
    zh_next, en_next = (
        "目录未更换;连接由本部门在 site.yaml 的 sources: 下填写,请中心从目录中去掉后重新发布。",
        "The catalogue stays as it is; connections are the department's own, under sources: of site.yaml: "
        "have the centre take it out and publish again.",
    )


class CatalogueRecipientPushed(Refuse):
    """A catalogue that came from a centre would send this department's data to one more. Facts: `feed`, `centre`."""

    code = "YZ-1024"
    exit_code = 2
    zh = "拒绝下发目录:{feed} 的 routes 或 relays 增加了中心 {centre}。"
    en = "catalogue refused: the routes or relays of {feed} have one more centre, {centre}."
    zh_next, en_next = (
        "目录未更换;本部门同意送往该中心的,请在 site.yaml 的 agent: 下写 recipients: [{centre}],"
        "再运行 yizhan catalogue fetch。",
        "The catalogue stays as it is; if the department lets its data go there, write recipients: [{centre}] under "
        "agent: of site.yaml, then run: yizhan catalogue fetch",
    )


class DepartmentDropped(Refuse):
    """A catalogue that came from a centre does not know this department. Facts: `department`."""

    code = "YZ-1021"
    exit_code = 2
    zh, en = "拒绝下发目录:其中没有本部门 {department}。", "catalogue refused: it has no department {department}."
    zh_next, en_next = (
        "目录未更换;请中心核对 departments 后重新发布。",
        "The catalogue stays as it is; have the centre look into its departments and publish again.",
    )


class CatalogueNotTaken(Refuse):
    """The site takes no catalogue from any centre. Facts: `site`."""

    code = "YZ-1022"
    exit_code = 2
    zh, en = "站点 {site} 不接受下发目录。", "site {site} takes its catalogue from nobody."
    zh_next, en_next = (
        "本部门同意接受的,请在 site.yaml 写 agent: {{catalogue_from: 中心}}。",
        "If the department consents, write in site.yaml: agent: {{catalogue_from: CENTRE}}",
    )


class CatalogueKeptDamaged(Refuse):
    """A version that was taken from a centre is not what was signed. Facts: `place` (below the site)."""

    code = "YZ-1023"
    exit_code = 2
    zh, en = "下发目录已损坏:{place}。", "a catalogue that came from a centre is damaged: {place}."
    zh_next, en_next = (
        "请由备份恢复该目录;或删除它,再运行 yizhan catalogue fetch。",
        "Restore that directory from a backup; or delete it, then run: yizhan catalogue fetch.",
    )


class ProgramFault(Refuse):
    """A defect of this program. Facts: `kind` (the exception's type; its words may quote data and are not told)."""

    code = "YZ-1099"
    zh, en = "程序缺陷:{kind}。", "a defect of this program: {kind}."
    zh_next, en_next = "请把以上位置和 yizhan --version 告知维护单位。", "Report the places above and yizhan --version."


# --- 2xxx  sources and adapters --------------------------------------------------------------------------------------


class SourceUnavailable(Retry):
    """The source did not answer, or broke off. Facts: `feed`, `reason_zh`, `reason_en` (fixed words of ours)."""

    code = "YZ-2001"
    zh, en = "连接数据源失败:{feed}:{reason_zh}。", "cannot reach the source of {feed}: {reason_en}."
    zh_next, en_next = (
        "系统会稍后重试;请检查对方系统和网络。",
        "It will be tried again; check that system and the network.",
    )


class SourceNotReady(Retry):
    """No marker file yet, or the file is still being written. Facts: `feed`, `file`, `reason_zh`, `reason_en`."""

    code = "YZ-2002"
    zh, en = (
        "源文件尚未就绪:{feed}:{file}:{reason_zh}。",
        "the source file of {feed} is not ready: {file}: {reason_en}.",
    )
    zh_next, en_next = (
        "请等待部门写完文件并放置就绪标志。",
        "Wait until the department has finished it and placed its marker.",
    )


class SourceDenied(Refuse):
    """Log-in, or the right to read, refused. Facts: `feed`."""

    code = "YZ-2003"
    zh, en = "登录或读取数据源被拒绝:{feed}。", "the source of {feed} refused the log-in or the reading."
    zh_next, en_next = (
        "请核对账号、口令引用和读取权限,更新后重试。",
        "Check the account, the secret's reference and its rights.",
    )


class HostKeyUnknown(Refuse):
    """Facts: `feed`, `host`, `presented` (SHA256 fingerprint)."""

    code = "YZ-2004"
    zh, en = (
        "拒绝连接:{host} 的主机密钥与登记的不符({feed})。",
        "connection refused: the host key of {host} is not the pinned one ({feed}).",
    )
    zh_next, en_next = (
        "对方出示 {presented};请向对方管理员当面核对后再更新 host_key。",
        ("It presented {presented}; confirm with its administrator, then update host_key."),
    )


class SourceMalformed(Refuse):
    """The source as a whole cannot be read exactly. Facts: `feed`, `where`, `reason_zh`, `reason_en`."""

    code = "YZ-2005"
    zh, en = "读取源数据失败:{feed}:{where}:{reason_zh}。", "cannot read the source of {feed}: {where}: {reason_en}."
    zh_next, en_next = (
        "未发送任何数据;请部门改正后重新采集。",
        "Nothing was sent; have the department correct it and collect again.",
    )


class DriverMissing(Refuse):
    """Facts: `adapter`, `extra`, `package`, `distribution` (whose extra it is; this one's unless told otherwise)."""

    code = "YZ-2006"
    exit_code = 2
    zh, en = "适配器 {adapter} 缺少组件 {package}。", "adapter {adapter} needs {package}, which is not installed."
    zh_next = "请安装:pip install '{distribution}[{extra}]'。"
    en_next = "Install it: pip install '{distribution}[{extra}]'."

    def __init__(self, *, distribution: str = "yizhan", **facts: object) -> None:
        super().__init__(distribution=distribution, **facts)


class LimitExceeded(Refuse):
    """A row, byte or time limit of the feed was passed. Facts: `feed`, `limit_zh`, `limit_en`."""

    code = "YZ-2007"
    zh, en = "采集超出限额:{feed}:{limit_zh}。", "collecting {feed} passed its limit: {limit_en}."
    zh_next, en_next = (
        "未发送任何数据;请核实数据量,必要时调整限额。",
        "Nothing was sent; check the volume, then raise the limit if it is right.",
    )


class Unbalanced(Refuse):
    """Declared totals and counted rows differ. Facts: `feed`, `period`; `declared_zh`, `declared_en`, `counted_zh`,
    `counted_en` (rows and yuan, and the rows whose amount cannot be read).
    """

    code = "YZ-2008"
    zh, en = (
        "对账不平:{feed} {period}:声明 {declared_zh};实数 {counted_zh}。",
        ("unbalanced: {feed} {period}: declared {declared_en}; counted {counted_en}."),
    )
    zh_next, en_next = (
        "未发送任何数据;请部门核对源数据后重新采集(不合格的行见 yizhan problems {feed} --period {period})。",
        "Nothing was sent; have the department check the source, then collect again "
        "(rows that failed a check: yizhan problems {feed} --period {period}).",
    )


class ReconciliationUnbalanced(Unbalanced):
    """Roster, fiscal batch and returns differ. Facts: `feed`, `period`, `document`, `batch`, and `roster`, `declared`,
    `returned` (people / yuan).
    """

    code = "YZ-2060"
    zh, en = (
        "三方对账不平:{feed} {period}:文号 {document} 批次 {batch}:清册 {roster},批次 {declared},回盘 {returned}"
        "(人次/元)。",
        "roster, fiscal batch and returns differ: {feed} {period}: document {document} batch {batch}: roster {roster}, "
        "declared {declared}, returned {returned} (people / yuan).",
    )
    zh_next, en_next = (
        "未发送任何数据;请部门与财政、开户行核对该批次后重新采集。",
        "Nothing was sent; have this batch checked with the treasury and the bank, then collect again.",
    )


class SourceEmpty(Refuse):
    """No rows at all; a truthful nothing needs a signed nil return. Facts: `feed`, `period`."""

    code = "YZ-2009"
    zh, en = "数据源没有数据:{feed} {period}。", "the source holds no rows: {feed} {period}."
    zh_next, en_next = (
        "若确无数据,应由责任人作零报送(yizhan nil {feed} --period {period} --by 人员编号);否则请核对数据源。",
        "If there truly is nothing, a person must sign a nil return (yizhan nil {feed} --period {period} --by WHO); "
        "else check the source.",
    )


class AdapterBroken(Refuse):
    """A plugin failed to load, or broke its contract. Facts: `adapter`, `reason_zh`, `reason_en`."""

    code = "YZ-2010"
    exit_code = 2
    zh, en = "适配器不可用:{adapter}:{reason_zh}。", "adapter {adapter} cannot be used: {reason_en}."
    zh_next, en_next = "请联系适配器的编写单位。", "Contact those who wrote the adapter."


class CollectingStopped(Retry):
    """Somebody stopped the collecting: the machine is going down, or a person asked. Facts: `feed`."""

    code = "YZ-2011"
    zh, en = "采集已中止:{feed}。", "collecting {feed} was stopped."
    zh_next, en_next = "未发送任何数据;重新运行 yizhan run 即可。", "Nothing was sent; run it again."


class Unchanged(Settled):
    """The source still holds what was sealed before. Facts: `feed`, `period`, `batch`."""

    code = "YZ-2012"
    zh, en = (
        "数据没有变化:{feed} {period} 与 {batch} 相同。",
        "nothing changed: {feed} {period} is the same as {batch}.",
    )
    zh_next, en_next = "未产生新版次,无需处理。", "No new revision was made; nothing to do."


class ReasonRequired(Refuse):
    """A correction without a reason or a person (《管理办法》第二十条). Facts: `feed`, `period`, `batch`."""

    code = "YZ-2013"
    zh, en = (
        "更正缺少理由或责任人:{feed} {period} 的数据与已封装的 {batch} 不同。",
        "a correction needs a reason and a person: {feed} {period} differs from {batch}, which was sealed before.",
    )
    zh_next = (
        "请加上 --reason 理由 --by 责任人 重新运行;目录中本部门写有 real_names 的,责任人写其编号(须有 collect 职责)。"
    )
    en_next = (
        "Run it again with --reason and --by: somebody with the duty collect, where the catalogue asks for real_names."
    )


class AmountsJumped(Refuse):
    """The mean amount is far from that of the period before, as a wrong unit makes it.

    Facts: `feed`, `period`, `earlier` (the period compared with), `mean`, `mean_before` (yuan).
    """

    code = "YZ-2016"
    zh = "金额单位可疑:{feed} {period} 平均每条 {mean} 元,{earlier} 为 {mean_before} 元。"
    en = "a wrong unit is likely: {feed} {period} has {mean} yuan a record, {earlier} had {mean_before}."
    zh_next = "未发送任何数据;请核对金额单位(元、万元、分);确认无误的,加上 --reason 理由 --by 责任人 重新运行。"
    en_next = "Nothing was sent; check the unit (yuan, 10,000 yuan, fen). If it is right, say so: --reason and --by."


class AdapterNameRefused(Refuse):
    """Facts: `name` (of an adapter to be made)."""

    code = "YZ-2014"
    exit_code = 2
    zh, en = "适配器名称不可用:{name}。", "not a name for an adapter: {name}."
    zh_next, en_next = (
        "请用小写字母开头,只含小写字母、数字和单个下划线,不超过 40 字,且未被已安装的适配器使用。",
        "Use lower-case letters, digits and single underscores, a letter first, at most 40, and no installed name.",
    )


class ScaffoldRefused(Refuse):
    """Facts: `path` (of the directory that a new adapter was to be written into)."""

    code = "YZ-2015"
    exit_code = 2
    zh, en = "不能在此生成适配器:{path}。", "cannot make an adapter in {path}."
    zh_next, en_next = (
        "请用 --dir 另指一个空的、可写的目录;已有文件不会被覆盖。",
        "Name an empty, writable directory with --dir; nothing is ever written over.",
    )


class MarkingDeferred(Retry):
    """A source could not be told what became of its rows; the delivery stands. Facts: `feed`, `cause` (a code)."""

    code = "YZ-2030"
    zh, en = (
        "回写数据源标志未成:{feed}({cause})。批次已送达,不受影响。",
        "the source of {feed} could not be told what was taken ({cause}). The batch has arrived all the same.",
    )
    zh_next, en_next = (
        "下次运行会再次回写;请检查对方系统和网络,并确认回写账号可写。",
        "The next run tells it again; check that system and the network, and that the marking account may write.",
    )


class MarkingRefused(Refuse):
    """A source does not take what is to be marked; the delivery stands. Facts: `feed`, `cause` (a code)."""

    code = "YZ-2031"
    zh, en = (
        "回写数据源标志被拒绝:{feed}({cause})。批次已送达,不受影响。",
        "the source of {feed} refused to be marked ({cause}). The batch has arrived all the same.",
    )
    zh_next, en_next = (
        "请核对回写账号的权限和 handshake 各列;下次运行会再次回写。",
        "Check the marking account's rights and the columns under handshake; the next run tells it again.",
    )


class DatabaseDenied(SourceDenied):
    """A database refused the account, or a right. Facts: `feed`, `mark` (its code), `reason_*`, `advice_*`."""

    code = "YZ-2040"
    zh = "数据库拒绝登录或读取:{feed}:{reason_zh}({mark})。"
    en = "the database of {feed} refused: {reason_en} ({mark})."
    zh_next, en_next = "{advice_zh}。", "{advice_en}."


class ClientUnfit(Refuse):
    """The database client here cannot talk to that server. Facts: `feed`, `mark`, `reason_*`, `advice_*`."""

    code = "YZ-2041"
    exit_code = 2
    zh, en = (
        "数据库客户端不适用:{feed}:{reason_zh}({mark})。",
        "the database client cannot serve {feed}: {reason_en} ({mark}).",
    )
    zh_next, en_next = "{advice_zh}。", "{advice_en}."


class PeriodFrozen(Refuse):
    """The year of the period is closed (《管理办法》第十八条). Facts: `feed`, `period`, `closed_at`, `article`."""

    code = "YZ-2070"
    zh = "年度已封账:{feed} {period} 自 {closed_at} 起不再更新({article})。"
    en = "the year is closed: {feed} {period} has not been updated since {closed_at} ({article})."
    zh_next = "确需整改的,请向中心申请整改单,用 yizhan order import 导入后,加上 --order 编号 重新运行。"
    en_next = "To rectify it ask the centre for an order, import it (yizhan order import), and add --order NUMBER."


class OrderNotNeeded(Refuse):
    """An order would be used up for nothing. Facts: `feed`, `period`, `number`."""

    code = "YZ-2071"
    zh = "无需整改单:{feed} {period} 尚未封账,不得使用整改单 {number}。"
    en = "no order is needed: {feed} {period} is not closed yet, so order {number} must not be used."
    zh_next, en_next = "请去掉 --order 重新运行。", "Run it again without --order."


class OrderUnknown(Refuse):
    """Facts: `number` (of a rectification order that this node does not hold)."""

    code = "YZ-2072"
    zh, en = "本站点没有整改单 {number}。", "this site holds no rectification order {number}."
    zh_next, en_next = (
        "请用 yizhan order import 文件 导入,再用 yizhan order list 核对编号。",
        "Import it with yizhan order import FILE, then compare its number: yizhan order list.",
    )


class OrderUsedUp(Refuse):
    """Facts: `number`, `uses` (how often it may be used)."""

    code = "YZ-2073"
    zh, en = (
        "整改单 {number} 的 {uses} 次已用完。",
        "rectification order {number} has been used as often as it may be: {uses}.",
    )
    zh_next, en_next = "请向中心另行申请整改单。", "Ask the centre for another order."


class CollectorRequired(Refuse):
    """A batch that will be reviewed is collected by somebody the catalogue knows. Facts: `feed`, `period`."""

    code = "YZ-2074"
    zh = "须写明归集人:{feed} {period} 的批次须经审核放行,归集人与审核人不得为同一人。"
    en = "who collects must be said: batches of {feed} {period} are reviewed, and not by whoever collected them."
    zh_next = "请加上 --by 人员编号(须有 collect 职责),或在 site.yaml 写 collector(仅用于首报)。"
    en_next = "Add --by with the id of somebody with the duty collect; or collector: in site.yaml (first pushes only)."


class NilContradicted(Refuse):
    """A nil return for a period that was reported with rows. Facts: `feed`, `period`, `batch`."""

    code = "YZ-2076"
    zh, en = (
        "不能零报送:{feed} {period} 已报送数据({batch})。",
        "no nil return: {feed} {period} was reported with rows ({batch}).",
    )
    zh_next, en_next = (
        "数据有误的,请核对数据源后以更正报送:yizhan run {feed} --period {period} --reason 理由 --by 责任人。",
        "If that was wrong, correct it: yizhan run {feed} --period {period} --reason WHY --by WHO.",
    )


class PeriodRunning(Refuse):
    """Nobody can answer for what is still to come. Facts: `feed`, `period`, `ends` (its first day no longer in it)."""

    code = "YZ-2077"
    zh, en = (
        "不能零报送:{feed} {period} 尚未结束({ends} 起方可)。",
        "no nil return: {feed} {period} is not over (possible from {ends} on).",
    )
    zh_next, en_next = "请在数据期结束后再作零报送。", "Declare it once the period is over."


class AlreadyReleased(Settled):
    """Facts: `batch`."""

    code = "YZ-2079"
    zh, en = "{batch} 已经放行。", "{batch} was released before."
    zh_next, en_next = "无需再次放行,送达用 yizhan deliver。", "Nothing to do; to send it: yizhan deliver."


class AgentRunning(Refuse):
    """Another agent of this site has the directory `agent/`."""

    code = "YZ-2090"
    zh, en = "代理未启动:本站点已有一个代理在运行。", "agent not started: another agent of this site is running."
    zh_next, en_next = (
        "请先停止它(systemctl stop yizhan-agent),或不必另行启动。",
        "Stop it first (systemctl stop yizhan-agent), or leave it to that one.",
    )


class ReleaseNotConsented(Refuse):
    """The department has not let this reviewer sign upon an instruction. Facts: `batch`, `person`."""

    code = "YZ-2091"
    zh = "拒绝代为放行:{batch} 的审核人 {person} 未列入本前置机 site.yaml 的 agent.releases_by。"
    en = "release refused: {person}, reviewer of {batch}, is not under agent.releases_by in this front-end's site.yaml."
    zh_next = "请由审核人本人在前置机上以个人证书放行:yizhan release {batch} --by {person}。"
    en_next = "Have them release it at the front-end, with their own certificate: yizhan release {batch} --by {person}"


class ReleaseOfOtherContent(Refuse):
    """What was reviewed is not what lies here under this id. Facts: `batch`."""

    code = "YZ-2092"
    zh, en = (
        "拒绝放行:前置机上的 {batch} 不是所审核的那一份。",
        "release refused: {batch} here is not what was reviewed.",
    )
    zh_next, en_next = (
        "请核对其摘要(yizhan spool list --json)后重新审核。",
        "Compare the digests (yizhan spool list --json), then review it anew.",
    )


class NothingSealed(Refuse):
    """There is nothing of this period to deliver. Facts: `feed`, `period`."""

    code = "YZ-2093"
    zh, en = "没有可送的批次:{feed} {period} 尚未采集。", "nothing to deliver: {feed} {period} was not collected."
    zh_next, en_next = "请先下达采集指令。", "Instruct to collect it first."


class BatchRefused(Refuse):
    """A batch lies among the dead, and the ledger does not say why. Facts: `batch`."""

    code = "YZ-2095"
    zh, en = "{batch} 被拒,等待人工处理。", "{batch} was refused and waits for a person."
    zh_next, en_next = "请在前置机上查看:yizhan spool list。", "See at the front-end: yizhan spool list."


class AgentDefect(Refuse):
    """A defect while an instruction was carried out; the front-end's log has the details. Facts: `number`."""

    code = "YZ-2096"
    zh, en = "执行指令 {number} 时程序出错。", "internal error while instruction {number} was carried out."
    zh_next, en_next = "请联系前置机管理员查看代理日志。", "Have the front-end's administrator read the agent's log."


class OrderNotWritten(Refuse):
    """The order stands; only the copy to be handed out does not. Facts: `number`, `path`, `file` (below orders/)."""

    code = "YZ-2080"
    exit_code = 2
    zh, en = "整改单 {number} 已签发,但写文件失败:{path}。", "order {number} is issued, yet {path} cannot be written."
    zh_next, en_next = (
        "请从本站点 orders/{file} 复制一份交给部门,不必重新签发。",
        "Copy orders/{file} of this site for the department; do not issue it again.",
    )


class OrderNumberTaken(Refuse):
    """Facts: `number` (of another rectification order that this site holds)."""

    code = "YZ-2078"
    zh, en = "整改单编号 {number} 已被另一份整改单占用。", "another rectification order here has the number {number}."
    zh_next, en_next = (
        "请用 yizhan order show {number} 核对;签发时请另编编号。",
        "Compare it: yizhan order show {number}. A new order needs a number of its own.",
    )


# --- 3xxx  records (3001 to 3899 are what a problem row carries: data in gateway/records/problems.py) ---------------


class RecordsMalformed(Refuse):
    """The payload's record stream is not of the feed's schema, or broken. Facts: `reason_zh`, `reason_en`."""

    code = "YZ-3901"
    zh, en = "读取批次数据失败:{reason_zh}。", "cannot read the batch's records: {reason_en}."
    zh_next, en_next = (
        "未入库任何数据;请发送方核对归集事项的字段版本后重新采集。",
        ("Nothing was loaded; the sender must check the feed's fields, then collect again."),
    )


# --- 4xxx  envelope: YZ-4 + the step of ENVELOPE.md, three digits -----------------------------------------------------


class EnvelopeRefused(Refuse):
    """A sealed batch, its papers or its receipt failed one numbered step of gateway/envelope/ENVELOPE.md.

    The code is YZ-4, the section, and the step in two digits: step 3.10 is YZ-4310. Steps 2.6, 3.6 and 5.6 ask the keys
    room and refuse with its codes (YZ-5xxx); so do 6.9 and 7.10.
    """

    zh_next, en_next = (
        "未装载任何数据;请发送方重新封装并再次发送。",
        "Nothing was loaded; have the sender seal and send it again.",
    )


class ReceiptRefused(EnvelopeRefused):
    """A receipt failed a step of section 5: the batch stays in the spool."""

    zh_next, en_next = (
        "批次保留在发件箱,未作办结;请联系中心核对后重新领取回执。",
        "The batch stays in the spool; have the centre check it, then fetch the receipt again.",
    )


class SealRefused(EnvelopeRefused):
    """What was asked to be sealed or signed could not be verified afterwards. Facts: `reason_zh`, `reason_en`."""

    code = "YZ-4001"
    zh, en = "封装失败:{reason_zh}。", "cannot seal: {reason_en}."
    zh_next, en_next = (
        "未发送任何数据;请核对证书与批次资料。",
        "Nothing was sent; check the certificates and the batch's facts.",
    )


class FileTooLong(EnvelopeRefused):
    """Facts: `file` (its name in a sealed batch), `limit` (bytes)."""

    code = "YZ-4101"
    status = 413
    zh, en = (
        "读取 {file} 失败:文件为空或超过 {limit} 字节。",
        "cannot read {file}: it is empty or longer than {limit} bytes.",
    )


class FileUnknown(EnvelopeRefused):
    """Facts: `file` (the name given by the caller)."""

    code = "YZ-4102"
    zh, en = "识别文件失败:{file} 不是封装包中的文件。", "cannot recognise {file}: it is no part of a sealed batch."
    zh_next, en_next = (
        "请只给出封装包中的文件:manifest.p7s、keys.p7m、payload、nil.p7s、release.p7s、order.p7s、receipt.p7s,"
        "或指令 instruction.p7s。",
        "Give files of a sealed batch only: "
        "manifest.p7s, keys.p7m, payload, nil.p7s, release.p7s, order.p7s, receipt.p7s; or an instruction.p7s.",
    )


class FilesIncomplete(EnvelopeRefused):
    """Facts: `reason_zh`, `reason_en`."""

    code = "YZ-4103"
    zh, en = "核验失败:{reason_zh}。", "cannot verify: {reason_en}."
    zh_next, en_next = "请给出同一批次的文件,每种至多一个。", "Give the files of one batch, at most one of each kind."


class ManifestNotCms(EnvelopeRefused):
    code = "YZ-4201"
    zh, en = (
        "核验清单失败:不是 DER 编码的 CMS SignedData。",
        "manifest refused: it is not a DER-encoded CMS SignedData.",
    )


class ManifestNotCanonical(EnvelopeRefused):
    code = "YZ-4202"
    zh, en = (
        "核验清单失败:签名结构不是规定的唯一形式。",
        "manifest refused: its CMS structure is not the one form allowed.",
    )


class ManifestDigestWrong(EnvelopeRefused):
    code = "YZ-4203"
    zh, en = "核验清单失败:内容与签名中的摘要不符。", "manifest refused: its content does not match the signed digest."


class ManifestCertificatesWrong(EnvelopeRefused):
    code = "YZ-4204"
    zh, en = (
        "核验清单失败:所带证书与签名属性不符。",
        "manifest refused: its certificates are not those the signature names.",
    )


class ManifestSignatureInvalid(EnvelopeRefused):
    code = "YZ-4205"
    zh, en = "核验清单失败:签名无效。", "manifest refused: its signature is invalid."


class ManifestFormatUnsupported(EnvelopeRefused):
    code = "YZ-4207"
    zh, en = (
        "核验清单失败:不支持其格式版本或密码套件。",
        "manifest refused: its format version or cipher suite is not supported.",
    )
    zh_next, en_next = (
        "请核对双方软件版本;较旧的一方需要升级。",
        "Compare both sides' versions; the older one must be upgraded.",
    )


class ManifestMalformed(EnvelopeRefused):
    """Facts: `place` (one of our own key names, or '-')."""

    code = "YZ-4208"
    zh, en = (
        "核验清单失败:JSON 不合规定,位置 {place}。",
        "manifest refused: its JSON is not in the form required, at {place}.",
    )


class ManifestInconsistent(EnvelopeRefused):
    """Facts: `rule_zh`, `rule_en`."""

    code = "YZ-4209"
    zh, en = "核验清单失败:内容自相矛盾:{rule_zh}。", "manifest refused: it contradicts itself: {rule_en}."


class SignerNotSender(EnvelopeRefused):
    """Facts: `signer`, `sender` (department or centre ids)."""

    code = "YZ-4210"
    status = 403
    zh, en = (
        "核验清单失败:签名人 {signer} 不是报送部门 {sender}。",
        "manifest refused: signer {signer} is not the sender {sender}.",
    )
    zh_next, en_next = (
        "请用报送部门自己的证书重新封装。",
        "Seal it again with the sending department's own certificate.",
    )


class KeysNotCms(EnvelopeRefused):
    code = "YZ-4301"
    zh, en = (
        "核验密钥封失败:不是 DER 编码的 CMS EnvelopedData。",
        "key envelope refused: it is not a DER-encoded CMS EnvelopedData.",
    )


class KeysNotCanonical(EnvelopeRefused):
    code = "YZ-4302"
    zh, en = (
        "核验密钥封失败:结构不是规定的唯一形式。",
        "key envelope refused: its CMS structure is not the one form allowed.",
    )


class KeysOfAnotherBatch(EnvelopeRefused):
    code = "YZ-4303"
    zh, en = (
        "核验密钥封失败:不属于本清单,或已被改动。",
        "key envelope refused: it is not this manifest's, or it was changed.",
    )


class KeysCertificatesWrong(EnvelopeRefused):
    code = "YZ-4304"
    zh, en = (
        "核验密钥封失败:所带证书与签名属性不符。",
        "key envelope refused: its certificates are not those its seal names.",
    )


class KeysSignatureInvalid(EnvelopeRefused):
    code = "YZ-4305"
    zh, en = "核验密钥封失败:签名无效。", "key envelope refused: the signature of its seal is invalid."


class SealerNotEntitled(EnvelopeRefused):
    """Facts: `sealer` (department or centre id)."""

    code = "YZ-4307"
    status = 403
    zh, en = (
        "核验密钥封失败:{sealer} 既非报送部门,也非本批接收中心。",
        "key envelope refused: {sealer} is neither the sender nor a recipient of this batch.",
    )


class NotARecipient(EnvelopeRefused):
    """Facts: `centre`, `batch`."""

    code = "YZ-4308"
    zh, en = "拆封失败:批次 {batch} 的接收中心不含 {centre}。", "cannot unseal: {centre} is not a recipient of {batch}."
    zh_next, en_next = "请发送方核对该归集事项的传输路由。", "Have the sender check the routes of this feed."


class KeyNotForUs(EnvelopeRefused):
    """Facts: `batch`."""

    code = "YZ-4309"
    zh, en = (
        "拆封失败:批次 {batch} 没有用本中心的加密证书加密。",
        "cannot unseal: {batch} is not encrypted to this centre's certificate.",
    )
    zh_next, en_next = (
        "请发送方更新本中心的加密证书后重新封装密钥。",
        "Have the sender take this centre's current certificate, then seal the keys again.",
    )


class KeyUnwrapFailed(EnvelopeRefused):
    """Facts: `batch`."""

    code = "YZ-4310"
    zh, en = "拆封失败:批次 {batch} 的内容密钥解不开。", "cannot unseal: the content key of {batch} does not decrypt."


class KeyCommitmentWrong(EnvelopeRefused):
    """Facts: `batch`."""

    code = "YZ-4311"
    zh, en = (
        "拆封失败:内容密钥不是批次 {batch} 清单所承诺的那一个。",
        "cannot unseal: the content key is not the one the manifest of {batch} commits to.",
    )


class PayloadHeaderWrong(EnvelopeRefused):
    code = "YZ-4401"
    zh, en = "核验数据失败:文件头不完整或不认识。", "payload refused: its header is incomplete or unknown."


class PayloadSizeWrong(EnvelopeRefused):
    """Facts: `size` (declared, bytes)."""

    code = "YZ-4402"
    zh, en = (
        "核验数据失败:长度不是清单所写的 {size} 字节。",
        "payload refused: it is not {size} bytes long, as the manifest says.",
    )


class PayloadDigestWrong(EnvelopeRefused):
    code = "YZ-4403"
    zh, en = "核验数据失败:摘要与清单不符。", "payload refused: its digest is not the manifest's."


class PayloadSegmentInvalid(EnvelopeRefused):
    """Facts: `segment` (counted from 1)."""

    code = "YZ-4404"
    zh, en = (
        "解密数据失败:第 {segment} 段未通过认证。",
        "cannot decrypt the payload: segment {segment} is not authentic.",
    )


class PayloadNotEnded(EnvelopeRefused):
    code = "YZ-4405"
    zh, en = (
        "解密数据失败:数据流结束后还有内容。",
        "cannot decrypt the payload: something follows the end of its records.",
    )


class ReceiptNotCms(ReceiptRefused):
    code = "YZ-4501"
    zh, en = "核验回执失败:不是 DER 编码的 CMS SignedData。", "receipt refused: it is not a DER-encoded CMS SignedData."


class ReceiptNotCanonical(ReceiptRefused):
    code = "YZ-4502"
    zh, en = (
        "核验回执失败:签名结构不是规定的唯一形式。",
        "receipt refused: its CMS structure is not the one form allowed.",
    )


class ReceiptDigestWrong(ReceiptRefused):
    code = "YZ-4503"
    zh, en = "核验回执失败:内容与签名中的摘要不符。", "receipt refused: its content does not match the signed digest."


class ReceiptCertificatesWrong(ReceiptRefused):
    code = "YZ-4504"
    zh, en = (
        "核验回执失败:所带证书与签名属性不符。",
        "receipt refused: its certificates are not those the signature names.",
    )


class ReceiptSignatureInvalid(ReceiptRefused):
    code = "YZ-4505"
    zh, en = "核验回执失败:签名无效。", "receipt refused: its signature is invalid."


class ReceiptFormatUnsupported(ReceiptRefused):
    code = "YZ-4507"
    zh, en = "核验回执失败:不支持其格式版本。", "receipt refused: its format version is not supported."
    zh_next, en_next = (
        "请核对双方软件版本;较旧的一方需要升级。",
        "Compare both sides' versions; the older one must be upgraded.",
    )


class ReceiptMalformed(ReceiptRefused):
    """Facts: `place` (one of our own key names, or '-')."""

    code = "YZ-4508"
    zh, en = (
        "核验回执失败:JSON 不合规定,位置 {place}。",
        "receipt refused: its JSON is not in the form required, at {place}.",
    )


class ReceiptInconsistent(ReceiptRefused):
    """Facts: `rule_zh`, `rule_en`."""

    code = "YZ-4509"
    zh, en = "核验回执失败:内容自相矛盾:{rule_zh}。", "receipt refused: it contradicts itself: {rule_en}."


class SignerNotCentre(ReceiptRefused):
    """Facts: `signer`, `centre`."""

    code = "YZ-4510"
    zh, en = (
        "核验回执失败:签名人 {signer} 不是所称中心 {centre}。",
        "receipt refused: signer {signer} is not the centre {centre} it names.",
    )


class ReceiptFromStranger(ReceiptRefused):
    """Facts: `centre`, `batch`."""

    code = "YZ-4511"
    zh, en = (
        "核验回执失败:{centre} 不是批次 {batch} 的接收中心。",
        "receipt refused: {centre} is not a recipient of {batch}.",
    )


class ReceiptForAnotherBatch(ReceiptRefused):
    """Facts: `batch` (ours)."""

    code = "YZ-4512"
    zh, en = (
        "核验回执失败:不是批次 {batch} 这份清单的回执。",
        "receipt refused: it does not answer this manifest of {batch}.",
    )


class ReceiptForAnotherPayload(ReceiptRefused):
    """Facts: `batch`."""

    code = "YZ-4513"
    zh, en = (
        "核验回执失败:数据摘要与批次 {batch} 的清单不符。",
        "receipt refused: its payload digest is not that of {batch}.",
    )


class ReceiptTotalsWrong(ReceiptRefused):
    """Facts: `batch`, `rule_zh`, `rule_en`."""

    code = "YZ-4514"
    zh, en = "核验回执失败:批次 {batch} 对账不平:{rule_zh}。", "receipt refused: {batch} does not balance: {rule_en}."


class EndorsementRefused(EnvelopeRefused):
    """A release or a nil declaration failed a step of section 6.

    Facts of all: `paper_zh`, `paper_en` (which of the two). Step 6.9 asks the keys room (YZ-5xxx).
    """

    zh_next, en_next = (
        "该批次未放行、未接收;请由有职责的人员核对后用本人证书重新签署。",
        "The batch goes no further; have the person responsible check it and sign again with their own certificate.",
    )


class EndorsementNotCms(EndorsementRefused):
    code = "YZ-4601"
    zh, en = (
        "核验{paper_zh}失败:不是 DER 编码的 CMS SignedData。",
        "{paper_en} refused: it is not a DER-encoded CMS SignedData.",
    )


class EndorsementNotCanonical(EndorsementRefused):
    code = "YZ-4602"
    zh, en = (
        "核验{paper_zh}失败:签名结构不是规定的唯一形式。",
        "{paper_en} refused: its CMS structure is not the one form allowed.",
    )


class EndorsementDigestWrong(EndorsementRefused):
    code = "YZ-4603"
    zh, en = (
        "核验{paper_zh}失败:内容与签名中的摘要不符。",
        "{paper_en} refused: its content does not match the signed digest.",
    )


class EndorsementCertificatesWrong(EndorsementRefused):
    code = "YZ-4604"
    zh, en = (
        "核验{paper_zh}失败:所带证书与签名属性不符。",
        "{paper_en} refused: its certificates are not those the signature names.",
    )


class EndorsementSignatureInvalid(EndorsementRefused):
    code = "YZ-4605"
    zh, en = "核验{paper_zh}失败:签名无效。", "{paper_en} refused: its signature is invalid."


class EndorsementFormatUnsupported(EndorsementRefused):
    code = "YZ-4606"
    zh, en = (
        "核验{paper_zh}失败:不是这种文书,或不支持其格式版本。",
        "{paper_en} refused: it is another paper, or its format version is not supported.",
    )


class EndorsementMalformed(EndorsementRefused):
    """Facts: `place` (one of our own key names, or '-')."""

    code = "YZ-4607"
    zh, en = (
        "核验{paper_zh}失败:JSON 不合规定,位置 {place}。",
        "{paper_en} refused: its JSON is not in the form required, at {place}.",
    )


class EndorsementFromTheFuture(EndorsementRefused):
    """Facts: `at` (when it says it was signed, ISO 8601)."""

    code = "YZ-4608"
    zh, en = (
        "核验{paper_zh}失败:签署时间 {at} 尚未到来。",
        "{paper_en} refused: it says it was signed at {at}, which is yet to come.",
    )
    zh_next, en_next = (
        "请核对两边机器的时钟,再重新签署。",
        "Check the clocks of both machines, then have it signed again.",
    )


class EndorserNotNamed(EndorsementRefused):
    """Facts: `signer` (identity in the certificate), `named` (identity in the paper)."""

    code = "YZ-4610"
    status = 403
    zh, en = (
        "核验{paper_zh}失败:签名人 {signer} 不是所称的 {named}。",
        "{paper_en} refused: signer {signer} is not {named}, whom it names.",
    )


class EndorsementOfAnotherBatch(EndorsementRefused):
    """Facts: `batch` (ours)."""

    code = "YZ-4611"
    zh, en = (
        "核验{paper_zh}失败:签署的不是批次 {batch} 这份清单。",
        "{paper_en} refused: it is not about this manifest of {batch}.",
    )


class EndorserOfAnotherDepartment(EndorsementRefused):
    """Facts: `department` (the signer's), `sender`."""

    code = "YZ-4612"
    status = 403
    zh, en = (
        "核验{paper_zh}失败:{department} 的人员不能为 {sender} 的批次签署。",
        "{paper_en} refused: a person of {department} cannot sign for a batch of {sender}.",
    )


class EndorsementTooEarly(EndorsementRefused):
    """Facts: `at`, `created_at` (ISO 8601)."""

    code = "YZ-4613"
    zh, en = (
        "核验{paper_zh}失败:签署时间 {at} 早于封装时间 {created_at}。",
        "{paper_en} refused: it was signed at {at}, before the batch was sealed at {created_at}.",
    )
    zh_next, en_next = (
        "请核对两边机器的时钟,再重新签署。",
        "Check the clocks of both machines, then have it signed again.",
    )


class EndorsementMisplaced(EndorsementRefused):
    """Facts: `batch`, `rule_zh`, `rule_en`."""

    code = "YZ-4614"
    zh, en = "核验{paper_zh}失败:批次 {batch}:{rule_zh}。", "{paper_en} refused: {batch}: {rule_en}."


class OrderRefused(EnvelopeRefused):
    """A rectification order failed a step of section 7. Step 7.10 asks the keys room (YZ-5xxx)."""

    zh_next, en_next = (
        "该批次未接收;请向签发整改单的中心核对,必要时重新签发。",
        "The batch was not accepted; ask the centre that issued the order, and have it issued again if need be.",
    )


class OrderNotCms(OrderRefused):
    code = "YZ-4701"
    zh, en = "核验整改单失败:不是 DER 编码的 CMS SignedData。", "order refused: it is not a DER-encoded CMS SignedData."


class OrderNotCanonical(OrderRefused):
    code = "YZ-4702"
    zh, en = (
        "核验整改单失败:签名结构不是规定的唯一形式。",
        "order refused: its CMS structure is not the one form allowed.",
    )


class OrderDigestWrong(OrderRefused):
    code = "YZ-4703"
    zh, en = "核验整改单失败:内容与签名中的摘要不符。", "order refused: its content does not match the signed digest."


class OrderCertificatesWrong(OrderRefused):
    code = "YZ-4704"
    zh, en = (
        "核验整改单失败:所带证书与签名属性不符。",
        "order refused: its certificates are not those the signature names.",
    )


class OrderSignatureInvalid(OrderRefused):
    code = "YZ-4705"
    zh, en = "核验整改单失败:签名无效。", "order refused: its signature is invalid."


class OrderFormatUnsupported(OrderRefused):
    code = "YZ-4706"
    zh, en = (
        "核验整改单失败:不是整改单,或不支持其格式版本。",
        "order refused: it is another paper, or its format version is not supported.",
    )


class OrderMalformed(OrderRefused):
    """Facts: `place` (one of our own key names, or '-')."""

    code = "YZ-4707"
    zh, en = (
        "核验整改单失败:JSON 不合规定,位置 {place}。",
        "order refused: its JSON is not in the form required, at {place}.",
    )


class OrderInconsistent(OrderRefused):
    """Facts: `rule_zh`, `rule_en`."""

    code = "YZ-4708"
    zh, en = "核验整改单失败:内容自相矛盾:{rule_zh}。", "order refused: it contradicts itself: {rule_en}."


class OrderFromTheFuture(OrderRefused):
    """Facts: `number`, `issued_at` (ISO 8601)."""

    code = "YZ-4709"
    zh, en = (
        "核验整改单失败:{number} 的签发时间 {issued_at} 尚未到来。",
        "order refused: {number} says it was issued at {issued_at}, which is yet to come.",
    )
    zh_next, en_next = "请核对两边机器的时钟。", "Check the clocks of both machines."


class OrderSignerNotNamed(OrderRefused):
    """Facts: `signer` (identity in the certificate), `named` (identity in the order)."""

    code = "YZ-4711"
    status = 403
    zh, en = (
        "核验整改单失败:签名人 {signer} 不是所称的 {named}。",
        "order refused: signer {signer} is not {named}, whom it names.",
    )


class OrderForAnotherBatch(OrderRefused):
    """Facts: `batch`, `named` (the order the manifest names, or '-'), `number` (of the order given, or '-')."""

    code = "YZ-4712"
    zh, en = (
        "核验整改单失败:批次 {batch} 的清单所列整改单为 {named},给出的是 {number}。",
        "order refused: the manifest of {batch} names order {named}, and {number} came with it.",
    )
    zh_next, en_next = (
        "请给出清单所列的整改单,或按该整改单重新封装。",
        "Give the order that the manifest names, or seal the batch again under this one.",
    )


class OrderOutOfScope(OrderRefused):
    """Facts: `number`, `feed`, `department`, `period` (of the batch)."""

    code = "YZ-4713"
    zh, en = (
        "核验整改单失败:{number} 的范围不含 {department} 的 {feed} {period}。",
        "order refused: {number} does not cover {feed} {period} of {department}.",
    )


class OrderNotInForce(OrderRefused):
    """Facts: `number`, `at`, `issued_at`, `expires_at` (ISO 8601)."""

    code = "YZ-4714"
    zh, en = (
        "核验整改单失败:{at} 不在 {number} 的有效期 {issued_at} 至 {expires_at} 内。",
        "order refused: {number} is in force from {issued_at} to {expires_at}, not at {at}.",
    )


class InstructionRefused(EnvelopeRefused):
    """An instruction failed a step of section 8. Step 8.10 asks the keys room (YZ-5xxx)."""

    zh_next, en_next = (
        "未执行;请中心核对后重新下达。",
        "Nothing was done; have the centre look into it and instruct again.",
    )


class InstructionNotCms(InstructionRefused):
    code = "YZ-4801"
    zh, en = (
        "核验指令失败:不是 DER 编码的 CMS SignedData。",
        "instruction refused: it is not a DER-encoded CMS SignedData.",
    )


class InstructionNotCanonical(InstructionRefused):
    code = "YZ-4802"
    zh, en = (
        "核验指令失败:签名结构不是规定的唯一形式。",
        "instruction refused: its CMS structure is not the one form allowed.",
    )


class InstructionDigestWrong(InstructionRefused):
    code = "YZ-4803"
    zh, en = (
        "核验指令失败:内容与签名中的摘要不符。",
        "instruction refused: its content does not match the signed digest.",
    )


class InstructionCertificatesWrong(InstructionRefused):
    code = "YZ-4804"
    zh, en = (
        "核验指令失败:所带证书与签名属性不符。",
        "instruction refused: its certificates are not those the signature names.",
    )


class InstructionSignatureInvalid(InstructionRefused):
    code = "YZ-4805"
    zh, en = "核验指令失败:签名无效。", "instruction refused: its signature is invalid."


class InstructionFormatUnsupported(InstructionRefused):
    code = "YZ-4806"
    zh, en = (
        "核验指令失败:不是指令,或不支持其格式版本。",
        "instruction refused: it is another paper, or its format version is not supported.",
    )


class InstructionMalformed(InstructionRefused):
    """Facts: `place` (one of our own key names, or '-')."""

    code = "YZ-4807"
    zh, en = (
        "核验指令失败:JSON 不合规定,位置 {place}。",
        "instruction refused: its JSON is not in the form required, at {place}.",
    )


class InstructionInconsistent(InstructionRefused):
    """Facts: `rule_zh`, `rule_en`."""

    code = "YZ-4808"
    zh, en = "核验指令失败:内容自相矛盾:{rule_zh}。", "instruction refused: it contradicts itself: {rule_en}."


class InstructionFromTheFuture(InstructionRefused):
    """Facts: `number`, `issued_at` (ISO 8601)."""

    code = "YZ-4809"
    zh, en = (
        "核验指令失败:{number} 的下达时间 {issued_at} 尚未到来。",
        "instruction refused: {number} says it was issued at {issued_at}, which is yet to come.",
    )
    zh_next, en_next = "请核对两边机器的时钟。", "Check the clocks of both machines."


class InstructionSignerNotNamed(InstructionRefused):
    """Facts: `signer` (identity in the certificate), `centre` (that it names)."""

    code = "YZ-4811"
    status = 403
    zh, en = (
        "核验指令失败:签名人 {signer} 不是所称的中心 {centre}。",
        "instruction refused: signer {signer} is not the centre {centre}, which it names.",
    )


class InstructionOutOfTime(InstructionRefused):
    """Facts: `number`, `expires_at` (ISO 8601)."""

    code = "YZ-4812"
    zh, en = (
        "核验指令失败:{number} 已于 {expires_at} 失效。",
        "instruction refused: {number} expired at {expires_at}.",
    )


class InstructionForAnother(InstructionRefused):
    """Facts: `number`, `department` (that it is for)."""

    code = "YZ-4813"
    status = 403
    zh, en = (
        "核验指令失败:{number} 是下达给 {department} 的。",
        "instruction refused: {number} is for {department}.",
    )


class InstructionFromStranger(InstructionRefused):
    """Facts: `number`, `centre`, `feed`."""

    code = "YZ-4814"
    status = 403
    zh, en = (
        "核验指令失败:{number}:中心 {centre} 不在 {feed} 的上报路径上。",
        "instruction refused: {number}: the centre {centre} is not on the path of {feed}.",
    )
    zh_next, en_next = "请核对两地的目录版本。", "Compare the catalogues of both sites."


class CatalogueRefused(EnvelopeRefused):
    """A published catalogue failed a step of section 9. Step 9.10 asks the keys room (YZ-5xxx)."""

    zh_next, en_next = (
        "目录未更换;请中心核对后重新发布。",
        "The catalogue stays as it is; have the centre look into it and publish again.",
    )


class CatalogueNotCms(CatalogueRefused):
    code = "YZ-4901"
    zh, en = (
        "核验下发目录失败:不是 DER 编码的 CMS SignedData。",
        "catalogue refused: it is not a DER-encoded CMS SignedData.",
    )


class CatalogueNotCanonical(CatalogueRefused):
    code = "YZ-4902"
    zh, en = (
        "核验下发目录失败:签名结构不是规定的唯一形式。",
        "catalogue refused: its CMS structure is not the one form allowed.",
    )


class CatalogueDigestWrong(CatalogueRefused):
    code = "YZ-4903"
    zh, en = (
        "核验下发目录失败:内容与签名中的摘要不符。",
        "catalogue refused: its content does not match the signed digest.",
    )


class CatalogueCertificatesWrong(CatalogueRefused):
    code = "YZ-4904"
    zh, en = (
        "核验下发目录失败:所带证书与签名属性不符。",
        "catalogue refused: its certificates are not those the signature names.",
    )


class CatalogueSignatureInvalid(CatalogueRefused):
    code = "YZ-4905"
    zh, en = "核验下发目录失败:签名无效。", "catalogue refused: its signature is invalid."


class CatalogueFormatUnsupported(CatalogueRefused):
    code = "YZ-4906"
    zh, en = (
        "核验下发目录失败:不是目录,或不支持其格式版本。",
        "catalogue refused: it is another paper, or its format version is not supported.",
    )


class CatalogueMalformed(CatalogueRefused):
    """Facts: `place` (one of our own key names, or '-')."""

    code = "YZ-4907"
    zh, en = (
        "核验下发目录失败:JSON 不合规定,位置 {place}。",
        "catalogue refused: its JSON is not in the form required, at {place}.",
    )


class CatalogueInconsistent(CatalogueRefused):
    """Facts: `rule_zh`, `rule_en`."""

    code = "YZ-4908"
    zh, en = "核验下发目录失败:内容自相矛盾:{rule_zh}。", "catalogue refused: it contradicts itself: {rule_en}."


class CatalogueFromTheFuture(CatalogueRefused):
    """Facts: `version`, `issued_at` (ISO 8601)."""

    code = "YZ-4909"
    zh, en = (
        "核验下发目录失败:第 {version} 版的发布时间 {issued_at} 尚未到来。",
        "catalogue refused: version {version} says it was issued at {issued_at}, which is yet to come.",
    )
    zh_next, en_next = "请核对两边机器的时钟。", "Check the clocks of both machines."


class CatalogueSignerNotNamed(CatalogueRefused):
    """Facts: `signer` (identity in the certificate), `centre` (that it names)."""

    code = "YZ-4911"
    status = 403
    zh, en = (
        "核验下发目录失败:签名人 {signer} 不是所称的中心 {centre}。",
        "catalogue refused: signer {signer} is not the centre {centre}, which it names.",
    )


class CatalogueFromStranger(CatalogueRefused):
    """Facts: `centre` (that published it), `expected` (the one the site takes its catalogue from)."""

    code = "YZ-4912"
    status = 403
    zh, en = (
        "核验下发目录失败:由 {centre} 发布,本站点只接受 {expected} 的。",
        "catalogue refused: {centre} published it, and this site takes that of {expected} alone.",
    )
    zh_next, en_next = (
        "请核对 site.yaml 的 agent.catalogue_from 与 centres。",
        "Compare agent.catalogue_from and centres of site.yaml.",
    )


class CatalogueNotNewer(CatalogueRefused):
    """An older version, or another paper under the number of the one that is here. Facts: `version`, `latest`."""

    code = "YZ-4913"
    status = 409
    zh, en = (
        "核验下发目录失败:第 {version} 版不比本机已有的第 {latest} 版新。",
        "catalogue refused: version {version} is not newer than version {latest}, which is here.",
    )
    zh_next, en_next = (
        "目录未更换;中心如由较早的备份恢复,请再发布一次。",
        "The catalogue stays as it is; if the centre was restored from an older backup, have it publish again.",
    )


# --- 5xxx  keys, certificates, admission -----------------------------------------------------------------------------


class CertificateMalformed(Refuse):
    """Not one DER certificate within the size limit. Facts: `purpose` (sign, encrypt, tls_client, tls_server)."""

    code = "YZ-5001"
    status = 403
    zh, en = "验证证书失败:证书无法解析(用途 {purpose})。", "certificate refused: it cannot be parsed (for {purpose})."
    zh_next, en_next = "请向发证机构重新申领证书。", "Have the authority issue it again."


class ChainUntrusted(Refuse):
    """No path to a trust anchor. Facts: `serial` (hex; a subject may hold a person's data, so it is never quoted)."""

    code = "YZ-5002"
    status = 403
    zh, en = (
        "验证证书失败:{serial} 不是本站点信任的机构签发的。",
        ("certificate refused: {serial} was not issued under an authority this site trusts."),
    )
    zh_next, en_next = (
        "请核对证书来源,或由管理员登记其上级证书。",
        ("Check where it came from, or have the administrator register its authority."),
    )


class CertificateExpired(Refuse):
    """Facts: `serial`, `until` (ISO 8601)."""

    code = "YZ-5003"
    status = 403
    zh, en = "验证证书失败:{serial} 已于 {until} 过期。", "certificate refused: {serial} expired at {until}."
    zh_next, en_next = "请换发证书,并检查本机时钟。", "Renew it, and check this machine's clock."


class CertificateNotYetValid(Refuse):
    """Facts: `serial`, `since` (ISO 8601)."""

    code = "YZ-5004"
    status = 403
    zh, en = "验证证书失败:{serial} 自 {since} 起才有效。", "certificate refused: {serial} is valid only from {since}."
    zh_next, en_next = "请检查本机时钟,或等证书生效。", "Check this machine's clock, or wait until then."


class CertificateRevoked(Refuse):
    """Facts: `serial`, `since` (ISO 8601)."""

    code = "YZ-5005"
    status = 403
    zh, en = "验证证书失败:{serial} 已于 {since} 吊销。", "certificate refused: {serial} was revoked at {since}."
    zh_next, en_next = "请停用该证书,换发后重试。", "Stop using it; renew, then try again."


class RevocationUnknown(Retry):
    """Nobody can say now whether the certificate is revoked. Facts: `serial`, `reason_zh`, `reason_en`."""

    code = "YZ-5006"
    zh, en = "查询吊销状态失败:{serial}:{reason_zh}。", "cannot tell whether {serial} is revoked: {reason_en}."
    zh_next, en_next = (
        "请管理员更新吊销列表(keys/crls),更新后会自动重试。",
        ("Have the administrator place a newer revocation list in keys/crls; it will be tried again."),
    )


class KeyUsageWrong(Refuse):
    """Facts: `serial`, `purpose`."""

    code = "YZ-5007"
    status = 403
    zh, en = (
        "验证证书失败:{serial} 不允许用于 {purpose}。",
        "certificate refused: {serial} may not be used for {purpose}.",
    )
    zh_next, en_next = (
        "签名、加密、通信证书各有其用,请核对是否放错文件。",
        ("Signing, encryption and connection have a certificate each: check that the files are not swapped."),
    )


class IdentityMissing(Refuse):
    """Not exactly one `urn:yizhan:` name in the certificate. Facts: `serial`."""

    code = "YZ-5008"
    status = 403
    zh, en = (
        "验证证书失败:{serial} 没有唯一的部门或中心标识。",
        ("certificate refused: {serial} does not name exactly one department or centre."),
    )
    zh_next, en_next = (
        "请换发带 urn:yizhan:department:… 或 urn:yizhan:centre:… 的证书。",
        ("Have it issued with one urn:yizhan:department:… or urn:yizhan:centre:… name."),
    )


class KeyUnsuitable(Refuse):
    """The key's algorithm is not the suite's. Facts: `serial`, `expected`."""

    code = "YZ-5009"
    status = 403
    zh, en = (
        "验证证书失败:{serial} 的密钥算法不合要求。",
        "certificate refused: the key of {serial} is of the wrong kind.",
    )
    zh_next, en_next = "请用 {expected} 密钥重新申领。", "Have it issued for a {expected} key."


class SampleAuthorityRefused(Refuse):
    """The throw-away authority outside a rehearsal. Facts: `serial`."""

    code = "YZ-5010"
    status = 403
    zh, en = (
        "拒绝使用演示证书:{serial} 由演示用发证机构签发。",
        ("sample certificate refused: {serial} comes from the throw-away authority."),
    )
    zh_next, en_next = (
        "正式站点请使用正式证书;演练站点请在 site.yaml 写明 rehearsal: true。",
        ("Use real certificates; only a site with rehearsal: true may use the sample ones."),
    )


class KeyFileExposed(Refuse):
    """Others may read a private key. Facts: `path`, `mode` (octal)."""

    code = "YZ-5011"
    exit_code = 2
    zh, en = (
        "拒绝读取私钥:{path} 的权限是 {mode},他人可读写。",
        ("private key refused: {path} has mode {mode}, others can reach it."),
    )
    zh_next, en_next = (
        "请运行 chmod 600 {path},并考虑换发该密钥。",
        "Run chmod 600 {path}, and consider renewing that key.",
    )


class KeyFileUnreadable(Refuse):
    """Facts: `path`, `reason_zh`, `reason_en` (fixed words of ours)."""

    code = "YZ-5012"
    exit_code = 2
    zh, en = "读取密钥或证书失败:{path}:{reason_zh}。", "cannot read the key or certificate {path}: {reason_en}."
    zh_next, en_next = (
        "请检查站点目录下的 keys/,或 --keys 指定的目录。",
        "Check keys/ in the site directory, or the directory that --keys names.",
    )


class KeyMismatch(Refuse):
    """Facts: `path` (of the private key)."""

    code = "YZ-5013"
    exit_code = 2
    zh, en = "私钥与证书不配对:{path}。", "private key and certificate do not belong together: {path}."
    zh_next, en_next = "请放回同一次申领得到的两个文件。", "Put back the two files of one issue."


class PersonRefused(Refuse):
    """A person's certificate where a node's is needed. Facts: `serial`, `purpose`."""

    code = "YZ-5014"
    status = 403
    zh, en = (
        "验证证书失败:{serial} 是个人证书,不能用于 {purpose}。",
        "certificate refused: {serial} is a person's and may not be used for {purpose}.",
    )
    zh_next, en_next = (
        "个人证书只用于签署放行、零报送和整改单;请换用本节点的证书。",
        "A person's certificate signs releases, nil returns and orders only; use the node's own.",
    )


class PersonMissing(Refuse):
    """A node's certificate where a person has to sign. Facts: `serial`."""

    code = "YZ-5015"
    status = 403
    zh, en = (
        "验证证书失败:{serial} 不是个人证书。",
        "certificate refused: {serial} is not a person's.",
    )
    zh_next, en_next = (
        "放行、零报送和整改单须由责任人用本人证书签署。",
        "A release, a nil return or an order is signed by the person who answers for it, with their own certificate.",
    )


class PersonMismatch(Refuse):
    """The certificate in a person's file is another's. Facts: `path`, `person` (staff number asked for)."""

    code = "YZ-5016"
    exit_code = 2
    zh, en = "读取个人证书失败:{path} 不是 {person} 的证书。", "cannot sign: {path} is not the certificate of {person}."
    zh_next, en_next = (
        "请放回本人的证书与私钥;换人时须换发证书。",
        "Put back that person's own certificate and key; a new person needs a new certificate.",
    )


class NotEntitled(Refuse):
    """Who presents is not who may. Facts: `presented` (identity in the certificate), `feed`."""

    code = "YZ-5020"
    status = 403
    zh, en = "拒绝接收:{presented} 无权报送 {feed}。", "refused: {presented} may not send {feed}."
    zh_next, en_next = (
        "每个部门只能用自己的证书报送自己的归集事项。",
        "A department sends its own feeds, with its own certificate.",
    )


class Conflict(Refuse):
    """Same batch id, other content. Facts: `batch`."""

    code = "YZ-5021"
    status = 409
    zh, en = "拒绝接收:{batch} 已收过内容不同的封装包。", "refused: {batch} was already received with other content."
    zh_next, en_next = (
        "如需更正,请报送下一版次并写明原因;否则请立即核查。",
        ("To correct it, send the next revision with a reason; otherwise investigate at once."),
    )


class PeerAnonymous(Refuse):
    """No client certificate reached the door."""

    code = "YZ-5022"
    status = 401
    zh, en = "拒绝连接:对方没有出示证书。", "refused: no client certificate was presented."
    zh_next, en_next = "请用部门的通信证书连接。", "Connect with the department's connection certificate."


class RevisionOutOfOrder(Refuse):
    """Facts: `batch`, `expected` (the revision the centre waits for)."""

    code = "YZ-5023"
    status = 409
    zh, en = (
        "拒绝接收:{batch} 的版次不连续,应为 r{expected}。",
        "refused: {batch} is out of order, r{expected} is due next.",
    )
    zh_next, en_next = "请先送达前一版次。", "Deliver the revision before it first."


class FeedUnknown(Refuse):
    """The centre's catalogue has no such feed. Facts: `feed`."""

    code = "YZ-5024"
    status = 403
    zh, en = "拒绝接收:本中心目录中没有 {feed}。", "refused: this centre's catalogue has no feed {feed}."
    zh_next, en_next = (
        "请双方核对目录版本;中心的目录改过的,须重启 yizhan serve,它沿用启动时的目录。",
        "Compare the catalogues of both sides; yizhan serve keeps the one it started with: restart it after a change.",
    )


class SchemaDiffers(Refuse):
    """The fields sealed are not those of this centre's catalogue. Facts: `batch`."""

    code = "YZ-5025"
    status = 409
    zh, en = "拒绝接收:{batch} 的字段与本中心目录不一致。", "refused: the fields of {batch} are not this catalogue's."
    zh_next, en_next = "请双方核对目录版本后重新采集。", "Compare the catalogues of both sides, then collect again."


class CadenceDiffers(Refuse):
    """The batch is about a period the feed does not have. Facts: `batch`, `expected` (a period of the feed)."""

    code = "YZ-5026"
    status = 409
    zh, en = "拒绝接收:{batch} 的数据期不合该事项的周期。", "refused: {batch} is about a period its feed does not have."
    zh_next, en_next = (
        "数据期应写作 {expected} 这样;请双方核对目录版本。",
        "A period of it is {expected}; compare the catalogues.",
    )


class DutyMissing(Refuse):
    """The catalogue gives nobody of that id this duty. Facts: `person`, `party`, `duty`."""

    code = "YZ-5040"
    status = 403
    zh, en = "{party} 的人员 {person} 没有 {duty} 职责。", "person {person} of {party} does not have the duty {duty}."
    zh_next, en_next = (
        "请由有该职责的人员办理;职责登记在目录的 people 下。",
        "Have somebody do it who has that duty; duties stand in the catalogue, under people.",
    )


class YearClosed(Refuse):
    """A batch for a year that is closed, without an order. Facts: `batch`, `closed_at`, `article`."""

    code = "YZ-5041"
    status = 403
    zh = "拒绝接收:{batch} 的年度自 {closed_at} 起封账({article})。"
    en = "refused: the year of {batch} has been closed since {closed_at} ({article})."
    zh_next = "确需整改的,请向中心申请整改单,导入后以 yizhan run --order 编号 重新封装报送。"
    en_next = "To rectify it ask the centre for an order, import it, and seal anew: yizhan run --order NUMBER."


class ReviewerIsCollector(Refuse):
    """Who answers for a batch may not release it (《管理办法》第二十条:审核把关). Facts: `batch`, `person`."""

    code = "YZ-5042"
    status = 403
    zh = "不能放行:{batch} 的归集人(声明人)与审核人同为 {person}。"
    en = "not released: {person} both answers for {batch} and reviews it."
    zh_next, en_next = "请由另一名审核人放行。", "Have another reviewer release it."


class ReleaseMissing(Refuse):
    """Facts: `batch` (of a feed whose batches are reviewed)."""

    code = "YZ-5043"
    status = 403
    zh, en = "拒绝接收:{batch} 未经审核放行。", "refused: nobody has released {batch}."
    zh_next, en_next = (
        "请用 yizhan spool retry 与 yizhan hold 取回,由部门审核人 yizhan release 放行;并核对双方目录的 review。",
        "Take it back (yizhan spool retry, yizhan hold) and have a reviewer of the department release it "
        "(yizhan release). Compare review in both catalogues.",
    )


class OrderUnwanted(Refuse):
    """A batch for an open year brings an order, which would be counted as used. Facts: `batch`, `number`."""

    code = "YZ-5044"
    status = 409
    zh = "拒绝接收:{batch} 的年度未封账,却附有整改单 {number}。"
    en = "refused: {batch} is of an open year, yet has order {number}."
    zh_next, en_next = "请不带 --order 重新封装报送。", "Seal it anew without --order."


class OrderNotOurs(Refuse):
    """Whoever approved it has no say here. Facts: `number`, `centre` (that issued it), `feed`."""

    code = "YZ-5045"
    status = 403
    zh = "整改单 {number} 不适用:签发中心 {centre} 不在 {feed} 的上报路径上,或级别低于接收中心。"
    en = "order {number} does not count: {centre} is not on the path of {feed}, or below the receiving centre."
    zh_next = "请向该事项所报送的最高一级中心申请整改单。"
    en_next = "Ask the highest centre that the feed is addressed to for an order."


class NilOverRows(Refuse):
    """A nil return that would follow another revision. Facts: `batch`."""

    code = "YZ-5046"
    status = 409
    zh, en = "拒绝接收:零报送 {batch} 之前已有版次。", "refused: the nil return {batch} follows another revision."
    zh_next, en_next = "已报送数据有误的,请以更正报送。", "If what was reported is wrong, send a correction."


class DeclarerDiffers(Refuse):
    """Facts: `batch`, `person` (who signed the declaration), `by` (whom the manifest names)."""

    code = "YZ-5047"
    status = 403
    zh = "拒绝接收:零报送 {batch} 由 {person} 签署,清单却写 {by}。"
    en = "refused: the nil return {batch} is signed by {person}, and its manifest names {by}."
    zh_next, en_next = "请重新运行 yizhan nil。", "Make it anew: yizhan nil."


# --- 6xxx  spool and transport ---------------------------------------------------------------------------------------

# transport and wire: 61xx


class PeerUnavailable(Retry):
    """The centre did not answer, broke off, or asked for patience. Facts: `centre`, `reason_zh`, `reason_en`."""

    code = "YZ-6101"
    zh, en = "连接中心失败:{centre}:{reason_zh}。", "cannot reach centre {centre}: {reason_en}."
    zh_next, en_next = (
        "待发的封装包都还在本机,再次连接时续传;请稍后再试。",
        "Nothing is lost: what waits here is resumed at the next attempt. Try again later.",
    )


class PeerUntrusted(Retry):
    """Who answers is not that centre. The connection is at fault, not the batch, which stays in the spool.

    Facts: `centre`, `reason` (the YZ code of what is wrong with its certificate).
    """

    code = "YZ-6102"
    zh, en = (
        "拒绝连接:对方证书不是中心 {centre} 的有效证书({reason})。",
        ("connection refused: what answers does not hold a valid certificate of centre {centre} ({reason})."),
    )
    zh_next, en_next = (
        "未发送任何数据;请核对中心地址与信任的上级证书。",
        ("Nothing was sent; check the centre's address and the trusted authorities."),
    )


class OwnCertificateRefused(Retry):
    """The centre does not take our connection certificate; the batch stays in the spool until it is renewed.

    Facts: `centre`, `reason` (its YZ code, or `TLS` when it broke off the handshake).
    """

    code = "YZ-6103"
    zh, en = (
        "中心 {centre} 不接受本站点的通信证书({reason})。",
        ("centre {centre} does not accept this site's connection certificate ({reason})."),
    )
    zh_next, en_next = (
        "请检查 keys/tls.crt 是否过期、被吊销或由其他机构签发。",
        ("Check whether keys/tls.crt is expired, revoked or of another authority."),
    )


class PeerRefused(Refuse):
    """The centre said no. Facts: `centre`, `peer_code` (its YZ code), `peer_zh`, `peer_en` (its bounded own words)."""

    code = "YZ-6104"
    zh, en = "中心 {centre} 拒绝接收({peer_code}):{peer_zh}", "centre {centre} refused ({peer_code}): {peer_en}"
    zh_next, en_next = "请按上述代码处理后重新报送。", "Act on that code, then send again."


class PeerMalformed(Retry):
    """An answer that is not of our wire. Facts: `centre`, `what` (which answer)."""

    code = "YZ-6105"
    zh, en = (
        "中心 {centre} 的应答不符合约定:{what}。",
        "centre {centre} gave an answer that is not of this wire: {what}.",
    )
    zh_next, en_next = (
        "请核对中心地址、中间代理和双方版本。",
        "Check the address, any proxy between, and both versions.",
    )


class ReceiptPending(Retry):
    """Everything is there, the receipt is not yet. Facts: `centre`, `digest`."""

    code = "YZ-6106"
    zh, en = (
        "中心 {centre} 已收齐,尚未出具回执:{digest}。",
        "centre {centre} has everything but no receipt yet: {digest}.",
    )
    zh_next, en_next = "系统会稍后再取回执。", "The receipt will be asked for again."


class UploadLost(Retry):
    """The centre no longer knows a batch it had admitted. Facts: `centre`."""

    code = "YZ-6107"
    zh, en = "中心 {centre} 已没有这一批次的记录。", "centre {centre} no longer knows this batch."
    zh_next, en_next = "系统会从头报送。", "It will be sent again from the start."


class PayloadChanged(Refuse):
    """The payload file is not of the size its manifest declares. Facts: `digest`, `declared`, `found` (bytes)."""

    code = "YZ-6108"
    zh, en = (
        "上传失败:封装包 {digest} 的数据文件为 {found} 字节,清单声明 {declared} 字节。",
        ("cannot upload {digest}: its payload has {found} bytes, its manifest declares {declared}."),
    )
    zh_next, en_next = "请运行 yizhan fsck,并重新采集。", "Run yizhan fsck, then collect again."


class WireMalformed(Refuse):
    """Facts: `reason_zh`, `reason_en` (fixed words of ours)."""

    code = "YZ-6121"
    status = 400
    zh, en = "请求不符合约定:{reason_zh}。", "the request is not of this wire: {reason_en}."
    zh_next, en_next = "请核对前置机版本。", "Check the version of the front-end."


class TooLarge(Refuse):
    """Facts: `what_zh`, `what_en`, `limit` (bytes)."""

    code = "YZ-6122"
    status = 413
    zh, en = "请求过大:{what_zh}超过 {limit} 字节。", "too large: {what_en} passes {limit} bytes."
    zh_next, en_next = "请核对封装包。", "Check the sealed batch."


class UploadUnknown(Refuse):
    """No such upload, or none of this department's. Facts: `digest`."""

    code = "YZ-6123"
    status = 404
    zh, en = "没有这次上传:{digest}。", "no such upload: {digest}."
    zh_next, en_next = "请重新提交清单。", "Submit the manifest again."


class OffsetMismatch(Retry):
    """What was sent does not continue what is on disk. Facts: `digest`, `offset` (bytes on disk)."""

    code = "YZ-6124"
    status = 409
    zh, en = "续传位置不符:{digest} 已存 {offset} 字节。", "wrong offset: {digest} has {offset} bytes."
    zh_next, en_next = "请从该位置续传。", "Resume from there."


class UploadBusy(Retry):
    """Another connection is writing this upload. Facts: `digest`."""

    code = "YZ-6125"
    status = 423
    zh, en = "这次上传正由另一连接写入:{digest}。", "another connection is writing this upload: {digest}."
    zh_next, en_next = "请稍后续传。", "Resume later."


class TusVersionUnsupported(Refuse):
    code = "YZ-6126"
    status = 412
    zh, en = "不支持的续传协议版本。", "unsupported version of the resumable upload protocol."
    zh_next, en_next = "请使用 Tus-Resumable: 1.0.0。", "Use Tus-Resumable: 1.0.0."


class MediaTypeWrong(Refuse):
    """Facts: `expected`."""

    code = "YZ-6127"
    status = 415
    zh, en = "请求的内容类型不对。", "the request has the wrong content type."
    zh_next, en_next = "应为 {expected}。", "It must be {expected}."


class PathUnknown(Refuse):
    code = "YZ-6129"
    status = 404
    zh, en = "没有这个地址。", "no such address."
    zh_next, en_next = "请核对中心地址与前置机版本。", "Check the centre's address and the version of the front-end."


class MethodUnknown(Refuse):
    code = "YZ-6130"
    status = 405
    zh, en = "该地址不支持此方法。", "this address does not take that method."
    zh_next, en_next = "请核对前置机版本。", "Check the version of the front-end."


class UploadStalled(Retry):
    """No byte came for too long; what came is kept. Facts: `digest`, `seconds`."""

    code = "YZ-6131"
    status = 408
    zh, en = "上传中断:{digest} 已 {seconds} 秒没有数据。", "upload stalled: {digest} sent nothing for {seconds} s."
    zh_next, en_next = "已收部分保留,请续传。", "What arrived is kept; resume."


class ListenRefused(Refuse):
    """The centre's own address cannot be listened on. Facts: `host`, `port`."""

    code = "YZ-6133"
    exit_code = 2
    status = 500
    zh, en = "中心无法监听:{host}:{port}。", "the centre cannot listen on {host}:{port}."
    zh_next, en_next = (
        "请检查端口是否已被占用,以及 site.yaml 的 listen。",
        "Check whether the port is in use, and listen in site.yaml.",
    )


class HeartbeatMalformed(Refuse):
    """Facts: `place` (one of our own key names, or "-")."""

    code = "YZ-6140"
    zh, en = "拒收心跳:内容不符合约定({place})。", "heartbeat refused: it says what cannot be ({place})."
    zh_next, en_next = "请核对前置机版本。", "Check the version of the front-end."


class HeartbeatNotAwaited(Refuse):
    """Facts: `presented` (who the connection's certificate names)."""

    code = "YZ-6141"
    status = 403
    zh = "拒收心跳:{presented} 没有经本中心报送的归集事项。"
    en = "heartbeat refused: {presented} has no feed whose batches come here."
    zh_next = "请核对目录中该部门的事项与中心地址。"
    en_next = "Check the department's feeds in the catalogue, and the centre's address."


class HeartbeatOfOthers(Refuse):
    """It speaks of feeds that others own. Facts: `presented`, `feed` (one of the catalogue)."""

    code = "YZ-6142"
    status = 403
    zh, en = "拒收心跳:{feed} 不属于 {presented}。", "heartbeat refused: {feed} is not of {presented}."
    zh_next, en_next = "请核对两地的目录版本。", "Compare the catalogues of both sites."


class HeartbeatTooLarge(Refuse):
    """Facts: `limit` (bytes)."""

    code = "YZ-6143"
    status = 413
    zh, en = "拒收心跳:超过 {limit} 字节。", "heartbeat refused: it passes {limit} bytes."
    zh_next, en_next = "请核对前置机版本。", "Check the version of the front-end."


class InstructionMisnumbered(Refuse):
    """The paper is not the one its envelope names. Facts: `centre`, `number` (the paper's)."""

    code = "YZ-6150"
    zh, en = (
        "拒收指令:{centre} 附上的编号不是 {number}。",
        "instruction refused: {centre} sent {number} under another number.",
    )
    zh_next, en_next = "请联系中心核对其版本。", "Ask the centre to check its version."


class InstructionsForDepartments(Refuse):
    """Facts: `presented` (who the connection's certificate names)."""

    code = "YZ-5053"
    status = 403
    zh = "拒绝提供指令:{presented} 不是部门前置机。"
    en = "no instructions: {presented} is no department's front-end."
    zh_next, en_next = "请核对连接证书。", "Check the connection's certificate."


class InstructionUnknown(Refuse):
    """There is none, or it is another department's: the answer does not tell which. Facts: `number`."""

    code = "YZ-5054"
    status = 404
    zh, en = "没有指令 {number}。", "there is no instruction {number}."
    zh_next, en_next = "请用 yizhan instruct list 核对编号。", "Compare its number: yizhan instruct list."


class ReportMalformed(Refuse):
    """Facts: `place` (one of our own key names, or "-")."""

    code = "YZ-5055"
    zh, en = "拒收进度报告:内容不符合约定({place})。", "report refused: it says what cannot be ({place})."
    zh_next, en_next = "请核对前置机版本。", "Check the version of the front-end."


class ReportTooLarge(Refuse):
    """Facts: `limit` (bytes)."""

    code = "YZ-5056"
    status = 413
    zh, en = "拒收进度报告:超过 {limit} 字节。", "report refused: it passes {limit} bytes."
    zh_next, en_next = "请核对前置机版本。", "Check the version of the front-end."


class OfficeTokenWrong(Refuse):
    """The bearer token of the office interface is missing or another."""

    code = "YZ-5057"
    status = 401
    zh, en = "拒绝办公接口请求:令牌缺失或不符。", "office request refused: its bearer token is missing or wrong."
    zh_next = "请核对 Authorization: Bearer 与中心 site.yaml 的 office.token 所指。"
    en_next = "Compare Authorization: Bearer with what office.token of the centre's site.yaml refers to."


class OfficeRequestMalformed(Refuse):
    """Facts: `place` (one of our own key names, or "-")."""

    code = "YZ-5058"
    status = 400
    zh, en = (
        "拒绝办公接口请求:内容不符合约定({place})。",
        "office request refused: it is not in the form agreed ({place}).",
    )
    zh_next, en_next = "请对照 gateway/server/OFFICE.md。", "Compare it with gateway/server/OFFICE.md."


class InstructionsUnreadable(Retry):
    """What a centre answered about instructions cannot be read."""

    code = "YZ-5059"
    zh, en = "中心关于指令的答复不合约定。", "what the centre answered about instructions cannot be read."
    zh_next, en_next = (
        "稍后重试;一再出现时请核对两边版本。",
        "Try again; if it goes on, compare the versions of both sides.",
    )


class CatalogueForDepartments(Refuse):
    """Facts: `presented` (who the connection's certificate names)."""

    code = "YZ-5060"
    status = 403
    zh = "拒绝提供目录:{presented} 不是部门前置机。"
    en = "no catalogue: {presented} is no department's front-end."
    zh_next, en_next = "请核对连接证书。", "Check the connection's certificate."


class CentreFault(Retry):
    """A defect at the centre; its log has the details, the wire does not."""

    code = "YZ-6132"
    status = 500
    zh, en = "中心内部错误。", "internal error at the centre."
    zh_next, en_next = "请联系中心管理员查看日志。", "Have the centre's administrator read its log."


# spool: 60xx


class SpoolFull(Retry):
    """Facts: `action_zh`, `action_en`."""

    code = "YZ-6001"
    status = 507
    zh, en = "磁盘空间不足:{action_zh}。", "the disk is full: {action_en}."
    zh_next, en_next = (
        "已写入的数据不受影响;请清理磁盘后重试。",
        "What was stored is safe; free some space, then try again.",
    )


class SpoolUnavailable(Retry):
    """The spool's file system refused. Facts: `action_zh`, `action_en`, `errno` (symbolic, such as EIO)."""

    code = "YZ-6002"
    zh, en = "读写驿站目录失败:{action_zh}({errno})。", "the spool's file system refused: {action_en} ({errno})."
    zh_next, en_next = (
        "请检查磁盘、挂载和目录权限后重试。",
        "Check the disk, the mount and the permissions, then try again.",
    )


class SpoolNameInvalid(Refuse):
    """Text that may not become part of a file name. Facts: `part` (feed, period, revision, digest or name)."""

    code = "YZ-6003"
    zh, en = (
        "拒绝入库:批次名称中的 {part} 含有不允许的字符。",
        "refused: the {part} of this batch may not be part of a file name.",
    )
    zh_next, en_next = (
        "请核对事项编号、数据期和摘要的写法。",
        "Check how the feed, the period and the digest are written.",
    )


class SpoolOccupied(Refuse):
    """The same batch id waits or was delivered with other content. Facts: `batch`, `state`."""

    code = "YZ-6004"
    status = 409
    zh, en = "批次已在驿站中:{batch}({state})。", "this batch is already in the spool: {batch} ({state})."
    zh_next, en_next = (
        "请先处理该批次;如需更正,请以下一版次报送。",
        "Deal with that one first; a correction is the next revision.",
    )


class EntryUnknown(Refuse):
    """Facts: `name`."""

    code = "YZ-6005"
    status = 404
    zh, en = "驿站中没有该批次:{name}。", "no such entry in the spool: {name}."
    zh_next, en_next = "请运行 yizhan spool list 查看。", "See: yizhan spool list."


class EntryBusy(Retry):
    """Another process holds it. Facts: `name`."""

    code = "YZ-6006"
    status = 423
    zh, en = "批次正由另一进程处理:{name}。", "another process holds this entry: {name}."
    zh_next, en_next = "请稍后重试。", "Try again shortly."


class UploadIncomplete(Retry):
    """Facts: `digest`, `offset`, `size`."""

    code = "YZ-6007"
    status = 409
    zh, en = (
        "上传尚未完成:{digest}:{offset}/{size} 字节。",
        "upload {digest} is not complete: {offset} of {size} bytes.",
    )
    zh_next, en_next = "请从该位置续传。", "Go on from there."


class EntryDamaged(Refuse):
    """An entry does not hold what its state demands, or the batch its name says. Facts: `place`, `file`."""

    code = "YZ-6008"
    zh, en = "驿站条目损坏:{place}:{file}。", "damaged spool entry: {place}: {file}."
    zh_next, en_next = (
        "请从备份恢复该条目,或重新采集该批次。",
        "Restore it from the backup, or collect the batch again.",
    )


class BookmarkDamaged(Refuse):
    """Facts: `name` (of a batch, or a file below bookmarks/)."""

    code = "YZ-6009"
    zh, en = "读取书签失败:{name} 已损坏或缺失。", "cannot read the bookmark {name}: it is damaged or incomplete."
    zh_next, en_next = (
        "请把该文件移出 bookmarks 目录后重新运行;未回写的数据会再次读取,不会丢失。",
        "Move that file out of bookmarks/ and run again; rows that were not marked are read once more, none is lost.",
    )


# inbox that several receivers share: 605x


class InboxUnavailable(Retry):
    """The shared inbox cannot be used now. Facts: `place` (without a log-in), `reason_zh`, `reason_en` (ours)."""

    code = "YZ-6050"
    zh, en = "共享收件箱暂不可用:{place}:{reason_zh}。", "the shared inbox is not available: {place}: {reason_en}."
    zh_next, en_next = (
        "已存入的数据不受影响;请检查挂载、网络与访问权限后重试。",
        "What was stored is safe; check the mount, the network and the access rights, then try again.",
    )


class InboxFull(Retry):
    """Facts: `place`."""

    code = "YZ-6051"
    status = 507
    zh, en = "共享收件箱空间不足:{place}。", "the shared inbox is full: {place}."
    zh_next, en_next = (
        "已存入的数据不受影响;请扩容或清理后重试。",
        "What was stored is safe; give it more space, then try again.",
    )


class InboxDriverMissing(Refuse):
    """Facts: `module`."""

    code = "YZ-6052"
    exit_code = 2
    zh, en = (
        "打开共享收件箱失败:未安装 {module}。",
        "cannot open the shared inbox: {module} is not installed.",
    )
    zh_next, en_next = (
        "请在中心安装:pip install 'yizhan[inbox]'。",
        "Install it at the centre: pip install 'yizhan[inbox]'.",
    )


class RefusedByNewer(Refuse):
    """Another receiver, of a newer version, refused the batch in words that this one lacks. Facts: `refused`."""

    code = "YZ-6053"
    zh, en = (
        "该批次已被另一台接收机拒绝:{refused}。",
        "another receiver of this centre has refused the batch: {refused}.",
    )
    zh_next, en_next = (
        "请中心把所有接收机升级到同一版本;原因见新版 docs/errors.md。",
        "Have the centre run one version at all receivers; docs/errors.md of the newer one says why.",
    )


# levels of government: 6030-6049


class RefusedAbove(Refuse):
    """A centre further up refused what one below it loaded or carried. Facts: `batch`, `centre`, `peer_code` (its)."""

    code = "YZ-6030"
    zh, en = (
        "上级中心 {centre} 拒绝接收 {batch}({peer_code})。",
        "centre {centre} above refused {batch} ({peer_code}).",
    )
    zh_next, en_next = (
        "请按该代码处理;排除原因后由其下一级中心运行 yizhan spool retry {batch};本级已被拒的再重投送达。",
        "Act on that code; once its cause is gone, the centre below it runs: yizhan spool retry {batch}."
        " Where the batch is dead here too, retry it here then.",
    )


class ReceiptNotAwaited(Refuse):
    """Genuine, but of a centre whose receipt is not awaited from there. Facts: `centre`, `batch`."""

    code = "YZ-6031"
    zh, en = (
        "拒绝回执:{batch} 不应由此取得中心 {centre} 的回执。",
        "receipt refused: no receipt of centre {centre} for {batch} is awaited from there.",
    )
    zh_next, en_next = (
        "批次保留待发;请上级中心核对后重新领取回执。",
        "The batch stays where it is; have the centre above check it, then fetch the receipt again.",
    )


class NothingAbove(Refuse):
    """A centre that is to send upward and knows of nobody above it. Facts: `site`."""

    code = "YZ-6032"
    exit_code = 2
    zh, en = "{site} 没有上级中心,无可上送。", "{site} has no centre above it: there is nowhere to send to."
    zh_next, en_next = (
        "请在 site.yaml 的 upward 中写明上级中心及其地址。",
        "Name the centre above and its address under upward in site.yaml.",
    )


# --- 7xxx  warehouse and ledger --------------------------------------------------------------------------------------


class StoreUnavailable(Retry):
    """Locked for too long, disk full, not writable. Facts: `file`, `reason_zh`, `reason_en` (fixed words of ours)."""

    code = "YZ-7001"
    zh, en = "数据库暂不可用:{file}:{reason_zh}。", "the database is not available: {file}: {reason_en}."
    zh_next, en_next = "未写入任何数据;请检查后重试。", "Nothing was written; check it, then try again."


class StoreDamaged(Refuse):
    """The file is no database, or its pages contradict each other. Facts: `file`."""

    code = "YZ-7002"
    status = 500
    zh, en = "数据库文件损坏:{file}。", "the database file is damaged: {file}."
    zh_next, en_next = (
        "请停止服务,从备份恢复,再运行 yizhan fsck。",
        "Stop the service, restore it from the backup, then run yizhan fsck.",
    )


class CorrectsUnknown(Refuse):
    """A correction that does not build on the revision this centre holds. Facts: `batch`."""

    code = "YZ-7003"
    status = 409
    zh, en = (
        "拒绝入库:{batch} 所更正的不是本中心最新的版次。",
        "load refused: {batch} does not correct the latest revision held here.",
    )
    zh_next, en_next = (
        "请双方核对台账后,以最新版次为基础重新封装。",
        "Compare both ledgers, then seal it again on the latest revision.",
    )


class LoadUnbalanced(Refuse):
    """What the centre counted is not what the manifest states. Facts: `batch`, `sent`, `counted` (rows and yuan)."""

    code = "YZ-7004"
    zh, en = (
        "入库对账不平:{batch}:清单 {sent},实收 {counted}。",
        ("load unbalanced: {batch}: manifest {sent}, counted {counted}."),
    )
    zh_next, en_next = (
        "未写入任何数据;请部门重新采集封装。",
        "Nothing was loaded; have the department collect and seal it again.",
    )


class FeedShapeChanged(Refuse):
    """The catalogue's fields and the table's differ. Facts: `feed`, `field`."""

    code = "YZ-7005"
    exit_code = 2
    status = 500
    zh, en = "数据表与目录不一致:{feed}:{field}。", "the table and the catalogue disagree: {feed}: {field}."
    zh_next, en_next = (
        "请恢复目录中的定义,或先迁移该数据表。",
        "Restore the catalogue's definition, or migrate the table first.",
    )


class PayloadShapeInvalid(Refuse):
    """The payload's columns are not the feed's, or a value does not fit its column. Facts: `feed`, `field`."""

    code = "YZ-7006"
    zh, en = (
        "拒绝入库:{feed} 的数据列与目录不符:{field}。",
        "load refused: payload of {feed} does not fit the catalogue: {field}.",
    )
    zh_next, en_next = "请双方核对目录版本后重新封装。", "Compare both catalogues, then seal the batch again."


class FeedUnprepared(Refuse):
    """A batch for a feed the warehouse has no tables for. Facts: `feed`."""

    code = "YZ-7007"
    exit_code = 2
    zh, en = "数据仓没有该事项的数据表:{feed}。", "the warehouse has no tables for {feed}."
    zh_next, en_next = "请把该事项加入本中心的目录后重启服务。", "Add the feed to this centre's catalogue and restart."


class LedgerTextRefused(Refuse):
    """Text that may not stand in the ledger: not an identifier, or like a person's number. Facts: `column`."""

    code = "YZ-7008"
    status = 422
    zh, en = (
        "拒绝记账:{column} 的内容不是编号、数量或代码。",
        "ledger entry refused: {column} is no identifier, count or code.",
    )
    zh_next, en_next = (
        "台账不记个人信息;请改记编号,文字中连续数字不超过10位。",
        "The ledger holds no personal data; record an identifier instead, with at most 10 digits in a run in any text.",
    )


# 704x to 706x  the database itself, its schema and its rights


class CommitUnresolved(Retry):
    """The connection was lost at COMMIT and the database could not be asked what became of it. Facts: `place`."""

    code = "YZ-7040"
    zh, en = (
        "提交结果未知:{place} 在提交时失去连接,且暂时无法查询。",
        "the outcome of COMMIT is not known: the connection to {place} was lost, and it cannot be asked yet.",
    )
    zh_next, en_next = (
        "不作猜测:下次重试时先查是否已入库,再决定是否写入。",
        "Nothing is guessed: the next attempt looks first whether it was written.",
    )


class DatabaseDriverMissing(Refuse):
    """psycopg is not installed."""

    code = "YZ-7041"
    exit_code = 2
    zh, en = "无法连接 PostgreSQL:缺少组件 psycopg。", "cannot connect to PostgreSQL: psycopg is not installed."
    zh_next, en_next = "请安装:pip install 'yizhan[postgres]'。", "Install it: pip install 'yizhan[postgres]'."


class SchemaBehind(Refuse):
    """The database's fixed tables are not those of this version. Facts: `place`, `schema`, `found`, `needed`."""

    code = "YZ-7042"
    exit_code = 2
    zh, en = (
        "拒绝打开数据库:{place} 的 {schema} 表结构为 {found},本版本需要 {needed}。",
        "database refused: {place}: the tables of {schema} are at {found}, this version needs {needed}.",
    )
    zh_next, en_next = (
        "请先备份,再以库属主运行 yizhan warehouse upgrade。",
        "Make a backup, then run as their owner: yizhan warehouse upgrade.",
    )


class StoreForbidden(Retry):
    """The database does not allow this log-in what it was asked. Facts: `place`."""

    code = "YZ-7043"
    zh, en = "数据库权限不足:{place}。", "the database log-in lacks a right: {place}."
    zh_next, en_next = (
        "未写入任何数据;请库管理员执行 yizhan warehouse roles --sql 的第一部分,再运行 yizhan warehouse check 核对。",
        "Nothing was written; have the first part of yizhan warehouse roles --sql run, then yizhan warehouse check.",
    )


class DatabaseUnsuitable(Refuse):
    """Facts: `place`, `version`, `encoding`."""

    code = "YZ-7044"
    exit_code = 2
    zh, en = (
        "数据库不适用:{place} 版本 {version}、编码 {encoding}。",
        "the database is not suitable: {place} is version {version}, its encoding {encoding}.",
    )
    zh_next, en_next = (
        "需要 PostgreSQL 15 或更高版本、UTF8 编码。",
        "PostgreSQL 15 or later is needed, and a database in UTF8.",
    )


class FeedTablesMissing(Refuse):
    """A feed of the catalogue has no tables, and this log-in may not make them. Facts: `place`, `feed`."""

    code = "YZ-7045"
    exit_code = 2
    zh, en = (
        "拒绝打开数据库:{place} 中没有 {feed} 的表。",
        "database refused: {place} has no tables for {feed}.",
    )
    zh_next, en_next = (
        "请以库属主运行 yizhan warehouse upgrade。",
        "Run as their owner: yizhan warehouse upgrade.",
    )


class SchemaAhead(Refuse):
    """A later version has changed the tables. Facts: `place`, `schema`, `found`, `needed`."""

    code = "YZ-7046"
    exit_code = 2
    zh, en = (
        "拒绝打开数据库:{place} 的 {schema} 表结构为 {found},由更新的版本建立;本版本只认识 {needed}。",
        "database refused: {place}: the tables of {schema} are at {found}, made by a later version than {needed}.",
    )
    zh_next, en_next = (
        "未作任何改动;请升级本程序。",
        "Nothing was changed; install the later version of this program.",
    )


class SchemaUnknown(Refuse):
    """Tables stand there that no version of the migrations has made. Facts: `place`, `schema`, `table`."""

    code = "YZ-7047"
    exit_code = 2
    zh, en = (
        "拒绝打开数据库:{place} 中的表 {table}({schema})没有版本记录,且与本版本不同。",
        "database refused: {place}: table {table} of {schema} has no version, and is not what this version makes.",
    )
    zh_next, en_next = (
        "未作任何改动;请核对是否连错数据库,或从备份恢复。",
        "Nothing was changed; see whether this is the right database, or restore it from the backup.",
    )


class RolesMissing(Refuse):
    """Facts: `place`, `roles`."""

    code = "YZ-7048"
    exit_code = 2
    zh, en = "无法授权:{place} 中没有角色 {roles}。", "cannot grant: {place} has no roles {roles}."
    zh_next, en_next = (
        "请库管理员执行 yizhan warehouse roles --sql 输出的语句,再运行 yizhan warehouse upgrade。",
        "Have the administrator run what yizhan warehouse roles --sql prints, then run: yizhan warehouse upgrade.",
    )


class RightsDiffer(Refuse):
    """A right that should be there and is not, or the other way round. Facts: `role`, `right`, `table`, `found_zh`,
    `found_en`.
    """

    code = "YZ-7049"
    zh, en = (
        "数据库权限不符:{role} 对 {table} 的 {right}:{found_zh}。",
        "rights differ: {role}, {right} on {table}: {found_en}.",
    )
    zh_next, en_next = (
        "请以库属主运行 yizhan warehouse upgrade;多出的权限请收回。",
        "Run as their owner: yizhan warehouse upgrade; what is too much has to be revoked.",
    )


class WarehouseEmbedded(Refuse):
    """A command for PostgreSQL where the warehouse is a file. Facts: `site`."""

    code = "YZ-7050"
    exit_code = 2
    zh, en = (
        "命令不适用:{site} 使用内置的 warehouse.db,无需升级或授权。",
        "nothing to do: {site} has the embedded warehouse.db, which upgrades itself and has no roles.",
    )
    zh_next, en_next = (
        "如要改用 PostgreSQL,请在 site.yaml 中写 warehouse:。",
        "To use PostgreSQL, write warehouse: into site.yaml.",
    )


class OwnerMissing(Refuse):
    """Facts: `site`."""

    code = "YZ-7051"
    exit_code = 2
    zh, en = (
        "无法升级:{site} 的 site.yaml 没有 warehouse: 下的 owner:。",
        "cannot upgrade: site.yaml of {site} has no owner: under warehouse:.",
    )
    zh_next, en_next = (
        "请写上库属主的 user 与 password 引用;升级后可以去掉。",
        "Write its user and the reference to its password there; afterwards it may be taken out again.",
    )


# 707x  corrections, orders and what was believed at a moment


class OrderSpent(Refuse):
    """As many batches as the rectification order allows are loaded already. Facts: `batch`, `number`, `uses`."""

    code = "YZ-7070"
    status = 409
    zh, en = (
        "拒绝入库:{batch}:整改单 {number} 限用 {uses} 次,已用完。",
        "load refused: {batch}: rectification order {number} allows {uses} batches, and all have come.",
    )
    zh_next, en_next = (
        "如仍需更正,请向本中心申请新的整改单。",
        "If something is still to be corrected, ask the centre for a new order.",
    )


class RegionRequired(Refuse):
    """Several regions' data are held, and one was not named. Facts: `feed`, `period`, `regions`."""

    code = "YZ-7071"
    exit_code = 2
    zh, en = (
        "查询未执行:{feed} {period} 有多个地区的数据:{regions}。",
        "question refused: {feed} {period} is held for several regions: {regions}.",
    )
    zh_next, en_next = "请用 --region 指明其一。", "Name one of them with --region."


# 71xx  what ledger verify finds (values, not raised)


class LedgerLineEdited(Refuse):
    """Facts: `node`, `seq`."""

    code = "YZ-7101"
    zh, en = "台账第 {seq} 条被改动({node})。", "ledger line {seq} was edited ({node})."
    zh_next, en_next = (
        "请保全现场,与备份和对方回执核对。",
        "Preserve the evidence; compare with the backup and the receipts.",
    )


class LedgerLinesMissing(LedgerLineEdited):
    """Facts: `node`, `seq` (first), `last`."""

    code = "YZ-7102"
    zh, en = "台账缺少第 {seq} 至 {last} 条({node})。", "ledger lines {seq} to {last} are missing ({node})."


class LedgerLineMoved(LedgerLineEdited):
    """Facts: `node`, `seq`, `belongs`."""

    code = "YZ-7103"
    zh, en = (
        "台账第 {seq} 条被调换,原为第 {belongs} 条({node})。",
        "ledger line {seq} was moved, it was line {belongs} ({node}).",
    )


class LedgerLineForged(LedgerLineEdited):
    """It was never appended by the product. Facts: `node`, `seq`."""

    code = "YZ-7104"
    zh, en = "台账第 {seq} 条系插入({node})。", "ledger line {seq} was inserted ({node})."


class LedgerChainBroken(LedgerLineEdited):
    """The line does not continue from the one before it. Facts: `node`, `seq`."""

    code = "YZ-7105"
    zh, en = (
        "台账第 {seq} 条与前一条不衔接({node})。",
        "ledger line {seq} does not continue from the line before it ({node}).",
    )


class LedgerUnguarded(LedgerLineEdited):
    """Facts: `node`, `trigger`."""

    code = "YZ-7106"
    zh, en = "台账的防改触发器缺失:{trigger}({node})。", "an append-only trigger is missing: {trigger} ({node})."


class LedgerAnchorLost(LedgerLineEdited):
    """A receipt quotes a line that is not there or reads otherwise. Facts: `node`, `seq`."""

    code = "YZ-7107"
    zh, en = (
        "台账第 {seq} 条与已签发的回执不符({node})。",
        "ledger line {seq} is not the one a signed receipt quotes ({node}).",
    )


# 72xx  what fsck finds in the warehouse (values, not raised)


class RowsMissing(Refuse):
    """Facts: `batch`, `table`, `expected`, `found` (rows)."""

    code = "YZ-7201"
    zh, en = (
        "数据仓行数不符:{batch}({table}):应有 {expected} 行,实有 {found} 行。",
        ("warehouse rows differ: {batch} ({table}): {expected} expected, {found} found."),
    )
    zh_next, en_next = (
        "请保全现场,用归档的封装包核对该批次。",
        "Preserve the evidence; compare with the archived sealed batch.",
    )


class RowsEdited(RowsMissing):
    """Facts: `batch`, `table`, `first`, `last` (row numbers in the payload between which a row differs)."""

    code = "YZ-7202"
    zh, en = (
        "数据仓内容被改动:{batch}({table}):第 {first} 至 {last} 行之间。",
        ("warehouse content was edited: {batch} ({table}): between rows {first} and {last}."),
    )


class SupersessionEdited(RowsMissing):
    """Other rows of the history than those it superseded name a batch. Facts: `batch`, `table`."""

    code = "YZ-7072"
    zh, en = (
        "历史数据被改挂:{batch}({table}):记为被其取代的行,不是当时取代的行。",
        "the history was edited: {batch} ({table}): the rows that name it are not those it superseded.",
    )


class RowsUnexplained(RowsMissing):
    """Rows whose batch was never loaded. Facts: `table`, `number`, `found` (rows)."""

    code = "YZ-7203"
    zh, en = (
        "数据仓有来历不明的数据:{table}:批号 {number},{found} 行。",
        ("rows nobody delivered: {table}: batch number {number}, {found} rows."),
    )


class BatchRecordEdited(RowsMissing):
    """The record of a load disagrees with the ledger. Facts: `batch`."""

    code = "YZ-7204"
    zh, en = "批次登记与台账不符:{batch}。", "the record of the load disagrees with the ledger: {batch}."


class ReceiptMissing(RowsMissing):
    """The ledger says loaded, no receipt is stored. Facts: `batch`."""

    code = "YZ-7205"
    zh, en = "回执缺失:{batch}:台账记为已入库。", "the receipt is missing: {batch}: the ledger says it was loaded."


# across stores, found by fsck: 73xx


class EntryUntrue(Refuse):
    """An entry's files are not what was sealed and signed. Facts: `place`, `cause` (code of the failed step)."""

    code = "YZ-7301"
    zh, en = (
        "核对失败:{place} 的文件与签名不符({cause})。",
        "fsck: the files of {place} are not what was signed ({cause}).",
    )
    zh_next, en_next = "请保留现场并查明改动来源。", "Keep it as it is and find out who changed it."


class EntryUnexplained(Refuse):
    """An entry without its ledger line. Facts: `place`."""

    code = "YZ-7302"
    zh, en = "核对失败:台账中没有 {place} 的记录。", "fsck: the ledger does not explain {place}."
    zh_next, en_next = "请查明该批次的来历。", "Find out where this batch came from."


class LineUnsupported(Refuse):
    """A ledger line whose batch is nowhere in the spool. Facts: `node`, `seq`, `batch`."""

    code = "YZ-7303"
    zh, en = (
        "核对失败:{node} 台账第 {seq} 行的批次 {batch} 不在驿站目录中。",
        ("fsck: batch {batch} of line {seq} of {node} is not in the spool."),
    )
    zh_next, en_next = "请从备份中找回该批次目录。", "Restore the batch's directory from a backup."


class ReceiptDiffers(Refuse):
    """The receipt beside a batch is not the one committed with its load. Facts: `place`."""

    code = "YZ-7304"
    zh, en = (
        "核对失败:{place} 的回执与库中的不同。",
        "fsck: the receipt of {place} is not the one the warehouse committed.",
    )
    zh_next, en_next = "请保留现场并查明改动来源。", "Keep it as it is and find out who changed it."


# demonstration: 80xx


class DemoDirOccupied(Refuse):
    """The directory holds something else. Facts: `path`."""

    code = "YZ-8001"
    exit_code = 2
    zh, en = "演示目录已有其他内容:{path}。", "the directory holds something that is no demonstration: {path}."
    zh_next, en_next = "请用 --dir 另指一个空目录。", "Name an empty directory with --dir."


class DemoServerFailed(Refuse):
    """One of the demonstration's own servers did not start. Facts: `server`, `log`."""

    code = "YZ-8002"
    zh, en = "演示用服务器未能启动:{server}。", "a server of the demonstration did not start: {server}."
    zh_next, en_next = "请查看 {log}。", "See {log}."


# archives, retention, backup: 803x to 806x


# --- 801x  what leaves the centre ------------------------------------------------------------------------------------


class NotGranted(Refuse):
    """A reading outside the reader's own region without a grant in force. Facts: `reader`, `feed`, `region`."""

    code = "YZ-8011"
    status = 403
    zh, en = (
        "未获授权:{reader} 读取 {feed}(区划 {region})没有有效授权。",
        "not granted: {reader} has no grant in force to read {feed} of region {region}.",
    )
    zh_next, en_next = (
        "跨区划读取须经批准:由有 approve 职责的人员执行 yizhan grant add,写明批准文号和期限。",
        "Reading across regions takes an approval: somebody with the duty approve runs yizhan grant add.",
    )


class GrantUnknown(Refuse):
    """Facts: `number`."""

    code = "YZ-8012"
    exit_code = 2
    zh, en = "没有此授权:{number}。", "there is no grant {number}."
    zh_next, en_next = "请用 yizhan grant list --all 查看。", "Look it up with: yizhan grant list --all"


class GrantNumberTaken(Refuse):
    """Facts: `number`."""

    code = "YZ-8013"
    zh, en = "批准文号 {number} 已用于另一授权。", "the number {number} belongs to another grant."
    zh_next, en_next = (
        "一个文号只对应一次授权;扩大范围须另行批准。",
        "A number stands for one grant; what goes beyond it takes another approval.",
    )


class GrantEnded(Refuse):
    """Facts: `number`, `until`."""

    code = "YZ-8014"
    exit_code = 2
    zh, en = "授权 {number} 的期限 {until} 已过。", "the end of grant {number}, {until}, is past."
    zh_next, en_next = "请写将来的时刻:--until 年-月-日。", "Give a moment to come: --until YYYY-MM-DD."


class NothingToCopy(Refuse):
    """Facts: `feed`, `period`."""

    code = "YZ-8015"
    zh, en = "{feed} {period} 尚无数据可外送。", "nothing is held of {feed} {period} that could be copied."
    zh_next, en_next = "请用 yizhan status 查看该期是否已入库。", "See with yizhan status whether the period has come."


class NoteInvalid(Refuse):
    """An outward copy's note that is not what the centre signed."""

    code = "YZ-8016"
    zh, en = "外送单不可信:签名不符。", "the note of the copy is not what a centre signed."
    zh_next, en_next = "请向出具中心重新索取文件和 .p7s 外送单。", "Ask the centre for file and note (.p7s) again."


class CopyDiffers(Refuse):
    """A copy that is not the file its note describes. Facts: `path`."""

    code = "YZ-8017"
    zh, en = "文件 {path} 与外送单不符。", "the file {path} is not the one its note describes."
    zh_next, en_next = "请勿使用,向出具中心重新索取。", "Do not use it; ask the centre for it again."


class MonthOpen(Refuse):
    """A month's archive is written when it is over. Facts: `month`."""

    code = "YZ-8030"
    exit_code = 2
    zh, en = "{month} 尚未结束,不能归档。", "{month} is not over: it cannot be archived yet."
    zh_next, en_next = "请在次月运行 yizhan archive write。", "Run yizhan archive write in the following month."


class MonthInvalid(Refuse):
    """Facts: `text`."""

    code = "YZ-8031"
    exit_code = 2
    zh, en = "月份写法不对:{text}。", "not a month: {text}."
    zh_next, en_next = "请写成 2026-10。", "Write it as 2026-10."


class ArchiveUnreadable(Refuse):
    """Not one of our archives, not even in form. Facts: `place`, `reason_zh`, `reason_en`."""

    code = "YZ-8032"
    zh, en = "归档文件 {place} 无法读取:{reason_zh}。", "archive {place} cannot be read: {reason_en}."
    zh_next, en_next = "请从备份或其他副本中找回该文件。", "Restore the file from a backup or another copy."


class ArchiveSignatureInvalid(Refuse):
    """The index is not what its node signed, or the signer may not be trusted. Facts: `place`, `cause` (a code)."""

    code = "YZ-8033"
    zh, en = (
        "归档文件 {place} 的目录签名无效({cause})。",
        "the index of archive {place} is not validly signed ({cause}).",
    )
    zh_next, en_next = "请勿据此作证;请从其他副本中找回该文件。", "Prove nothing with it; restore it from another copy."


class ArchiveLinkBroken(Refuse):
    """An archive does not continue the one before it. Facts: `place`, `before` (file name of the one before)."""

    code = "YZ-8034"
    zh, en = "归档文件 {place} 不接续 {before}。", "archive {place} does not continue {before}."
    zh_next, en_next = (
        "其中之一被改动、替换或缺失,请从备份或其他副本中找回。",
        "One of them was changed, replaced or is missing: restore it from a backup or another copy.",
    )


class ArchiveFileAltered(Refuse):
    """A file inside is missing, foreign, or not what the signed index lists. Facts: `place`, `file`."""

    code = "YZ-8035"
    zh, en = (
        "归档文件 {place} 中的 {file} 与已签名的目录不符。",
        "{file} in archive {place} is not what its signed index lists.",
    )
    zh_next, en_next = "请从备份或其他副本中找回归档文件。", "Restore the archive from a backup or another copy."


class ArchiveEntryUntrue(Refuse):
    """A sealed batch inside is not authentic, though it is what was archived. Facts: `place`, `entry`, `cause`."""

    code = "YZ-8036"
    zh, en = (
        "归档文件 {place} 中的批次 {entry} 不真实({cause})。",
        "batch {entry} in archive {place} is not authentic ({cause}).",
    )
    zh_next, en_next = "请按 {cause} 的说明核对证书与签名。", "Check certificates and signatures as {cause} says."


class ArchiveLedgerBroken(Refuse):
    """The ledger's lines inside do not form a chain. Facts: `place`, `seq`."""

    code = "YZ-8037"
    zh, en = (
        "归档文件 {place} 中的台账第 {seq} 行断链。",
        "line {seq} of the ledger in archive {place} breaks the chain.",
    )
    zh_next, en_next = "请与该节点的台账及回执核对。", "Compare it with the node's own ledger and its receipts."


class ArchiveUnledgered(Refuse):
    """An archive that this node's ledger does not know, or knows with other content. Facts: `place`."""

    code = "YZ-8038"
    zh, en = "归档文件 {place} 与台账所记不符。", "archive {place} is not what the ledger says was archived."
    zh_next, en_next = (
        "若归档曾中断,请再运行 yizhan archive write;否则请从备份中找回。",
        "If archiving was interrupted, run yizhan archive write again; else restore it from a backup.",
    )


class ArchiveMissing(Refuse):
    """The ledger says that it was archived, nothing that it was purged, and it is not there. Facts: `seq`, `month`."""

    code = "YZ-8039"
    zh, en = (
        "台账第 {seq} 行所记 {month} 的归档文件不存在。",
        "the archive of {month}, of ledger line {seq}, is not there.",
    )
    zh_next, en_next = "请从备份或其他副本中找回。", "Restore it from a backup or another copy."


class RetentionTooShort(Refuse):
    """Something may not be purged yet. Facts: `asked`, `allowed` (days), `kind_zh`, `kind_en`."""

    code = "YZ-8040"
    exit_code = 1
    zh, en = (
        "拒绝清除 {asked} 之前的{kind_zh}:最早只能清除 {allowed} 之前的。",
        "refused to purge {kind_en} of before {asked}: only those of before {allowed} may be purged.",
    )
    zh_next, en_next = (
        "网络日志留存不少于六个月(网络安全法第二十一条),提供记录不少于三年;站点的期限见 site.yaml 的 retention。",
        "Logs are kept six months (Cybersecurity Law, Art. 21), records three years; see retention in site.yaml.",
    )


class BackupOccupied(Refuse):
    """The target holds something. Facts: `path`."""

    code = "YZ-8050"
    exit_code = 2
    zh, en = "目标目录不是空的:{path}。", "the directory is not empty: {path}."
    zh_next, en_next = (
        "请另指一个空的或不存在的目录;恢复前目录中只可先放私钥和口令文件,不放证书。",
        "Name an empty or a new one; before a restore it may hold private keys and secrets, but no certificates.",
    )


class BackupUnsettled(Retry):
    """Files kept moving while they were listed. Facts: `path`."""

    code = "YZ-8051"
    zh, en = "备份时 {path} 中的文件一直在变动。", "files below {path} kept moving while they were being backed up."
    zh_next, en_next = "请稍后再试。", "Try again later."


class BackupDamaged(Refuse):
    """A backup is not what was backed up. Facts: `file`."""

    code = "YZ-8052"
    zh, en = (
        "备份中的 {file} 缺失、多余或与清单不符。",
        "{file} of the backup is missing, foreign, or not what its manifest lists.",
    )
    zh_next, en_next = "请改用另一份备份。", "Use another backup."


class BackupProgramFailed(Retry):
    """pg_dump or pg_restore failed. Facts: `program`, `reason_zh`, `reason_en`; never what it wrote."""

    code = "YZ-8053"
    zh, en = "{program} 未能完成:{reason_zh}。", "{program} did not succeed: {reason_en}."
    zh_next, en_next = (
        "请核对程序版本(不低于服务器)、连接、账号与磁盘空间后重试。",
        "Check its version (not older than the server's), the connection, the account and the disk, then try again.",
    )


class BackupDatabaseOccupied(Refuse):
    """A restore needs an empty database. Facts: `database`."""

    code = "YZ-8054"
    exit_code = 2
    zh, en = (
        "数据库 {database} 不是空的,不能恢复到其中。",
        "database {database} is not empty: nothing is restored into it.",
    )
    zh_next, en_next = (
        "请新建一个空数据库,并在站点文件的 warehouse 中写明。",
        "Make an empty one and name it under warehouse in the site file.",
    )


class BackupKeysSealed(Refuse):
    """Private keys of a backup do not open. Facts: `reference`."""

    code = "YZ-8055"
    exit_code = 2
    zh, en = (
        "备份中的私钥不能用 {reference} 的口令打开。",
        "the private keys of the backup do not open with the passphrase of {reference}.",
    )
    zh_next, en_next = (
        "请核对口令;不带 --with-keys 的备份没有私钥。",
        "Check the passphrase; a backup made without --with-keys holds no keys.",
    )


class PayloadAway(Refuse):
    """A batch cannot be sent again: its payload was purged. Facts: `batch`."""

    code = "YZ-8056"
    zh, en = (
        "批次 {batch} 的数据已按期清除,不能再次送达。",
        "batch {batch} cannot be sent again: its payload was purged.",
    )
    zh_next, en_next = (
        "请从该月归档中取出 payload 放回其目录后再试。",
        "Take its payload out of that month's archive into its directory, then try again.",
    )


# --- 807x  problem books ---------------------------------------------------------------------------------------------


class ProblemBookDamaged(Refuse):
    """A file below problems/ does not read as it was written. Facts: `path`."""

    code = "YZ-8070"
    zh, en = "读取问题数据失败:{path} 已损坏。", "cannot read the problem book {path}: it is damaged."
    zh_next, en_next = (
        "请把该文件移出 problems 目录后重试;已送达的数据不受影响,但不能再与该版比对整改情况。",
        "Move that file out of problems/ and try again: what was delivered stays as it is, but nothing can be compared "
        "with that revision any more.",
    )


class BookUnknown(Refuse):
    """There is no problem book of a revision. Facts: `feed`, `period`, `revision`, `newest` (`-` for none)."""

    code = "YZ-8071"
    exit_code = 2
    zh, en = (
        "{feed} {period} 没有第 {revision} 版的问题数据;最新为 {newest}。",
        "{feed} {period} has no problem book of revision {revision}; the newest is {newest}.",
    )
    zh_next, en_next = "请核对数据期和版次。", "Check the period and the revision."


# --- 812x  exporter --------------------------------------------------------------------------------------------------


class CalendarUnknown(Refuse):
    """A notice, never raised: a deadline needs a year whose working days nobody knows. Facts: `year`."""

    code = "YZ-8100"
    zh, en = "{year} 年的工作日安排未知,时限未作顺延。", "the working days of {year} are not known: no deadline shifts."
    zh_next, en_next = (
        "国务院办公厅通知发布后,请在目录的 working_days 下写入该年安排。",
        "Once the State Council's notice is out, enter the year in the catalogue, under working_days.",
    )


class CalendarEnding(Refuse):
    """A notice, never raised: the known working days end soon. Facts: `until` (a day), `year`, `rules`."""

    code = "YZ-8101"
    zh = "工作日安排只到 {until},以下时限规则需要 {year} 年的安排:{rules}。"
    en = "the working days are known until {until}; these due rules need those of {year}: {rules}."
    zh_next, en_next = (
        "请更新 chinesecalendar 软件包,或在目录的 working_days 下写入 {year} 年安排。",
        "Update the package chinesecalendar, or enter {year} in the catalogue, under working_days.",
    )


class WaiverStands(Refuse):
    """Another decision about a period is in force. Facts: `feed`, `period`, `number`."""

    code = "YZ-8102"
    zh = "未登记:{feed} {period} 已有免报或延期决定 {number}。"
    en = "not entered: {number} already exempts or extends {feed} {period}."
    zh_next, en_next = (
        "如须改变,请先撤销:yizhan waiver withdraw。",
        "To change it, take it back first: yizhan waiver withdraw",
    )


class WaiverUnknown(Refuse):
    """Facts: `feed`, `period`, `number`."""

    code = "YZ-8103"
    zh = "未撤销:{feed} {period} 没有有效的免报或延期决定 {number}。"
    en = "nothing withdrawn: no exemption or extension {number} of {feed} {period} is in force."
    zh_next, en_next = "请用 yizhan waiver list 查看。", "Look it up with: yizhan waiver list"


class ExtensionTooShort(Refuse):
    """An extension that ends no later than the rule's own due.

    Facts: `feed`, `period`, `until`, `due` (both as people write them, Beijing time).
    """

    code = "YZ-8104"
    zh = "未登记延期:{feed} {period} 按规则应报至 {due},延期至 {until} 并不更晚。"
    en = "no extension entered: {feed} {period} is due at {due} by its rule, and {until} is no later."
    zh_next, en_next = "请用 --until 写更晚的时刻。", "Give a later moment with --until."


class PeriodNotOwed(Refuse):
    """Facts: `feed`, `period`, `starts`, `cadence_zh`, `cadence_en`."""

    code = "YZ-8105"
    exit_code = 2
    zh = "{period} 不是 {feed} 应报的数据期(周期:{cadence_zh},自 {starts} 起报)。"
    en = "{period} is no period that {feed} owes ({cadence_en}, from {starts} on)."
    zh_next, en_next = (
        "请用 yizhan catalogue show {feed} 查看周期与起报期。",
        "See its rhythm and first period with: yizhan catalogue show {feed}",
    )


class NotEventDriven(Refuse):
    """Facts: `feed`, `cadence_zh`, `cadence_en`."""

    code = "YZ-8106"
    exit_code = 2
    zh = "{feed} 按周期报送({cadence_zh}),不登记事件。"
    en = "{feed} is owed in a rhythm ({cadence_en}), not by events."
    zh_next, en_next = (
        "事件只用于时限规则为 cadence: event 的归集事项。",
        "Events are for feeds whose due rule has cadence: event.",
    )


class EventToCome(Refuse):
    """An event cannot be entered before it happens. Facts: `feed`, `at`."""

    code = "YZ-8107"
    exit_code = 2
    zh, en = "未登记:{feed} 的事件 {at} 尚未发生。", "not entered: the event {at} of {feed} is still to come."
    zh_next, en_next = "请核对 --at(北京时间)。", "Check --at (Beijing time)."


class WaiverSpanInvalid(Refuse):
    """`--to` lies before `--period`, or names a span of events. Facts: `feed`, `first`, `last`."""

    code = "YZ-8108"
    exit_code = 2
    zh, en = "{feed} 的数据期范围无效:{first} 至 {last}。", "{first} to {last} is no span of periods of {feed}."
    zh_next, en_next = (
        "--to 不得早于 --period;事件驱动的事项请逐个登记。",
        "--to must not lie before --period; of an event-driven feed name each event.",
    )


class EventUnknown(Refuse):
    """A decision about an event that nobody entered. Facts: `feed`, `period`."""

    code = "YZ-8109"
    exit_code = 2
    zh, en = "未登记:{feed} 没有登记过事件 {period}。", "nothing entered: {feed} has no event {period}."
    zh_next, en_next = (
        "请核对 --period;确有其事的,先登记:yizhan event {feed} --at …",
        "Check --period; if it did happen, enter it first: yizhan event {feed} --at …",
    )


class ExporterExposed(Refuse):
    """Metrics would be served to the network without mutual TLS. Facts: `address`."""

    code = "YZ-8120"
    exit_code = 2
    zh, en = (
        "拒绝在 {address} 上提供指标:本机以外的地址须有双向 TLS。",
        "refused to serve metrics at {address}: an address beyond this machine needs mutual TLS.",
    )
    zh_next, en_next = (
        "请同时给出 --tls-certificate、--tls-key 和 --client-ca,或改用 127.0.0.1。",
        "Give --tls-certificate, --tls-key and --client-ca together, or use 127.0.0.1.",
    )


class ListenInvalid(Refuse):
    """Facts: `text`."""

    code = "YZ-8121"
    exit_code = 2
    zh, en = "监听地址写法不对:{text}。", "not an address to listen at: {text}."
    zh_next, en_next = (
        "请写作 127.0.0.1:9464 或 [::1]:9464;端口 0 为任一空闲端口。",
        "Write it as 127.0.0.1:9464 or [::1]:9464; port 0 takes a free one.",
    )


class ListenFailed(Retry):
    """Facts: `address`, `errno` (symbolic, such as EADDRINUSE)."""

    code = "YZ-8122"
    zh, en = "不能在 {address} 上监听({errno})。", "cannot listen at {address} ({errno})."
    zh_next, en_next = (
        "请确认该地址属于本机、端口空闲后重试。",
        "See that the address is this machine's and the port is free, then try again.",
    )


class SourceSlow(Retry):
    """A collector of the exporter did not answer in time, and is not asked again before it does. Facts: `source`,
    `seconds`.
    """

    code = "YZ-8123"
    zh, en = "读取 {source} 超过 {seconds} 秒。", "reading {source} took longer than {seconds} seconds."
    zh_next, en_next = (
        "请检查数据库是否被锁、磁盘与网络是否正常;恢复后指标自行恢复。",
        "See whether the database is locked and disk and network are well; the metrics come back by themselves.",
    )


class StoreAbsent(Retry):
    """A file that others write, and that is only read here, is not there. Facts: `file`."""

    code = "YZ-8124"
    zh, en = "{file} 不存在或不可读。", "{file} is not there or cannot be read."
    zh_next, en_next = (
        "请先在本站点运行一次 yizhan serve 或 yizhan run;若已运行过,请核对站点目录和文件权限。",
        "Run yizhan serve or yizhan run at this site first; if it ran before, check the site directory and the rights.",
    )


class StoreUnprepared(Retry):
    """A database file that is only read here has not been opened by this version yet. Facts: `file`, `schema`."""

    code = "YZ-8126"
    zh, en = (
        "{file} 中的 {schema} 尚不是本版本的结构,而这里只读不改。",
        "{schema} in {file} is not yet as this version needs it, and it is only read here.",
    )
    zh_next, en_next = (
        "请以本版本在本站点运行一次 yizhan serve 或 yizhan run。",
        "Run yizhan serve or yizhan run of this version at this site once.",
    )


class ExporterTlsUnusable(Refuse):
    """A file that the exporter was given for TLS. Facts: `path`, `reason_zh`, `reason_en` (fixed words of ours)."""

    code = "YZ-8125"
    exit_code = 2
    zh, en = "不能以 {path} 建立 TLS:{reason_zh}。", "{path} cannot be used for TLS: {reason_en}."
    zh_next, en_next = (
        "请核对 --tls-certificate、--tls-key 和 --client-ca 所指的 PEM 文件。",
        "Check the PEM files that --tls-certificate, --tls-key and --client-ca name.",
    )


# --- 813x  bulletins -------------------------------------------------------------------------------------------------


class BulletinTooEarly(Refuse):
    """A bulletin is issued when nothing can come in time any more. Facts: `period`, `open`: how many still can."""

    code = "YZ-8130"
    zh, en = (
        "{period} 的通报尚不能发布:该期未结束,或仍有 {open} 期未到应报时限。",
        "the bulletin of {period} cannot be issued yet: it is not over, or {open} of its obligations can still be met.",
    )
    zh_next, en_next = (
        "请待全部应报时限过后再发布;现在可不带 --issue 预览。",
        "Issue it once the last due has passed; without --issue it is previewed.",
    )


class BulletinIssued(Refuse):
    """A bulletin is issued once. Facts: `period`."""

    code = "YZ-8131"
    zh, en = "{period} 的通报已经发布。", "the bulletin of {period} was issued before."
    zh_next, en_next = (
        "数据有变化的,请用 --correct --reason 发布更正通报。",
        "If figures have changed, issue a correction notice: --correct --reason.",
    )


class BulletinNotIssued(Refuse):
    """There is nothing to correct or to show. Facts: `period`."""

    code = "YZ-8132"
    zh, en = "{period} 没有这一号通报。", "there is no such issue of the bulletin of {period}."
    zh_next, en_next = (
        "尚未发布的,请先用 --issue 发布;已发布的见不带 --number 的命令。",
        "If it was not issued yet, issue it with --issue; without --number the newest issue is shown.",
    )


class BulletinUnchanged(Refuse):
    """A correction notice that would correct nothing. Facts: `period`."""

    code = "YZ-8133"
    zh, en = (
        "{period} 的通报与现在的数据一致,没有可更正的内容。",
        "the bulletin of {period} says what is so: nothing to correct.",
    )
    zh_next, en_next = (
        "无需更正;仍未报送的延迟天数逐日增加,不算更正。",
        "Nothing to do; that what is missing is later every day is no correction.",
    )


class BulletinPeriodInvalid(Refuse):
    """Facts: `period`."""

    code = "YZ-8134"
    exit_code = 2
    zh, en = "不能按事件 {period} 通报。", "a bulletin is not about an event: {period}."
    zh_next, en_next = (
        "通报期请写日、周、月、季、半年或年,如 2026-10、2026Q3。",
        "Name a day, week, month, quarter, half-year or year, as in 2026-10 or 2026Q3.",
    )


class BulletinUnwritten(Refuse):
    """It was issued, and then its file could not be written. Facts: `period`, `path`."""

    code = "YZ-8135"
    exit_code = 2
    zh = "{period} 的通报已经发布并入台账,但写文件失败:{path}。"
    en = "the bulletin of {period} has been issued and is in the ledger; the file {path} could not be written."
    zh_next, en_next = (
        "不要再次发布;排除原因后另写文件:yizhan bulletin {period} --out 文件(不带 --issue、--correct)。",
        "Do not issue it again. Write the file anew: yizhan bulletin {period} --out FILE, without --issue, --correct.",
    )


class DunnerMissing(Refuse):
    """Nobody who may answers for a dunning notice. Facts: `person`, `party`, `possible_zh`, `possible_en`."""

    code = "YZ-8136"
    exit_code = 2
    zh, en = "{party} 的催报不能由 {person} 负责。", "{person} cannot answer for a dunning notice of {party}."
    zh_next, en_next = "请以 --by 写明由谁负责,可为:{possible_zh}。", "Say with --by who does: {possible_en}."


# instructions and the office interface


class InstructionExpired(Retry):
    """Nobody fetched it, or whoever did never began. Facts: `number`, `expires_at` (ISO 8601)."""

    code = "YZ-8150"
    zh, en = (
        "指令 {number} 至 {expires_at} 无前置机执行,已失效。",
        "instruction {number} expired at {expires_at}: no front-end had begun it.",
    )
    zh_next, en_next = (
        "请确认该部门前置机的 yizhan agent 在运行且能连到中心,再重新下达。",
        "See that yizhan agent runs at the department's front-end and reaches the centre; then instruct again.",
    )


class InstructionWithdrawn(Refuse):
    """Facts: `number`, `by`."""

    code = "YZ-8151"
    status = 409
    zh, en = "指令 {number} 已由 {by} 撤回。", "instruction {number} was withdrawn by {by}."
    zh_next, en_next = "如仍需执行,请重新下达。", "Instruct again if it is still wanted."


class InstructionUnderWay(Refuse):
    """It was fetched, or has ended. Facts: `number`, `state`."""

    code = "YZ-8152"
    status = 409
    zh, en = "不能撤回指令 {number}:其状态为 {state}。", "instruction {number} cannot be withdrawn: it is {state}."
    zh_next, en_next = (
        "只有前置机尚未取走的指令可以撤回;请等其结束:yizhan instruct show {number}。",
        "Only what no front-end has fetched can be withdrawn; wait for its end: yizhan instruct show {number}.",
    )


class RequestTaken(Refuse):
    """The same idempotency key with something else. Facts: `request`, `number`."""

    code = "YZ-8153"
    status = 409
    zh = "请求标识 {request} 已用于内容不同的指令 {number}。"
    en = "request {request} was used for instruction {number}, which says something else."
    zh_next, en_next = "不同的指令请用不同的请求标识。", "Give each instruction a request key of its own."


class InstructionNotHere(Refuse):
    """Facts: `feed`, `centre` (this one), `first` (to which its front-end reports)."""

    code = "YZ-8154"
    zh = "不能下达指令:{feed} 的前置机向中心 {first} 报送,不向 {centre}。"
    en = "cannot instruct: the front-end of {feed} reports to {first}, not to {centre}."
    zh_next, en_next = "请在中心 {first} 下达。", "Instruct at {first}."


class InstructionsTooMany(Retry):
    """Facts: `department`, `limit`."""

    code = "YZ-8155"
    zh = "不能下达指令:{department} 已有 {limit} 份未办结。"
    en = "cannot instruct: {limit} instructions of {department} are open."
    zh_next, en_next = (
        "请先看该部门前置机是否在岗:yizhan status;办结后再下达。",
        "See first whether its front-end is there: yizhan status; instruct again when some have ended.",
    )


class OfficeTokenWeak(Refuse):
    """Facts: `least` (characters)."""

    code = "YZ-8156"
    exit_code = 2
    zh, en = "办公接口令牌不足 {least} 个字符。", "the token of the office interface has fewer than {least} characters."
    zh_next, en_next = (
        "请生成一个:openssl rand -hex 32 > secrets/office。",
        "Make one: openssl rand -hex 32 > secrets/office.",
    )


class BatchUnknownHere(Refuse):
    """Facts: `digest`."""

    code = "YZ-8157"
    status = 404
    zh, en = "台账中没有批次 {digest}。", "the ledger knows no batch {digest}."
    zh_next, en_next = "请核对摘要:yizhan ledger list。", "Compare the digest: yizhan ledger list."


class InstructionDamaged(Refuse):
    """Its row in the centre's database cannot be read, or is gone. Facts: `number`."""

    code = "YZ-8158"
    status = 410
    zh = "指令 {number} 在中心库中的记录已损坏或缺失,不再下达。"
    en = "instruction {number}: its row in the centre's database is damaged or gone; it is given up."
    zh_next, en_next = (
        "如仍需执行请重新下达;并查明何以损坏:yizhan fsck。批次是否已到以台账为准:yizhan ledger list。",
        "Instruct again if it is still wanted, and find out what damaged it: yizhan fsck. The ledger says whether its "
        "batch came: yizhan ledger list.",
    )


# --- 818x  runs planned elsewhere (Airflow) --------------------------------------------------------------------------


class CompiledInvalid(Refuse):
    """The compiled catalogue is not one, or of another version."""

    code = "YZ-8180"
    exit_code = 2
    zh, en = (
        "读取编译后的目录失败:内容不完整或版本不同。",
        "cannot read the compiled catalogue: cut short, or of another version.",
    )
    zh_next, en_next = (
        "请重新运行 yizhan catalogue compile --out 文件。",
        "Run again: yizhan catalogue compile --out FILE",
    )


class CompiledKept(Refuse):
    """Feeds that do not hold, so that their last good entry stays. Facts: `kept`, `lost` (ids, or `-`)."""

    code = "YZ-8181"
    zh, en = (
        "目录有误:沿用上次内容的事项:{kept};从无可用内容的:{lost}。其余事项已写入。",
        "the catalogue has faults: as they were before: {kept}; never good so far: {lost}. The others are written.",
    )
    zh_next, en_next = (
        "请改正以上各条后重新运行;沿用期间各事项照旧运行。",
        "Correct the faults above and run it again; until then these feeds run as before.",
    )


class OfficeUnreachable(Retry):
    """The office interface does not answer, or answers nonsense. Facts: `url` (without the token), `status`."""

    code = "YZ-8182"
    zh, en = "办公接口没有应答:{url}({status})。", "the office interface does not answer: {url} ({status})."
    zh_next, en_next = (
        "稍后自动重试;请核对中心是否在运行、office 是否已配置。",
        "It will be tried again; check that the centre runs and has office: configured.",
    )


class OfficeDenied(Refuse):
    """The office interface does not accept the token. Facts: `url`."""

    code = "YZ-8183"
    zh, en = "办公接口拒绝了令牌:{url}。", "the office interface refused the token: {url}."
    zh_next, en_next = (
        "请核对 YIZHAN_OFFICE_TOKEN_FILE 所指文件与中心 site.yaml 的 office.token 是否一致。",
        "Check that the file YIZHAN_OFFICE_TOKEN_FILE names holds what office.token of the centre's site.yaml does.",
    )


class DigestReplaced(Refuse):
    """What was reviewed is no longer what is held. Facts: `feed`, `period`, `reviewed`, `held` (digests, shortened)."""

    code = "YZ-8184"
    zh, en = (
        "{feed} {period}:审核的是 {reviewed}…,现为 {held}…。",
        "{feed} {period}: {reviewed}... was reviewed, and {held}... is there now.",
    )
    zh_next, en_next = (
        "请清除本次运行的 review 任务,对现有内容重新审核。",
        "Clear the task review of this run, and review what is there now.",
    )


class ReviewerWrong(Refuse):
    """Somebody released who may not. Facts: `feed`, `user`."""

    code = "YZ-8185"
    zh, en = "{feed}:{user} 不是本部门的审核人。", "{feed}: {user} is no reviewer of the department."
    zh_next, en_next = (
        "请由目录中有 review 职责的人员以本人账号(部门.工号)审核。",
        "Have it reviewed by somebody with the duty review, under their own user (department.staff number).",
    )


class NotReconciled(Refuse):
    """Sent is not loaded, set aside and repeated together. Facts: `feed`, `period`, `state`."""

    code = "YZ-8186"
    zh, en = "{feed} {period} 未平账:{state}。", "{feed} {period} is not reconciled: {state}."
    zh_next, en_next = (
        "请在中心查看 yizhan status 与 yizhan problems {feed} --period {period}。",
        "At the centre see yizhan status, and yizhan problems {feed} --period {period}.",
    )


class RunPeriodUnknown(Refuse):
    """A run that says no period. Facts: `dag`."""

    code = "YZ-8187"
    zh, en = "{dag} 的本次运行没有数据期。", "this run of {dag} has no period."
    zh_next, en_next = (
        "请给出逻辑日期(数据期的首日零时,北京时间;事件为其时刻),或使用更正表单。",
        "Give a logical date (00:00 Beijing time of its first day; an event's minute), or use the correction form.",
    )


class ReviewRejected(Refuse):
    """The reviewer did not release. Facts: `feed`, `period`, `user`."""

    code = "YZ-8188"
    zh, en = "{feed} {period}:{user} 审核未通过。", "{feed} {period}: {user} did not release it."
    zh_next, en_next = (
        "该批仍留存于前置机;请部门处理后清除本次运行重新采集。",
        "It stays held at the front-end; have the department correct it, then clear the run to collect again.",
    )


class InstructionEnded(Refuse):
    """An instruction that will not be carried out. Facts: `number`, `state`."""

    code = "YZ-8189"
    zh, en = "指令 {number} 未执行:{state}。", "instruction {number} was not carried out: {state}."
    zh_next, en_next = (
        "请核对该部门前置机的代理(yizhan agent)是否在运行,再清除任务重发。",
        "Check that the agent of that department's front-end runs (yizhan agent), then clear the task.",
    )


class RunStepMissing(Refuse):
    """A task before this one has no result: it was marked as successful by hand. Facts: `task`."""

    code = "YZ-8190"
    zh, en = (
        "本次运行的任务 {task} 没有结果:它被人工标记为成功,并未执行。",
        "the task {task} of this run has no result: it was marked as successful by hand, and did nothing.",
    )
    zh_next, en_next = (
        "请清除任务 {task} 及其下游,使其执行;是否已送达以中心台账为准:yizhan status。",
        "Clear the task {task} and what follows it, so that it runs. What was delivered, yizhan status at the centre"
        " says.",
    )


class ReviewUnverified(Refuse):
    """A release without access to Airflow's own record of the answer. Facts: `feed`."""

    code = "YZ-8191"
    zh, en = (
        "{feed}:无法核对是谁审核放行,不予放行。",
        "{feed}: it cannot be seen who released it, and it is not released.",
    )
    zh_next, en_next = (
        "请为 Airflow 各组件设置 YIZHAN_AIRFLOW_URL、YIZHAN_AIRFLOW_USER、YIZHAN_AIRFLOW_PASSWORD_FILE(只读用户),"
        "再清除 release。",
        "Set YIZHAN_AIRFLOW_URL, YIZHAN_AIRFLOW_USER and YIZHAN_AIRFLOW_PASSWORD_FILE (a user who may only look) for"
        " Airflow's components, then clear the task release.",
    )


class BackfillUnsupported(Refuse):
    """A period that an increment never had, while later ones have been read. Facts: `feed`, `period`."""

    code = "YZ-8192"
    zh, en = (
        "{feed} 按增量报送,来源只给出尚未取走的数据,不能回填从未采集过的 {period}。",
        "{feed} reports increments: its source gives what was not taken yet, so {period}, never collected, cannot be"
        " backfilled.",
    )
    zh_next, en_next = (
        "该期数据已在其后各期之中;确需单独补报的,请部门在前置机办理:yizhan run --from-start。",
        "Its rows are in the periods after it; where it has to be reported by itself, the department does so at its"
        " front-end: yizhan run --from-start.",
    )


# --- 820x  health checks, and the proxy that ends TLS ----------------------------------------------------------------


class HealthAnswerUnsound(Refuse):
    """What came back to a health check is not the signed answer of that centre to that challenge; nothing is sealed."""

    code = "YZ-8200"
    zh, en = (
        "中心的健康应答无效:不是该中心对本次询问的签名应答。",
        "the answer to the health check does not hold: it is not that centre's signed answer to this challenge.",
    )
    zh_next, en_next = (
        "请核对中心地址、中间代理,以及中心的 keys/sign.crt 是否有效。",
        "Check the centre's address, any proxy between, and whether the centre's keys/sign.crt holds.",
    )


class NothingToAsk(Refuse):
    """A front-end that sends to no centre. Facts: `department`."""

    code = "YZ-8201"
    zh, en = (
        "无法检查:部门 {department} 没有归集事项,无中心可问。",
        "nothing to check: department {department} has no feed, so there is no centre to ask.",
    )
    zh_next, en_next = (
        "请核对 site.yaml 的 department 与目录中的归集事项。",
        "Check department in site.yaml, and the feeds of the catalogue.",
    )


class ProxySilent(Refuse):
    """A request over the proxy's own connection that does not say, or not clearly, whose it is."""

    code = "YZ-8202"
    status = 401
    zh, en = (
        "拒绝请求:代理没有转交前置机的证书,或证书读不出。",
        "refused: the proxy handed on no client certificate, or not one that can be read.",
    )
    zh_next, en_next = (
        "请按 docker/edge.conf 核对 nginx 的 proxy_set_header Yizhan-Client-Certificate。",
        "Compare nginx's proxy_set_header Yizhan-Client-Certificate with docker/edge.conf.",
    )


class HeaderForged(Refuse):
    """A certificate in a header, over a connection that is not the proxy's. Facts: `presented` (whose connection)."""

    code = "YZ-8203"
    status = 401
    zh, en = (
        "拒绝请求:{presented} 不是本中心的代理,不得转交他人证书。",
        "refused: {presented} is no proxy of this centre and may not hand on a certificate.",
    )
    zh_next, en_next = (
        "前置机不得发送 Yizhan-Client-Certificate;如确为代理,请核对 site.yaml 的 proxy.certificates。",
        "Front-ends do not send Yizhan-Client-Certificate; if it is the proxy, check proxy.certificates in site.yaml.",
    )
