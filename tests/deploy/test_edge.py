"""The nginx that ends mutual TLS before a centre, as it is shipped: who gets through, and as whom."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import (
    CertificateRevoked,
    HeaderForged,
    NotEntitled,
    OwnCertificateRefused,
    PeerAnonymous,
    PeerUnavailable,
    ProxySilent,
    RevocationUnknown,
    YizhanError,
)
from gateway.keys import Purpose
from gateway.keys.issuing import Issued, Pki
from tests.deploy.world import HEADER, RECEIPT, Behind, asked, escaped, lists
from tests.peers.edge import edge
from tests.wire.world import (
    NOW,
    PAST,
    VALID,
    World,
    ask,
    make_client,
    raw_connection,
    raw_context,
    subject_serial,
    wait_until,
)


def test_a_department_is_known_to_the_centre_by_the_certificate_it_showed_to_nginx(centre: Behind) -> None:
    for name in ("finance", "civil"):
        assert asked(centre.ring(name), centre.edge.port).status == 404
        assert centre.log().splitlines()[-1].split(" code=")[1].split()[1] == f"party=department:{name}"


def test_without_a_certificate_nothing_reaches_the_centre(centre: Behind) -> None:
    before = centre.log()
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.check_hostname = False
    bare.load_verify_locations(centre.directory / "keys" / "anchors" / "root.crt")
    connection = http.client.HTTPSConnection("127.0.0.1", centre.edge.port, context=bare, timeout=5)
    answer = ask(connection, "GET", RECEIPT, {HEADER: escaped(centre.ring("finance"))})
    connection.close()
    assert (answer.status, answer.code) == (401, PeerAnonymous.code)
    assert centre.log() == before


def test_tls_1_2_is_refused(centre: Behind) -> None:
    context = raw_context(centre.ring("finance"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection("127.0.0.1", centre.edge.port, context=context, timeout=5)
    with pytest.raises(ssl.SSLError):
        connection.connect()
    connection.close()


@pytest.mark.parametrize(
    ("issued", "code"),
    [
        (lambda world: world.department(Purpose.TLS_CLIENT, PAST), "YZ-5003"),
        (lambda _: Pki.found(VALID, "Elsewhere").department("finance", Purpose.TLS_CLIENT), "YZ-5002"),
        (lambda _: Pki.found(VALID).department("finance", Purpose.TLS_CLIENT), "YZ-5002"),
    ],
    ids=["expired", "another authority", "another authority of the same names"],
)
def test_an_unfit_certificate_is_refused_by_nginx(
    centre: Behind, tmp_path: Path, issued: Callable[[World], Issued], code: str
) -> None:
    before = centre.log()
    unfit = centre.world.with_connection(tmp_path.name, issued(centre.world))
    answer = asked(unfit, centre.edge.port)
    assert (answer.status, answer.code) == (401, code)
    assert centre.log() == before


def test_a_department_cannot_pass_for_another_by_sending_the_header_itself(centre: Behind) -> None:
    for name in (HEADER, HEADER.lower(), HEADER.upper()):
        answer = asked(centre.ring("civil"), centre.edge.port, {name: escaped(centre.ring("finance"))})
        assert answer.status == 404
        assert centre.log().splitlines()[-1].count("party=department:civil") == 1
    manifest = json.dumps({"batch": "b", "department": "finance", "size": 1}).encode()
    with make_client(centre.ring("civil"), centre.edge.port) as client, pytest.raises(YizhanError) as refused:
        client.submit(manifest, b"keys")
    assert refused.value.facts["peer_code"] == NotEntitled.code


def test_the_header_over_any_connection_but_the_proxys_is_refused(centre: Behind) -> None:
    for name in ("civil", "finance"):
        answer = asked(centre.ring(name), centre.port, {HEADER: escaped(centre.ring("finance"))})
        assert (answer.status, answer.code) == (401, HeaderForged.code)
        assert f"401 code={HeaderForged.code} party=-" in centre.log().splitlines()[-1]
    assert asked(centre.ring("finance"), centre.port).status == 404, "without the header it comes as itself"


def test_the_centres_own_other_certificate_is_no_proxy(centre: Behind) -> None:
    answer = asked(centre.ring("changning"), centre.port, {HEADER: escaped(centre.ring("finance"))})
    assert (answer.status, answer.code) == (401, HeaderForged.code)


@pytest.mark.parametrize(
    "said", ["", "finance", "%2D%2D", "-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----"]
)
def test_a_proxy_that_hands_on_nothing_readable_gets_nothing(centre: Behind, said: str) -> None:
    answer = asked(centre.proxy, centre.port, {HEADER: said})
    assert answer.status == 401
    assert answer.code in (ProxySilent.code, "YZ-5001"), "unreadable as PEM, or as a certificate"


def test_a_proxy_that_hands_on_none_or_two_gets_nothing(centre: Behind) -> None:
    assert asked(centre.proxy, centre.port).code == ProxySilent.code
    with raw_connection(centre.proxy, centre.port) as connection:
        connection.putrequest("GET", RECEIPT)
        for name in ("finance", "civil"):
            connection.putheader(HEADER, escaped(centre.ring(name)))
        connection.endheaders()
        response = connection.getresponse()
        assert json.loads(response.read())["code"] == ProxySilent.code
    assert asked(centre.proxy, centre.port, {HEADER: escaped(centre.ring("finance"))}).status == 404, "the control"


@pytest.mark.parametrize("unfit", ["signing", "server", "expired"])
def test_the_centre_judges_what_it_is_handed_by_its_own_rules(centre: Behind, unfit: str) -> None:
    issued = {
        "signing": lambda: centre.world.department(Purpose.SIGN),
        "server": lambda: centre.world.department(Purpose.TLS_SERVER),
        "expired": lambda: centre.world.department(Purpose.TLS_CLIENT, PAST),
    }[unfit]()
    given = escaped(centre.world.with_connection(unfit, issued))
    assert asked(centre.proxy, centre.port, {HEADER: given}).code == {
        "signing": "YZ-5007", "server": "YZ-5007", "expired": "YZ-5003",
    }[unfit]  # fmt: skip


def test_a_revoked_certificate_is_refused_by_nginx_from_its_next_reload_and_by_the_centre_at_once(own: Behind) -> None:
    ring = own.ring("finance")
    with raw_connection(ring, own.edge.port) as connection:
        assert ask(connection, "GET", RECEIPT).status == 404
        serial = {subject_serial(ring): NOW - timedelta(hours=1)}
        own.world.publish("changning", serial)
        answer = ask(connection, "GET", RECEIPT)
        assert (answer.status, answer.code) == (401, CertificateRevoked.code)
    assert f"401 code={CertificateRevoked.code}" in own.log(), "that was the centre: nginx has not heard of it yet"
    own.edge.revoke(lists(own.world, own.world.pki.issuing.revocations(VALID, serial)))
    before = own.log()
    answer = asked(ring, own.edge.port)
    assert (answer.status, answer.code) == (401, CertificateRevoked.code)
    assert own.log() == before
    wait_until(lambda: 'verify="FAILED:certificate revoked"' in own.edge.log())
    with make_client(ring, own.edge.port) as client, pytest.raises(OwnCertificateRefused) as refused:
        client.submit(b"{}", b"keys")
    assert refused.value.exit_code == 75, "the batch is not at fault: it stays in the spool"
    assert asked(own.ring("civil"), own.edge.port).status == 404, "others go on"


def test_a_stale_list_at_nginx_keeps_batches_waiting(own: Behind) -> None:
    own.edge.revoke(lists(own.world, own.world.pki.issuing.revocations(PAST, {})))
    with make_client(own.ring("finance"), own.edge.port) as client, pytest.raises(PeerUnavailable) as refused:
        client.submit(b"{}", b"keys")
    assert RevocationUnknown.code in refused.value.message("en")


def test_a_revoked_proxy_speaks_for_nobody(own: Behind) -> None:
    own.world.publish("changning", {subject_serial(own.proxy): NOW - timedelta(hours=1)})
    answer = asked(own.ring("finance"), own.edge.port)
    assert (answer.status, answer.code) == (401, CertificateRevoked.code)


def test_nginx_gives_nothing_to_who_is_not_the_centre(own: Behind, tmp_path: Path) -> None:
    """Another listener in the centre's place, with a department's certificate of the same authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = own.world.department(Purpose.TLS_SERVER)
    keys = own.world.with_connection("impostor", issued).directory
    context.load_cert_chain(keys / "tls.crt", keys / "tls.key")
    heard: list[bytes] = []
    with Impostor(context, heard) as port, edge(port, own.directory / "keys", own.proxy.directory / "tls.crt") as e:
        assert asked(own.ring("finance"), e.port).status == 502
    assert heard == []


class Impostor:
    """A TLS listener that keeps what it is told."""

    def __init__(self, context: ssl.SSLContext, heard: list[bytes]) -> None:
        self._context, self._heard = context, heard

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
                with plain, self._context.wrap_socket(plain, server_side=True) as line:
                    if said := line.recv(100):
                        self._heard.append(said)
            except ssl.SSLError:
                continue
            except OSError:
                return
