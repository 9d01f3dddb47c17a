"""The adapters that are installed, found by entry point; a broken one is listed with its error and stops nobody.

Owns the group `yizhan.adapters`. Must never import a driver: whether one is there is found out without loading it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Self

from adapters.contract import Adapter, AdapterConfig, Secrets
from gateway.errors import AdapterBroken, DriverMissing, UnknownName, YizhanError

GROUP = "yizhan.adapters"
_NEEDED = ("kind", "extra", "drivers", "Config", "probe", "extract")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One installed adapter.

    Attributes:
        adapter: its class; None when the plugin could not be loaded.
        error: why it cannot be used now (not loaded, or its driver is missing); None when it can.
    """

    name: str
    version: str
    distribution: str
    extra: str
    error: YizhanError | None
    adapter: type[Adapter] | None = field(repr=False)

    @property
    def available(self) -> bool:
        return self.error is None


@dataclass(frozen=True, kw_only=True)
class Registry:
    """All adapters of this environment, by name."""

    entries: tuple[Entry, ...]

    @classmethod
    def installed(cls) -> Self:
        return cls.of(entry_points(group=GROUP))

    @classmethod
    def of(cls, points: Iterable[EntryPoint]) -> Self:
        return cls(entries=tuple(sorted(map(_entry, points), key=lambda entry: (entry.name, entry.distribution))))

    def configs(self) -> Mapping[str, type[AdapterConfig]]:
        """What the catalogue validates each feed's `source:` with; a missing driver does not matter for that."""
        return {entry.name: entry.adapter.Config for entry in self.entries if entry.adapter is not None}

    def adapter(self, config: AdapterConfig, secrets: Secrets) -> Adapter:
        """The adapter of one feed's source.

        Raises:
            UnknownName: no plugin of that name. AdapterBroken: it could not be loaded. DriverMissing.
        """
        entry = self._find(config.adapter)
        if entry.error is not None:
            raise entry.error
        if entry.adapter is None or not isinstance(config, entry.adapter.Config):
            raise _broken(config.adapter, "配置不是它的配置", "the configuration is not its own")
        return entry.adapter(config, secrets)

    def _find(self, name: str) -> Entry:
        for entry in self.entries:
            if entry.name == name:
                return entry
        near = next(iter(get_close_matches(name, [entry.name for entry in self.entries], 1)), None)
        raise UnknownName(kind_zh="适配器", kind_en="adapter", name=name, near=near)


def _entry(point: EntryPoint) -> Entry:
    adapter, error = _load(point)
    if adapter is not None:
        error = _missing_driver(adapter, point.dist.name if point.dist else "yizhan")
    return Entry(
        name=point.name,
        version=point.dist.version if point.dist else "",
        distribution=point.dist.name if point.dist else "",
        extra=adapter.extra if adapter else "",
        error=error,
        adapter=adapter,
    )


def _load(point: EntryPoint) -> tuple[type[Adapter] | None, YizhanError | None]:
    try:
        adapter = point.load()
    except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything, and must not stop the others
        kind = type(error).__name__
        return None, _broken(point.name, f"加载时出错({kind})", f"loading it raised {kind}")
    lacking = [name for name in _NEEDED if not hasattr(adapter, name)]
    if lacking or not issubclass(adapter.Config, AdapterConfig):
        what = ", ".join(lacking) or "Config"
        return None, _broken(point.name, f"不符合适配器约定,缺少 {what}", f"it does not keep the contract: {what}")
    if adapter.kind != point.name:
        return None, _broken(point.name, "名称与登记的不符", "its kind is not its entry point's name")
    return adapter, None


def _missing_driver(adapter: type[Adapter], distribution: str) -> DriverMissing | None:
    for module in adapter.drivers:
        if not _found(module):
            told = {"adapter": adapter.kind, "extra": adapter.extra, "package": module}
            return DriverMissing(distribution=distribution, **told)
    return None


def _found(module: str) -> bool:
    """Whether it is installed; importing it, which takes half a second, is left to the moment a source is opened."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _broken(name: str, zh: str, en: str) -> AdapterBroken:
    return AdapterBroken(adapter=name, reason_zh=zh, reason_en=en)
