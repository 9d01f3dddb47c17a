"""Who gets in: every certificate that must not, over real TLS on the loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509

from certs.sample.make import World as SampleWorld
from certs.sample.make import altered
from gateway.errors import (
    CertificateRevoked,
    IdentityMissing,
    KeyUsageWrong,
    OwnCertificateRefused,
    PeerAnonymous,
    PeerUnavailable,
    PeerUntrusted,
    RevocationUnknown,
)
from gateway.keys import KeyRing, Party, Purpose, Stage
from gateway.keys.issuing import Issued, Pki, write_certificates
from gateway.keys.tls import client_context, server_context
from gateway.server import make_app
from gateway.transport import CentreClient
from tests.wire.centre import FileReception
from tests.wire.world import (
    NOW,
    PAST,
    VALID,
    CentreProcess,
    World,
    ask,
    make_batch,
    make_client,
    raw_connection,
    raw_context,
    subject_serial,
)

HUNG_UP = (urllib.error.URLError, ssl.SSLError, ConnectionError)
RECEIPT = f"/v1/batches/{'0' * 64}/receipt"


def get(context: ssl.SSLContext, port: int) -> int:
    """The status of a request, over any TLS context."""
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{port}{RECEIPT}", context=context, timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as answer:
        return answer.code


def test_without_a_certificate_nobody_gets_in(world: World, centre: CentreProcess) -> None:
    ring = world.ring("finance")
    context, before = raw_context(ring), centre.log()
    assert get(context, centre.port) == 404, "the control: with a certificate this context gets an answer"
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.check_hostname = False
    bare.load_verify_locations(ring.directory / "anchors" / "root.crt")
    with pytest.raises(HUNG_UP):
        get(bare, centre.port)
    assert centre.log().count("\n") == before.count("\n") + 1


def test_tls_1_2_is_refused(world: World, centre: CentreProcess) -> None:
    context = raw_context(world.ring("finance"))
    assert get(context, centre.port) == 404, "the control: TLS 1.3 gets an answer"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(HUNG_UP):
        get(context, centre.port)


def test_our_client_refuses_a_centre_that_speaks_older_tls(world: World) -> None:
    assert client_context(world.ring("finance"), "changning", lambda: NOW).minimum_version is ssl.TLSVersion.TLSv1_3
    assert server_context(world.ring("changning")).minimum_version is ssl.TLSVersion.TLSv1_3


@pytest.fixture(params=["other_authority", "expired", "not_for_connections", "a_server"])
def unfit(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> KeyRing:
    issued = {
        "other_authority": lambda: Pki.found(VALID).department("finance", Purpose.TLS_CLIENT),
        "expired": lambda: world.department(Purpose.TLS_CLIENT, PAST),
        "not_for_connections": lambda: world.department(Purpose.SIGN),
        "a_server": lambda: world.department(Purpose.TLS_SERVER),
    }[request.param]()
    return world.with_connection(f"{request.param}-{tmp_path.name}", issued)


def test_an_unfit_certificate_fails_the_handshake_before_any_request(centre: CentreProcess, unfit: KeyRing) -> None:
    before = centre.log()
    with pytest.raises(HUNG_UP):
        get(raw_context(unfit), centre.port)
    assert centre.log() == before


def test_our_client_knows_an_unfit_certificate_of_its_own_before_it_connects(unfit: KeyRing) -> None:
    with pytest.raises(OwnCertificateRefused) as fault:
        make_client(unfit, 1)
    assert str(fault.value.facts["reason"]).startswith("YZ-50")
    assert fault.value.exit_code == 75, "the batch is not at fault: it must stay in the spool"


def test_a_tls_alert_about_our_certificate_is_told_from_a_broken_line(world: World, tmp_path: Path) -> None:
    """The other side trusts another authority than we do, and says so."""
    elsewhere = tmp_path / "elsewhere"
    world.pki.write_centre(elsewhere, "changning")
    stranger = Pki.found(VALID)
    write_certificates(elsewhere / "anchors" / "root.crt", (stranger.root.certificate,))
    server = server_context(KeyRing(directory=elsewhere, stage=Stage.REHEARSAL))
    batch = make_batch(tmp_path, 10)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse_handshakes, args=(listener, server), daemon=True)
        thread.start()
        client = make_client(world.ring("finance"), listener.getsockname()[1])
        with client, pytest.raises(OwnCertificateRefused) as fault:
            client.submit(batch.manifest, b"keys")
        thread.join(5)
    assert fault.value.facts["reason"] == "TLS"


def refuse_handshakes(listener: socket.socket, context: ssl.SSLContext) -> None:
    plain, _ = listener.accept()
    with plain, suppress(ssl.SSLError):
        context.wrap_socket(plain, server_side=True)
    time.sleep(0.1)


def test_a_revoked_certificate_is_refused_with_its_code_and_logged(
    own_world: World, own_centre: CentreProcess, tmp_path: Path
) -> None:
    serial = subject_serial(own_world.ring("finance"))
    own_world.publish("changning", {serial: NOW - timedelta(hours=1)})
    batch = make_batch(tmp_path, 10)
    with make_client(own_world.ring("finance"), own_centre.port) as client, pytest.raises(OwnCertificateRefused) as f:
        client.submit(batch.manifest, b"keys")
    assert f.value.facts["reason"] == CertificateRevoked.code
    assert f"POST /v1/batches 401 code={CertificateRevoked.code} party=-" in own_centre.log()
    assert list((own_centre.directory / "inbox").iterdir()) == []


def test_a_revocation_counts_from_the_next_request_of_an_open_connection(
    own_world: World, own_centre: CentreProcess
) -> None:
    ring = own_world.ring("finance")
    with raw_connection(ring, own_centre.port) as connection:
        assert ask(connection, "GET", RECEIPT).status == 404
        own_world.publish("changning", {subject_serial(ring): NOW - timedelta(hours=1)})
        assert ask(connection, "GET", RECEIPT).status == 401


def test_a_stale_revocation_list_at_the_centre_keeps_batches_waiting_instead_of_refusing_them(
    own_world: World, own_centre: CentreProcess, tmp_path: Path
) -> None:
    own_world.publish("changning", {}, PAST)
    batch = make_batch(tmp_path, 10)
    with make_client(own_world.ring("finance"), own_centre.port) as client, pytest.raises(PeerUnavailable) as fault:
        client.submit(batch.manifest, b"keys")
    assert RevocationUnknown.code in fault.value.message("zh")
    own_world.publish("changning", {})
    with make_client(own_world.ring("finance"), own_centre.port) as client:
        assert client.deliver(batch.manifest, b"keys", batch.payload) == batch.receipt


def test_a_broken_trust_file_at_the_centre_is_the_centres_fault_and_shows_no_path(
    own_world: World, own_centre: CentreProcess
) -> None:
    (own_centre.directory / "keys" / "crls" / "issuing.crl").write_text("half a")
    with raw_connection(own_world.ring("finance"), own_centre.port) as connection:
        answer = ask(connection, "GET", RECEIPT)
    assert (answer.status, answer.code) == (500, "YZ-6132")
    assert b"crls" not in answer.body
    assert "issuing.crl" in own_centre.log()


@pytest.mark.parametrize(
    ("party", "name", "purpose", "reason"),
    [
        (Party.CENTRE, "leiyang", Purpose.TLS_SERVER, IdentityMissing.code),
        (Party.DEPARTMENT, "changning", Purpose.TLS_SERVER, IdentityMissing.code),
        (Party.CENTRE, "changning", Purpose.TLS_CLIENT, "TLS"),
        (Party.CENTRE, "changning", Purpose.SIGN, "TLS"),
    ],
)
def test_who_is_not_that_centre_gets_nothing(
    own_world: World, tmp_path: Path, party: Party, name: str, purpose: Purpose, reason: str
) -> None:
    issued = own_world.pki.issuing.issue(party, name, purpose, VALID, hosts=("127.0.0.1", "localhost"))
    assert impostor(own_world, tmp_path, issued) == reason


def test_a_centre_with_a_revoked_certificate_gets_nothing(own_world: World, tmp_path: Path) -> None:
    issued = own_world.pki.centre("changning", Purpose.TLS_SERVER)
    own_world.publish("finance", {issued.certificate.serial_number: NOW - timedelta(hours=1)})
    assert impostor(own_world, tmp_path, issued) == CertificateRevoked.code


def impostor(world: World, tmp_path: Path, issued: Issued) -> object:
    """Put `issued` into the centre's TLS, deliver, and give the reason why not; nothing may have reached it."""
    keys = world.directory / "changning" / "keys"
    (keys / "tls.key").unlink()
    issued.write(keys, "tls")
    centre, batch = CentreProcess(world.directory / "changning"), make_batch(tmp_path, 10)
    try:
        with make_client(world.ring("finance"), centre.port) as client, pytest.raises(PeerUntrusted) as fault:
            client.submit(batch.manifest, b"keys")
        assert "batches" not in centre.log()
    finally:
        centre.kill()
    return fault.value.facts["reason"]


