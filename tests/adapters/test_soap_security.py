"""Signatures both ways with node-soap, answers tampered with in every way, https with certificates on both sides."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from lxml import etree

from adapters.contract import Declared, Request, Secrets
from adapters.soap import SoapAdapter, SoapConfig
from adapters.soap.bodies import body
from adapters.soap.config import Signature
from adapters.soap.refusals import PageError
from adapters.soap.signing import Signer, signer
from gateway.errors import ConfigInvalid, SourceDenied, SourceMalformed, SourceUnavailable
from tests.adapters.conftest import PASSWORD, USER, rows_of
from tests.peers.processes import ROOT, announced
from tests.peers.soap.papers import Paper, paper, server_context
from tests.peers.soap.scripted import Script, envelope, page, serving

LAYOUT: dict[str, Any] = {
    "adapter": "soap", "operation": "queryDibao", "params": {"month": "{yyyymm}"},
    "paging": {"page": "pageNo", "size": "pageSize", "rows": 7},
    "rows": "queryDibaoResponse/list/item", "total": "queryDibaoResponse/total",
}  # fmt: skip
SIGNED = {"key": "file:us.key", "certificate": "us.pem"}
TOKEN = {"login": "token_text", "user": USER, "password": "env:PASSWORD"}
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Paper]:
    folder = tmp_path_factory.mktemp("papers")
    made = {name: paper(folder, name) for name in ("us", "them", "stranger")}
    return made | {"locked": paper(folder, "locked", "opens-it-5f1")}


@pytest.fixture(scope="module")
def site(papers: dict[str, Paper]) -> Secrets:
    environ = {"PASSWORD": PASSWORD, "OPENS": "opens-it-5f1", "WRONG": "x"}
    return Secrets(root=papers["us"].key.parent, environ=environ)


@pytest.fixture
def call(ask: Callable[..., Request], site: Secrets) -> Call:
    def reading(wsdl: str, **changes: Any) -> Any:
        extraction = SoapAdapter(SoapConfig(**(LAYOUT | {"wsdl": wsdl} | changes)), site).extract(ask("civil.dibao"))
        return rows_of(extraction), extraction

    return reading


@contextmanager
def node(papers: dict[str, Paper], replies: str = "plain", script: str = "signed.js", **tls: Paper) -> Iterator[str]:
    """node-soap, which lets in who signs with our key, and signs with its own."""
    environ = {
        "PEER_USER": USER, "PEER_PASSWORD": PASSWORD, "PEER_REPLIES": replies,
        "PEER_CLIENT_CERTIFICATE": str(papers["us"].certificate),
        "PEER_KEY": str(papers["them"].key), "PEER_CERTIFICATE": str(papers["them"].certificate),
    }  # fmt: skip
    if "own" in tls:
        environ |= {"PEER_TLS_KEY": str(tls["own"].key), "PEER_TLS_CERTIFICATE": str(tls["own"].certificate)}
    if "clients" in tls:
        environ |= {"PEER_TLS_CLIENTS": str(tls["clients"].certificate)}
    with announced(["node", str(ROOT / "tests" / "peers" / "soap" / script), "20"], environ) as said:
        yield said["wsdl"]


@pytest.fixture(scope="module")
def plain(papers: dict[str, Paper]) -> Iterator[str]:
    with node(papers) as wsdl:
        yield wsdl


@pytest.fixture(scope="module")
def signing(papers: dict[str, Paper]) -> Iterator[str]:
    with node(papers, replies="signed") as wsdl:
        yield wsdl


# --- what we sign


@pytest.mark.parametrize("login", [{}, TOKEN], ids=["signature alone", "with a user name token"])
@pytest.mark.parametrize("shown", ["token", "data"])
def test_node_soap_lets_in_who_signs(plain: str, call: Call, login: dict[str, Any], shown: str) -> None:
    rows, reading = call(plain, signature=SIGNED | {"shown_as": shown}, **login)
    assert [row["household_no"] for row in rows] == [f"JS{n}" for n in range(1, 21)]
    assert {row["householder"] for row in rows} == {"王 & <芳>"}
    assert reading.declared == Declared(rows=20)


def test_a_key_with_a_passphrase_signs_too(papers: dict[str, Paper], call: Call) -> None:
    locked = {"key": "file:locked.key", "certificate": "locked.pem", "passphrase": "env:OPENS"}
    with node(papers | {"us": papers["locked"]}) as wsdl:
        assert len(call(wsdl, signature=locked)[0]) == 20


@pytest.mark.parametrize(
    "changes",
    [
        {},
        TOKEN,
        {"signature": {"key": "file:stranger.key", "certificate": "stranger.pem"}},
        {"signature": {"key": "file:stranger.key", "certificate": "us.pem"}},
        {"signature": SIGNED, **TOKEN, "password": "env:WRONG"},
    ],
    ids=["unsigned", "password alone", "stranger", "stranger with our certificate", "signed with a wrong password"],
)
def test_node_soap_denies_anybody_else(plain: str, call: Call, changes: dict[str, Any]) -> None:
    with pytest.raises(SourceDenied):
        call(plain, **changes)


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_what_is_sent_verifies_by_itself_and_covers_body_timestamp_and_token(
    papers: dict[str, Paper], call: Call, algorithm: str, tmp_path: Path
) -> None:
    """By xmlsec called directly, and by the openssl command on the signed digest's bytes."""
    script = Script(pages=[page(1, 1)])
    with serving(script) as wsdl:
        call(wsdl, signature=SIGNED | {"algorithm": algorithm}, **TOKEN)
    sent = etree.fromstring(script.asked[0])
    signature = next(sent.iter(f"{DS}Signature"))
    xmlsec.tree.add_ids(sent, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(papers["us"].certificate), xmlsec.KeyFormat.CERT_PEM)
    context.verify(signature)
    covered = {reference.get("URI") for reference in signature.iter(f"{DS}Reference")}
    named = {etree.QName(one).localname for one in sent.iter() if f"#{one.get(f'{{{WSU}}}Id')}" in covered}
    assert named == {"Body", "Timestamp", "UsernameToken"}
    assert len(covered) == 3
    _expect_openssl(papers["us"], signature, algorithm, tmp_path)


