"""Whom we trust over https, and who we are there. Must never leave a private key on a disk, nor ask a terminal."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from adapters.contract import Request, Secrets
from adapters.soap.config import SoapConfig
from gateway.errors import ConfigInvalid


def context(config: SoapConfig, secrets: Secrets, request: Request) -> ssl.SSLContext:
    """Raises: ConfigInvalid: a file that is not what it should be; SecretUnavailable."""
    trusted = secrets.root / Path(config.ca_file) if config.ca_file else None
    try:
        made = ssl.create_default_context(cafile=trusted)
    except (OSError, ssl.SSLError) as error:
        problem = {"problem_zh": "ca_file 不是PEM证书文件", "problem_en": "ca_file is not a file of PEM certificates"}
        raise ConfigInvalid(place=request.feed, **problem) from error
    if config.client_certificate is not None and config.client_key is not None:
        _identify(made, config, secrets, request)
    return made


def _identify(made: ssl.SSLContext, config: SoapConfig, secrets: Secrets, request: Request) -> None:
    """OpenSSL takes a key from a file only; this one is in memory and nowhere else."""
    key = secrets.read(config.client_key)
    passphrase = secrets.read(config.client_passphrase) if config.client_passphrase else ""
    held = os.memfd_create("client-key", os.MFD_CLOEXEC)
    try:
        os.write(held, key.encode())
        certificate = secrets.root / Path(config.client_certificate)
        # A passphrase is given in any case: without one OpenSSL would ask the terminal for it.
        made.load_cert_chain(certificate, f"/proc/self/fd/{held}", password=passphrase)
    except (OSError, ssl.SSLError, ValueError) as error:
        zh = "client_certificate 和 client_key 不是一对PEM证书和私钥"
        en = "client_certificate and client_key are no pair of a PEM certificate and its key"
        raise ConfigInvalid(place=request.feed, problem_zh=zh, problem_en=en) from error
    finally:
        os.close(held)