def test_a_certificate_that_openssl_would_let_in_is_refused_at_the_door(world: World, centre: CentreProcess) -> None:
    """With no extended usage at all it passes OpenSSL's check of purpose; our profile asks for clientAuth."""
    name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:yizhan:department:finance")])
    unsaid = altered(SampleWorld(pki=world.pki, asleep=world.pki.issuing), name)
    with raw_connection(world.with_connection("no-usage", unsaid), centre.port) as connection:
        answer = ask(connection, "GET", RECEIPT)
    assert (answer.status, answer.code) == (401, KeyUsageWrong.code)


def test_without_tls_the_application_answers_nobody(world: World, tmp_path: Path) -> None:
    async def status() -> int:
        app = make_app(
            reception=FileReception(tmp_path / "inbox"), trust=world.ring("changning").trust, clock=lambda: NOW
        )
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            url = f"http://127.0.0.1:{site.port}{RECEIPT}"
            return await asyncio.to_thread(plain_status, url)
        finally:
            await runner.cleanup()

    assert asyncio.run(status()) == PeerAnonymous.status


def plain_status(url: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as fault:
        urllib.request.urlopen(url, timeout=5)
    return fault.value.code


def test_an_address_without_tls_is_not_accepted_by_the_client(world: World) -> None:
    tls = client_context(world.ring("finance"), "changning", lambda: datetime.now(UTC))
    with pytest.raises(ValueError, match="https"):
        CentreClient(centre="changning", url="http://127.0.0.1:1", tls=tls, clock=lambda: NOW)