def _expect_openssl(ours: Paper, signature: etree._Element, algorithm: str, folder: Path) -> None:
    info, value = signature.find(f"{DS}SignedInfo"), signature.findtext(f"{DS}SignatureValue")
    (folder / "info").write_bytes(etree.tostring(info, method="c14n", exclusive=True))
    (folder / "value").write_bytes(b64decode(value or ""))
    openssl = shutil.which("openssl") or ""
    public = subprocess.run(
        [openssl, "x509", "-in", ours.certificate, "-pubkey", "-noout"], check=True, capture_output=True
    )
    (folder / "public").write_bytes(public.stdout)
    command = [openssl, "dgst", f"-{algorithm}", "-verify", folder / "public", "-signature", folder / "value"]
    assert subprocess.run([*command, folder / "info"], check=True, capture_output=True).stdout == b"Verified OK\n"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"certificate": "us.key"}, "signature.certificate"),
        ({"certificate": "none.pem"}, "signature.certificate"),
        ({"key": "file:us2.pem"}, "signature.key"),
        ({"key": "file:locked.key"}, "signature.key"),
        ({"key": "file:locked.key", "passphrase": "env:WRONG"}, "signature.key"),
        ({"replies": "us.key"}, "signature.replies"),
    ],
)
def test_a_key_or_certificate_that_is_none_is_named(
    call: Call, papers: dict[str, Paper], changes: dict[str, Any], named: str
) -> None:
    copied = papers["us"].certificate.with_name("us2.pem")
    copied.write_bytes(papers["us"].certificate.read_bytes())
    copied.chmod(0o600)
    with pytest.raises(ConfigInvalid) as refused:
        call("http://127.0.0.1:1/x?wsdl", signature=SIGNED | changes)
    assert named in refused.value.message("zh")
    assert "PRIVATE" not in refused.value.message("en") + repr(refused.value.__cause__)


# --- what they sign


def test_answers_signed_by_the_pinned_certificate_are_read(signing: str, call: Call) -> None:
    rows, _ = call(signing, signature=SIGNED | {"replies": "them.pem"})
    assert [row["household_no"] for row in rows] == [f"JS{n}" for n in range(1, 21)]


def test_answers_signed_by_another_certificate_are_refused(signing: str, call: Call) -> None:
    with pytest.raises(SourceMalformed, match="does not verify"):
        call(signing, signature=SIGNED | {"replies": "stranger.pem"})


def test_an_answer_without_a_signature_is_refused_where_one_is_asked_for(plain: str, call: Call) -> None:
    with pytest.raises(SourceMalformed, match="not signed") as refused:
        call(plain, signature=SIGNED | {"replies": "them.pem"})
    assert refused.value.code == "YZ-2005"


