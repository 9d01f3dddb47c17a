"""`yizhan exporter`: what this node knows, for Prometheus."""

from __future__ import annotations

import logging
import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.shell import Shell
from monitoring.exporter.listening import Listen, MutualTls
from monitoring.exporter.running import Options, run
from monitoring.exporter.watch import Watch

_LENGTH = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TLS = "--tls-certificate, --tls-key, --client-ca"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("exporter", help="为 Prometheus 提供指标(只读) / metrics for Prometheus; only reads")(exporter)


def exporter(
    context: typer.Context,
    listen: Annotated[str, typer.Option(help="监听地址 / where to listen")] = "127.0.0.1:9464",
    verify_every: Annotated[
        str, typer.Option(metavar="24h", help="多久在后台核验一次全部台账 / how often to verify the whole ledger")
    ] = "24h",
    tls_certificate: Annotated[Path | None, typer.Option(help="TLS 证书,PEM / the exporter's certificate")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="其私钥,PEM,无口令 / its key, without a passphrase")] = None,
    client_ca: Annotated[
        Path | None, typer.Option(help="可读取者的 CA,PEM / the authority of those who may read")
    ] = None,
) -> None:
    """Serve /metrics until SIGTERM or SIGINT; beyond this machine only with all three TLS options."""
    shell: Shell = context.obj
    options = Options(
        listen=Listen.parse(listen),
        tls=_mutual_tls(tls_certificate, tls_key, client_ca),
        verify_every=_length(verify_every),
    )
    scheme = "https" if options.tls else "http"

    def ready(taken: Listen) -> None:
        shell.remark(f"指标已就绪:{scheme}://{taken}/metrics", f"metrics ready: {scheme}://{taken}/metrics")

    run(Watch(shell.site_dir(), os.environ), options, _log(), shell.lang, ready)


def _mutual_tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> MutualTls | None:
    if certificate and key and client_ca:
        return MutualTls(certificate=certificate, key=key, client_ca=client_ca)
    if certificate or key or client_ca:
        raise typer.BadParameter("三项须同时给出 / give all three of them", param_hint=_TLS)
    return None


def _length(text: str) -> timedelta:
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text}: 90s, 30m, 24h, 7d", param_hint="--verify-every")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _log() -> logging.Logger:
    """To stderr, for whoever keeps the output of services; the exporter writes no file."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("yizhan.exporter")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    return log
