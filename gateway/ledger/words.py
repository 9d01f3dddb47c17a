"""What people call the ledger's events. Must never decide anything: the contract is `EventKind`'s own words."""

from __future__ import annotations

from gateway.ledger.events import EventKind

EVENT_WORDS = {
    EventKind.LANDED: "已采集",
    EventKind.SEALED: "已封装",
    EventKind.UNBALANCED: "不平",
    EventKind.REFUSED: "被拒",
    EventKind.RECEIPTED: "已回执",
    EventKind.DEFERRED: "待重试",
    EventKind.BURIED: "已搁置",
    EventKind.ADMITTED: "已受理",
    EventKind.LOADED: "已入库",
    EventKind.DUPLICATE: "重复",
    EventKind.CONFLICT: "冲突",
    EventKind.RETRIED: "已重投",
    EventKind.ACKNOWLEDGED: "已回写",
    EventKind.UNACKNOWLEDGED: "回写未成",
    EventKind.HELD: "待审核",
    EventKind.RELEASED: "已放行",
    EventKind.ORDERED: "整改单",
    EventKind.RELAYED: "已接转",
    EventKind.FORWARDED: "已上送",
    EventKind.GRANTED: "已授权",
    EventKind.REVOKED: "已撤权",
    EventKind.COPIED: "已外送",
    EventKind.ARCHIVED: "已归档",
    EventKind.PURGED: "已清理",
    EventKind.BACKED_UP: "已备份",
    EventKind.RESTORED: "已恢复",
    EventKind.MIGRATED: "已升级",
    EventKind.OCCURRED: "登记事件",
    EventKind.EXEMPTED: "免报",
    EventKind.EXTENDED: "延期",
    EventKind.WITHDRAWN: "撤销免报/延期",
    EventKind.DUNNED: "已催报",
    EventKind.PUBLISHED: "已通报",
    EventKind.INSTRUCTED: "已下达",
    EventKind.CONCLUDED: "已办结",
    EventKind.CATALOGUED: "目录更新",
}
"""In Chinese; in English they are called as the ledger has them."""


def event_words(event: str) -> tuple[str, str]:
    """Chinese and English of a line's event; an event of a newer product is called as it is."""
    known = event in list(EventKind)
    return (EVENT_WORDS[EventKind(event)] if known else event), event