def test_a_fault_without_a_signature_is_still_a_denial(plain: str, call: Call) -> None:
    stranger = {"key": "file:stranger.key", "certificate": "stranger.pem", "replies": "them.pem"}
    with pytest.raises(SourceDenied):
        call(plain, signature=stranger)


NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def theirs(site: Secrets, ask: Callable[..., Request]) -> Signer:
    """Signs as the service does."""
    config = Signature.model_validate({"key": "file:them.key", "certificate": "them.pem"})
    return signer(config, site, ask("civil.dibao"), now=lambda: NOW)


@pytest.fixture
def ours(site: Secrets, ask: Callable[..., Request]) -> Callable[..., bytes]:
    """Verifies an answer as the adapter does, at a moment."""
    config = Signature.model_validate(SIGNED | {"replies": "them.pem"})

    def verified(answer: bytes, at: datetime = NOW) -> bytes:
        verifying = signer(config, site, ask("civil.dibao"), now=lambda: at)
        return b"".join(verifying.verified(body(iter([answer]), None)).chunks)

    return verified


def signed_by(theirs: Signer, written: str) -> bytes:
    root = etree.fromstring(written.replace("<s:Body>", "<s:Header/><s:Body>"))
    theirs.apply(root, {})
    return etree.tostring(root)


def test_a_signed_answer_is_handed_on_unchanged(theirs: Signer, ours: Callable[..., bytes]) -> None:
    answer = signed_by(theirs, page(1, 1))
    assert ours(answer) == answer
    assert ours(answer, NOW + timedelta(minutes=9)) == answer


@pytest.mark.parametrize("late", [timedelta(minutes=11), timedelta(days=-1)])
def test_a_signed_answer_of_another_time_is_refused(
    theirs: Signer, ours: Callable[..., bytes], late: timedelta
) -> None:
    with pytest.raises(PageError, match="not of now"):
        ours(signed_by(theirs, page(1, 1)), NOW + late)


def _wrapped(answer: bytes) -> bytes:
    """The classic: the signed body moved into the header, another one in its place."""
    signed = re.search(rb"<s:Body.*</s:Body>", answer, re.DOTALL)
    assert signed is not None
    aside = answer.replace(signed[0], b"").replace(b"</s:Header>", b"<w>" + signed[0] + b"</w></s:Header>")
    return aside.replace(b"</s:Envelope>", b"<s:Body><forged/></s:Body></s:Envelope>")


def _doubled(answer: bytes) -> bytes:
    named = re.search(rb'<s:Body[^>]*wsu:Id="([^"]+)"|<s:Body[^>]*:Id="([^"]+)"', answer)
    assert named is not None
    return answer.replace(b"</s:Header>", b'<w Id="' + (named[1] or named[2]) + b'"/></s:Header>')


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "a digit": lambda answer: answer.replace(b"<familyNo>1<", b"<familyNo>2<"),
    "a row more": lambda answer: answer.replace(b"</list>", b"<item/></list>"),
    "a comment's worth": lambda answer: answer.replace(b"<familyNo>1<", b"<familyNo>1<!-- -->1<"),
    "body moved aside": _wrapped,
    "name borne twice": _doubled,
    "a body more": lambda answer: answer.replace(b"</s:Envelope>", b"<s:Body/></s:Envelope>"),
    "a body of another namespace": lambda answer: answer.replace(
        b"</s:Envelope>", b"<x:Body xmlns:x='urn:x'/></s:Envelope>"
    ),
    "signature gone": lambda answer: re.sub(rb"<(\w+:)?Signature .*</(\w+:)?Signature>", b"", answer, flags=re.DOTALL),
    "two signatures": lambda answer: re.sub(
        rb"(<(?:\w+:)?Signature .*</(?:\w+:)?Signature>)", rb"\1\1", answer, flags=re.DOTALL
    ),
    "timestamp moved on": lambda answer: answer.replace(b"2026-10-01T12:05:00Z", b"2036-10-01T12:05:00Z"),
    "weak digest": lambda answer: answer.replace(b"xmlenc#sha256", b"xmldsig#sha1"),
    "keyed by a secret": lambda answer: answer.replace(b"rsa-sha256", b"hmac-sha256"),
    "no well-formed xml": lambda answer: answer[:-5],
    "a dtd": lambda answer: b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + answer,
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_an_answer_that_was_tampered_with_is_refused(theirs: Signer, ours: Callable[..., bytes], how: str) -> None:
    answer = signed_by(theirs, page(1, 1))
    assert TAMPERED[how](answer) != answer
    with pytest.raises(PageError):
        ours(TAMPERED[how](answer))


