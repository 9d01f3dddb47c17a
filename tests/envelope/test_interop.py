"""Other people's tools: OpenSSL's command line for what is signed and wrapped, Tink for the payload."""

from __future__ import annotations

import io
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import tink
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from gateway.envelope import enveloped, sealed
from gateway.envelope.papers import sign_order, sign_release
from gateway.envelope.papers.form import encode
from gateway.envelope.papers.order import ORDER
from gateway.envelope.payload import ASSOCIATED, HEADER, SEGMENT, PayloadWriter
from gateway.envelope.receipt import decode as decode_receipt
from gateway.errors import KeysNotCanonical, KeysNotCms, ManifestNotCanonical, ManifestNotCms
from tests.envelope.papers import approval
from tests.envelope.world import NOW, Files, World, answer, unseal


@pytest.fixture
def directory(tmp_path: Path, world: World, files: Files) -> Path:
    """The sealed batch, its receipt and the PEM files `openssl` wants, side by side."""
    content = {
        "manifest.p7s": files.manifest,
        "keys.p7m": files.keys,
        "receipt.p7s": world.receipt(world.verify(files)),
        "root.crt": world.pki.root.certificate.public_bytes(Encoding.PEM),
    }
    for centre, issued in world.encryption.items():
        content[f"{centre}.crt"] = issued.certificate.public_bytes(Encoding.PEM)
        content[f"{centre}.key"] = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def openssl(directory: Path, command: str) -> bytes:
    done = subprocess.run(["openssl", *command.split()], cwd=directory, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("profile", ["", "-cades"])
def test_openssl_verifies_the_manifest_and_prints_its_json(directory: Path, files: Files, profile: str) -> None:
    printed = openssl(directory, f"cms -verify {profile} -binary -inform DER -in manifest.p7s -CAfile root.crt")
    assert printed == sealed.parse_manifest(files.manifest).content
    assert b'"feed":"finance.onecard"' in printed


def test_openssl_verifies_the_receipt_and_prints_its_json(directory: Path, world: World, files: Files) -> None:
    printed = openssl(directory, "cms -verify -binary -inform DER -in receipt.p7s -CAfile root.crt")
    assert decode_receipt(printed) == answer(world.verify(files))


@pytest.mark.parametrize("profile", ["", "-cades"])
@pytest.mark.parametrize("paper", ["release", "order"])
def test_openssl_verifies_a_paper_and_prints_its_json(
    directory: Path, world: World, files: Files, paper: str, profile: str
) -> None:
    reviewer, said = world.reviewer, approval()
    signed = {
        "release": sign_release(world.verify(files), reviewer.identity, reviewer.signer, NOW),
        "order": sign_order(said, world.approver.signer),
    }
    (directory / "paper.p7s").write_bytes(signed[paper])
    printed = openssl(directory, f"cms -verify {profile} -binary -inform DER -in paper.p7s -CAfile root.crt")
    expected = {
        "release": {
            "format": "yizhan-release/1",
            "batch": "finance.onecard/2026-10/r1",
            "manifest_digest": f"sha256:{files.digest}",
            "department": "finance",
            "person": "p003",
            "at": NOW.isoformat(),
        },
        "order": json.loads(encode(said, ORDER)),
    }
    assert json.loads(printed) == expected[paper]


@pytest.mark.parametrize("centre", ["changning", "hengyang"])
def test_openssl_decrypts_the_keys_to_exactly_the_content_key(directory: Path, world: World, centre: str) -> None:
    both = world.seal(centres=("changning", "hengyang"))
    (directory / "keys.p7m").write_bytes(both.keys)
    got = openssl(directory, f"cms -decrypt -binary -inform DER -in keys.p7m -recip {centre}.crt -inkey {centre}.key")
    assert got == both.content_key
    assert len(got) == 32


def test_openssl_verifies_the_seal_of_the_keys_over_a_statement_made_by_hand(directory: Path, files: Files) -> None:
    keys = enveloped.parse(files.keys)
    (directory / "seal.p7s").write_bytes(keys.seal or b"")
    (directory / "bare.p7m").write_bytes(replace(keys, seal=None).encode())
    digests = [openssl(directory, f"dgst -sha256 -r {name}").split()[0] for name in ("manifest.p7s", "bare.p7m")]
    statement = b"yizhan-keys/1\nmanifest sha256:%s\nkeys sha256:%s\n" % tuple(digests)
    (directory / "statement").write_bytes(statement)
    command = "cms -verify -binary -inform DER -in seal.p7s -content statement -CAfile root.crt"
    assert openssl(directory, command) == statement


def test_what_openssl_signs_by_itself_is_refused_as_not_our_form(directory: Path, world: World) -> None:
    key = world.finance._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (directory / "sign.key").write_bytes(key)
    (directory / "sign.der").write_bytes(world.finance.certificate)
    openssl(directory, "x509 -inform DER -in sign.der -out sign.crt")
    openssl(
        directory,
        "cms -sign -binary -nodetach -keyid -md sha256 -outform DER"
        " -in root.crt -signer sign.crt -inkey sign.key -out signed",
    )
    with pytest.raises((ManifestNotCms, ManifestNotCanonical)):
        sealed.parse_manifest((directory / "signed").read_bytes())


def test_what_openssl_encrypts_by_itself_is_refused_as_not_our_form(directory: Path) -> None:
    openssl(
        directory,
        "cms -encrypt -binary -aes256 -aes256-wrap -keyid -outform DER"
        " -in root.crt -out encrypted -recip changning.crt -keyopt ecdh_kdf_md:sha256",
    )
    with pytest.raises((KeysNotCms, KeysNotCanonical)):
        sealed.parse_keys((directory / "encrypted").read_bytes())


def tink_primitive(key: bytes) -> streaming_aead.StreamingAead:
    """Tink's AES256_GCM_HKDF_1MB over a key given from outside."""
    streaming_aead.register()
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=SEGMENT, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    value = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=parameters, key_value=key)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=value.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    one = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[one]).SerializeToString()
    handle = tink.proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


SIZES = (0, 1, SEGMENT - HEADER - 16, SEGMENT - HEADER - 15, 2 * SEGMENT, 3 * SEGMENT + 12345)


@pytest.mark.parametrize("size", SIZES)
def test_tink_decrypts_our_payload(size: int) -> None:
    key, plain, sink = os.urandom(32), os.urandom(size), io.BytesIO()
    with PayloadWriter(sink, key, os.urandom) as writer:
        writer.write(plain)
    with tink_primitive(key).new_decrypting_stream(io.BytesIO(sink.getvalue()), ASSOCIATED) as stream:
        assert stream.read() == plain


@pytest.mark.parametrize("size", SIZES)
def test_we_decrypt_tinks_payload(size: int, tmp_path: Path) -> None:
    key, plain = os.urandom(32), os.urandom(size)
    with (tmp_path / "payload").open("wb") as sink, tink_primitive(key).new_encrypting_stream(sink, ASSOCIATED) as out:
        out.write(plain)
    assert unseal((tmp_path / "payload").read_bytes(), key) == plain


def test_tink_decrypts_the_payload_with_the_key_openssl_takes_out_of_the_envelope(
    directory: Path, files: Files
) -> None:
    key = openssl(directory, "cms -decrypt -binary -inform DER -in keys.p7m -recip changning.crt -inkey changning.key")
    with tink_primitive(key).new_decrypting_stream(io.BytesIO(files.payload), ASSOCIATED) as stream:
        assert stream.read() == b"records"
