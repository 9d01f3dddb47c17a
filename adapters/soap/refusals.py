"""Why an answer is not the page that was asked for. Owns the words; must never hold anything the service sent."""

from __future__ import annotations


class PageError(ValueError):
    """The answer is not a page. Facts: `zh`, `en`."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class NotSoap(PageError):
    """Something else than SOAP was sent: a web page, mostly."""


class Changing(PageError):
    """The source changed while it was being read; later it may be still."""


class SoapFault(PageError):
    """The service answered with a fault; `code` is the local part of its code (Client, Server, Sender, Receiver)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__("对方服务报错", "the service reported a fault")