def test_a_signature_over_the_header_alone_is_none_over_the_body(theirs: Signer, ours: Callable[..., bytes]) -> None:
    """Signed truly and by the right key; but what it covers is no longer the envelope's body."""
    root = etree.fromstring(signed_by(theirs, envelope("<other/>")))
    forged = etree.fromstring(page(1, 1))
    moved = root[1]
    root[0].append(moved)
    moved.tag = "aside"
    root.append(forged[0])
    with pytest.raises(PageError):
        ours(etree.tostring(root))


# --- https


@pytest.fixture(params=["node-soap", "python"])
def https(request: pytest.FixtureRequest, papers: dict[str, Paper]) -> Callable[..., Any]:
    """An https service with `them` as its certificate, for those with a certificate by `clients` where given."""

    @contextmanager
    def running(**clients: Paper) -> Iterator[str]:
        if request.param == "node-soap":
            with node(papers, script="server.js", own=papers["them"], **clients) as wsdl:
                yield wsdl
        else:
            context = server_context(papers["them"], clients.get("clients"))
            with serving(
                Script(pages=[page(20, *range(1, 8)), page(20, *range(8, 15)), page(20, *range(15, 21))]), context
            ) as wsdl:
                yield wsdl

    return running


TRUSTED = TOKEN | {"ca_file": "them.pem"}
OURS = {"client_certificate": "us.pem", "client_key": "file:us.key"}


def test_https_is_read_when_its_certificate_is_trusted(https: Callable[..., Any], call: Call) -> None:
    with https() as wsdl:
        assert wsdl.startswith("https://")
        assert len(call(wsdl, **TRUSTED)[0]) == 20


@pytest.mark.parametrize("trust", [{}, {"ca_file": "stranger.pem"}], ids=["the system's", "another's"])
def test_https_with_a_certificate_nobody_trusts_is_refused(
    https: Callable[..., Any], call: Call, trust: dict[str, Any]
) -> None:
    with https() as wsdl, pytest.raises(SourceMalformed, match="certificate"):
        call(wsdl, **TOKEN, **trust)


def test_https_under_another_name_is_refused(https: Callable[..., Any], call: Call) -> None:
    with https() as wsdl, pytest.raises(SourceMalformed, match="certificate"):
        call(wsdl.replace("127.0.0.1", "localhost"), **TRUSTED)


def test_our_certificate_lets_us_in(https: Callable[..., Any], call: Call, papers: dict[str, Paper]) -> None:
    with https(clients=papers["us"]) as wsdl:
        assert len(call(wsdl, **TRUSTED, **OURS)[0]) == 20


def test_our_certificates_key_may_have_a_passphrase(
    https: Callable[..., Any], call: Call, papers: dict[str, Paper]
) -> None:
    locked = {
        "client_certificate": "locked.pem", "client_key": "file:locked.key", "client_passphrase": "env:OPENS",
    }  # fmt: skip
    with https(clients=papers["locked"]) as wsdl:
        assert len(call(wsdl, **TRUSTED, **locked)[0]) == 20


@pytest.mark.parametrize(
    "ours", [{}, {"client_certificate": "stranger.pem", "client_key": "file:stranger.key"}], ids=["none", "another"]
)
def test_without_the_right_certificate_we_are_denied(
    https: Callable[..., Any], call: Call, papers: dict[str, Paper], ours: dict[str, Any]
) -> None:
    with https(clients=papers["us"]) as wsdl, pytest.raises(SourceDenied):
        call(wsdl, **TRUSTED, **ours)


@pytest.mark.parametrize(
    "changes",
    [
        OURS | {"client_key": "file:stranger.key"},
        OURS | {"client_certificate": "none.pem"},
        {"client_certificate": "locked.pem", "client_key": "file:locked.key"},
        {"client_certificate": "locked.pem", "client_key": "file:locked.key", "client_passphrase": "env:WRONG"},
        {"ca_file": "us.key"},
    ],
    ids=["no pair", "no file", "locked", "wrong passphrase", "no certificates to trust"],
)
def test_papers_that_do_not_fit_are_the_sites_fault(call: Call, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigInvalid):
        call("https://127.0.0.1:1/x?wsdl", **changes)


def test_a_plain_server_where_https_is_expected_can_be_tried_again(call: Call) -> None:
    with serving(Script(pages=[page(1, 1)])) as wsdl, pytest.raises(SourceUnavailable):
        call(wsdl.replace("http:", "https:"), **TRUSTED)
