"""The `source:` block of a SOAP service. Must stay importable without zeep, lxml and xmlsec."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.contract import AdapterConfig, SecretRef, config_error
from adapters.soap.styles import CursorStyle, ElementPath, Paging

Names = Annotated[tuple[str, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)]


class Signature(BaseModel):
    """WS-Security X.509: what we send is signed (body, timestamp and user name token).

    Attributes:
        key, passphrase: our private key, PEM, and what opens it.
        certificate: our certificate, a PEM file relative to the site.
        shown_as: where the certificate stands: `token` (BinarySecurityToken, what most services expect) or `data`
            (X509Data within the key's reference).
        algorithm: of the signature and its digests; `sha1` only for a service that knows no other.
        replies: the service's own certificate, a PEM file relative to the site: every answer has to be signed with it.
            Absent: answers need no signature, and none is looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    key: SecretRef
    passphrase: SecretRef | None = None
    certificate: str
    shown_as: Literal["token", "data"] = "token"
    algorithm: Literal["sha256", "sha1"] = "sha256"
    replies: str | None = None


class Status(BaseModel):
    """The service's own word for success, which many send with HTTP 200 whatever happened.

    Attributes:
        at: path of the element that holds it. An answer without it is refused.
        good: what it says when all is well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    at: ElementPath
    good: Annotated[Names, Field(min_length=1)]


class SoapConfig(AdapterConfig):
    """Which operation of which service is asked, how, and where the rows stand in its answer.

    Attributes:
        wsdl: address of the service description. Nothing is fetched from any host but its own and `schema_hosts`;
            the common schemas of the W3C and of SOAP itself come with this package.
        schema_hosts: other hosts from which the schemas may be fetched that the description imports.
        endpoint: where the service really answers, when the address inside its WSDL is not reachable from here.
        login: how the account is shown: a WS-Security UsernameToken with the password's text or digest, or HTTP Basic.
        user, password: the account, and a reference to its password.
        ca_file: PEM certificates to trust for https, relative to the site; absent: the system's.
        client_certificate, client_key, client_passphrase: ours for https, a PEM file relative to the site, its key
            and what opens it.
        signature: WS-Security X.509; may stand beside any `login`.
        operation, params: what is called, with `{period} {yyyymm} {yyyy} {mm} {q}` put into the values.
        paging: how the service gives its rows out; pages with numbers where no `style` is named.
        encoding: what the answers' bytes really are, whatever they say of themselves; absent: what their XML says.
        embedded: path of the element whose text is an XML document with the rows in it. All other paths are then
            below, and begin with, that document's root.
        rows: path of one row's element inside the SOAP body, local names: `QueryResponse/list/item`. A row's
            children are its fields, named by each field's `source`.
        total: path of the element with the number of all rows (of one range's, in that style); absent: it is not said.
        status: where an answer says whether all went well; without it, an error in an answer looks like no rows.
        idle_seconds: the longest silence on the wire; the feed's own time limit holds for the whole.
        page_bytes: the largest answer accepted for one page.
    """

    connection_keys: ClassVar[frozenset[str]] = frozenset(
        {
            "wsdl", "endpoint", "schema_hosts", "login", "user", "password", "ca_file", "signature",
            "client_certificate", "client_key", "client_passphrase",
        }
    )  # fmt: skip

    adapter: Literal["soap"]
    wsdl: str
    endpoint: str | None = None
    schema_hosts: Names = ()
    login: Literal["none", "basic", "token_text", "token_digest"] = "none"
    user: str | None = None
    password: SecretRef | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: SecretRef | None = None
    client_passphrase: SecretRef | None = None
    signature: Signature | None = None

    operation: str
    params: dict[str, str] = Field(default_factory=dict)
    paging: Paging
    encoding: Literal["utf-8", "gb18030", "gbk", "gb2312"] | None = None
    embedded: ElementPath | None = None
    rows: ElementPath
    total: ElementPath | None = None
    status: Status | None = None
    idle_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    page_bytes: Annotated[int, Field(ge=1024, le=1 << 28)] = 64 << 20

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
        if (self.client_certificate is None) != (self.client_key is None):
            zh, en = "client_certificate 和 client_key 应同时给出", "client_certificate and client_key go together"
            raise config_error("no_credentials", zh, en)
        return self

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.embedded is not None and "/" not in self.rows:
            zh, en = (
                "内嵌文档的 rows 路径应从其根元素写起",
                "rows in an embedded document: the path begins with its root",
            )
            raise config_error("path", zh, en)
        if self.total is not None and isinstance(self.paging, CursorStyle) and self.paging.ends == "no_rows":
            zh, en = (
                "长期有效的游标不能与 total 并用",
                "a cursor that lasts goes without total: of which rows would it be?",
            )
            raise config_error("path", zh, en)
        return self
