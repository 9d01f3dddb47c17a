"""The `source:` block of a paged SOAP service. Must stay importable without zeep and lxml."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error

Names = Annotated[tuple[str, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)]
ElementPath = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)*$", max_length=500)]


class Paging(BaseModel):
    """How one page is asked for.

    Attributes:
        page, size: the names of the operation's parameters for the page's number and its length.
        rows: the length of a page.
        first: the number of the first page (some services count from 0).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    page: str
    size: str
    rows: Annotated[int, Field(ge=1, le=50_000)] = 1000
    first: Annotated[int, Field(ge=0, le=1)] = 1


class SoapConfig(AdapterConfig):
    """Which operation of which service is asked, how, and where the rows stand in its answer.

    Attributes:
        wsdl: address of the service description. Nothing is fetched from any host but its own and `schema_hosts`.
        endpoint: where the service really answers, when the address inside its WSDL is not reachable from here.
        user, password: of a WS-Security UsernameToken, or of HTTP Basic, as `login` says.
        ca_file: PEM certificates to trust for https, relative to the site; absent: the system's.
        operation, params: what is called, with `{period} {yyyymm} {yyyy} {mm} {q}` put into the values.
        rows: path of one row's element inside the SOAP body, local names: `QueryResponse/list/item`. A row's
            children are its fields, named by each field's `source`.
        total: path of the element with the number of all rows; absent: the service does not say.
        idle_seconds: the longest silence on the wire; the feed's own time limit holds for the whole.
        page_bytes: the largest answer accepted for one page.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset(
        {"wsdl", "endpoint", "schema_hosts", "login", "user", "password", "ca_file"}
    )

    adapter: Literal["soap"]
    wsdl: str
    endpoint: str | None = None
    schema_hosts: Names = ()
    login: Literal["none", "basic", "token_text", "token_digest"] = "none"
    user: str | None = None
    password: SecretRef | None = None
    ca_file: str | None = None

    operation: str
    params: dict[str, str] = Field(default_factory=dict)
    paging: Paging
    rows: ElementPath
    total: ElementPath | None = None
    idle_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    page_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 64 << 20

    @model_validator(mode="after")
    def _can_connect(self) -> Self:
        for address in filter(None, (self.wsdl, self.endpoint)):
            if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
                raise config_error(
                    "address", "wsdl 和 endpoint 应为 http(s) 地址", "wsdl and endpoint are http(s) addresses"
                )
            if "@" in urlsplit(address).netloc:
                raise config_error(
                    "secret_literal", "地址中不得写账号口令", "no account in an address: use user, password"
                )
        if self.login != "none" and (self.user is None or self.password is None):
            zh, en = "该登录方式需要 user 和 password(env:变量名 或 file:文件名)", "this login needs user and password"
            raise config_error("no_credentials", zh, en)
        return self
