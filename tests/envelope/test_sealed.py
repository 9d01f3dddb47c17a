"""Manifest and key envelope: every byte of both matters, and they belong together."""

from __future__ import annotations

import io
import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope import enveloped, sealing
from gateway.envelope.payload import PayloadReader
from gateway.envelope.sealed import (
    MAX_KEYS,
    MAX_MANIFEST,
    Sealed,
    check_payload,
    check_recipient,
    open_key,
    parse_keys,
    parse_manifest,
    verify,
    verify_manifest,
)
from gateway.errors import (
    ChainUntrusted,
    EnvelopeRefused,
    FileTooLong,
    KeyNotForUs,
    KeysOfAnotherBatch,
    KeyUnwrapFailed,
    ManifestDigestWrong,
    ManifestNotCms,
    NotARecipient,
    PayloadDigestWrong,
    PayloadSizeWrong,
    SealerNotEntitled,
    SealRefused,
    SignerNotSender,
)
from gateway.keys import Purpose
from tests.envelope.world import NOW, Files, World, der, facts, signer_of, unseal


def test_a_sealed_batch_opens_to_what_was_sealed(world: World, files: Files) -> None:
    batch = world.verify(files)
    check_recipient(batch, "changning")
    check_payload(batch, io.BytesIO(files.payload))
    key = open_key(batch, world.decryptor("changning"))
    assert unseal(files.payload, key) == b"records"
    assert (batch.manifest.batch_id, batch.signer.id, batch.sealer.id) == ("finance.onecard/2026-10/r1",) + (
        "finance",
    ) * 2
    assert batch.digest == files.digest


def test_every_flipped_byte_of_the_manifest_is_refused_with_a_step_of_its_own(world: World, files: Files) -> None:
    codes = set()
    for at in range(len(files.manifest)):
        changed = flipped(files.manifest, at)
        with pytest.raises(EnvelopeRefused) as alone:
            verify_manifest(changed, world.trust, NOW)
        with pytest.raises(EnvelopeRefused):
            world.verify(replace(files, manifest=changed))
        codes.add(alone.value.code)
    assert codes <= {"YZ-4201", "YZ-4202", "YZ-4203", "YZ-4204", "YZ-4205"}


def test_every_flipped_byte_of_the_keys_is_refused_without_any_private_key(world: World, files: Files) -> None:
    codes = set()
    for at in range(len(files.keys)):
        with pytest.raises(EnvelopeRefused) as refusal:
            world.verify(replace(files, keys=flipped(files.keys, at)))
        codes.add(refusal.value.code)
    assert codes <= {"YZ-4301", "YZ-4302", "YZ-4303", "YZ-4304", "YZ-4305"}


def flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << at % 8
    return bytes(changed)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_edit_of_manifest_or_keys_is_accepted(world: World, files: Files, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(["manifest", "keys"]))
    old = getattr(files, part)
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, min(len(old), start + 40)))
    new = old[:start] + data.draw(st.binary(max_size=40)) + old[end:]
    if new == old:
        return
    with pytest.raises(EnvelopeRefused):
        world.verify(replace(files, **{part: new}))


@pytest.mark.parametrize("part", ["manifest", "keys"])
def test_a_truncated_or_extended_file_is_refused(world: World, files: Files, part: str) -> None:
    whole = getattr(files, part)
    for changed in (*(whole[:n] for n in range(0, len(whole), 7)), whole[:-1], whole + b"\0", whole + whole):
        with pytest.raises(EnvelopeRefused):
            world.verify(replace(files, **{part: changed}))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_refused_and_never_crashes(rubbish: bytes) -> None:
    for parse in (parse_manifest, parse_keys):
        with pytest.raises(EnvelopeRefused):
            parse(rubbish)
        with pytest.raises(EnvelopeRefused):
            parse(b"\x30\x82" + len(rubbish).to_bytes(2, "big") + rubbish)


def test_files_beyond_their_limit_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(FileTooLong, match=r"manifest\.p7s"):
        parse_manifest(bytes(MAX_MANIFEST + 1))
    with pytest.raises(ManifestNotCms):
        parse_manifest(bytes(MAX_MANIFEST))
    with pytest.raises(FileTooLong, match=r"keys\.p7m"):
        parse_keys(bytes(MAX_KEYS + 1))


def test_keys_of_another_batch_are_refused_even_with_the_same_content_key(world: World, files: Files) -> None:
    declared = world.verify(files).manifest
    twin = sealing.seal_manifest(replace(declared, period="2026-11"), world.finance)
    certificate = der(world.encryption["changning"])
    keys = sealing.seal_keys(twin, files.content_key, [certificate], world.finance, os.urandom)
    with pytest.raises(KeysOfAnotherBatch):
        world.verify(replace(files, keys=keys))
    with pytest.raises(KeysOfAnotherBatch):
        world.verify(replace(files, keys=world.seal().keys))


@pytest.mark.parametrize(
    ("plain", "refusal"),
    [(b"record5", PayloadDigestWrong), (b"rows", PayloadSizeWrong), (b"records!", PayloadSizeWrong)],
)
def test_a_payload_of_another_batch_is_refused(
    world: World, files: Files, plain: bytes, refusal: type[EnvelopeRefused]
) -> None:
    with pytest.raises(refusal):
        check_payload(world.verify(files), io.BytesIO(world.seal(plain).payload))


def test_every_flipped_byte_of_the_payload_is_refused_against_the_manifest(world: World, files: Files) -> None:
    declared = world.verify(files)
    for at in range(len(files.payload)):
        with pytest.raises(EnvelopeRefused):
            check_payload(declared, io.BytesIO(flipped(files.payload, at)))


def test_an_endless_payload_is_refused_without_reading_it_all(world: World, files: Files) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readinto(self, buffer: memoryview) -> int:
            if not self.given:
                buffer[:] = files.payload[: len(buffer)]
            self.given += len(buffer)
            return len(buffer)

    source = Endless()
    with pytest.raises(PayloadSizeWrong):
        check_payload(world.verify(files), source)
    assert source.given < 2 << 20


def test_each_of_two_recipients_opens_the_same_key_and_nobody_else(world: World) -> None:
    files = world.seal(centres=("changning", "hengyang"))
    batch = world.verify(files)
    assert {open_key(batch, world.decryptor(one)) for one in ("changning", "hengyang")} == {files.content_key}
    with pytest.raises(KeyNotForUs):
        open_key(batch, world.decryptor("elsewhere"))
    with pytest.raises(NotARecipient):
        check_recipient(batch, "elsewhere")


def test_a_relay_seals_the_keys_again_and_touches_nothing_else(world: World) -> None:
    files = world.seal(centres=("changning", "hengyang"))
    key = open_key(world.verify(files), world.decryptor("changning"))
    onward = sealing.seal_keys(files.manifest, key, [der(world.encryption["hengyang"])], world.changning, os.urandom)
    batch = world.verify(replace(files, keys=onward))
    assert (batch.sealer.party, batch.sealer.id, batch.signer.id) == ("centre", "changning", "finance")
    assert unseal(files.payload, open_key(batch, world.decryptor("hengyang"))) == b"records"
    with pytest.raises(KeyNotForUs):
        open_key(batch, world.decryptor("changning"))


def test_a_centre_that_is_not_a_recipient_may_not_seal_the_keys_again(world: World, files: Files) -> None:
    certificate = der(world.encryption["changning"])
    for stranger in (world.hengyang, world.civil):
        keys = sealing.seal_keys(files.manifest, files.content_key, [certificate], stranger, os.urandom)
        with pytest.raises(SealerNotEntitled):
            world.verify(replace(files, keys=keys))


def test_another_departments_signature_under_the_manifest_is_refused(world: World, files: Files) -> None:
    manifest = sealing.seal_manifest(world.verify(files).manifest, world.civil)
    with pytest.raises(SignerNotSender) as refusal:
        verify_manifest(manifest, world.trust, NOW)
    assert refusal.value.facts == {"signer": "civil", "sender": "finance"}


def test_a_point_off_the_curve_does_not_open(world: World, files: Files) -> None:
    batch = world.verify(files)
    astray = replace(batch, keys=replace(batch.keys, point=batch.keys.point[:-1] + b"\0"))
    with pytest.raises(KeyUnwrapFailed):
        open_key(astray, world.decryptor("changning"))


def test_a_flipped_ciphertext_of_the_content_key_does_not_open(world: World, files: Files) -> None:
    batch = world.verify(files)
    for at in range(len(batch.keys.ciphertext)):
        changed = replace(batch, keys=replace(batch.keys, ciphertext=flipped(batch.keys.ciphertext, at)))
        with pytest.raises(EnvelopeRefused) as refusal:
            open_key(changed, world.decryptor("changning"))
        assert refusal.value.code in ("YZ-4310", "YZ-4311")


def test_sealing_for_the_same_centre_twice_or_for_none_is_refused(world: World, files: Files) -> None:
    one = der(world.encryption["changning"])
    for certificates in ([], [one, one], [one[:-1]], [b""]):
        with pytest.raises(SealRefused):
            sealing.seal_keys(files.manifest, files.content_key, certificates, world.finance, os.urandom)


def test_sealing_a_key_the_manifest_does_not_commit_to_is_refused(world: World, files: Files) -> None:
    with pytest.raises(SealRefused, match="another content key"):
        sealing.seal_keys(files.manifest, bytes(32), [der(world.encryption["changning"])], world.finance, os.urandom)


def test_a_manifest_that_would_be_refused_is_not_signed(world: World, files: Files) -> None:
    good = world.verify(files).manifest
    for wrong in (replace(good, revision=2), replace(good, feed="no dot"), replace(good, reason=" ")):
        with pytest.raises(SealRefused) as refusal:
            sealing.seal_manifest(wrong, world.finance)
        assert "no dot" not in refusal.value.message("en")


def test_a_key_that_does_not_fit_its_certificate_is_found_when_signing(world: World, files: Files) -> None:
    mixed = replace(world.finance, certificate=world.civil.certificate)
    with pytest.raises(SealRefused):
        sealing.seal_manifest(world.verify(files).manifest, mixed)


def test_trust_is_asked_about_the_instant_given(world: World, files: Files) -> None:
    asked = []

    class Recorder:
        def verify(self, certificate: bytes, intermediates: object, purpose: str, at: object) -> object:
            asked.append((certificate, intermediates, purpose, at))
            return world.trust.verify(certificate, intermediates, purpose, NOW)

    verify(Sealed.parse(files.manifest, files.keys), Recorder(), NOW)
    assert asked == [(world.finance.certificate, world.finance.intermediates, Purpose.SIGN, NOW)] * 2


def test_an_untrusted_signature_is_refused_before_its_content_is_read(world: World) -> None:
    stranger = signer_of(type(world.pki).found(world.pki.validity).department("finance", Purpose.SIGN))
    declared = world.verify(world.seal()).manifest
    with pytest.raises(ChainUntrusted):
        verify_manifest(sealing.seal_manifest(declared, stranger), world.trust, NOW)


def test_the_statement_names_manifest_and_envelope(files: Files) -> None:
    keys = enveloped.parse(files.keys)
    said = enveloped.statement(files.manifest, keys)
    assert said != enveloped.statement(files.manifest + b"\0", keys)
    assert said != enveloped.statement(files.manifest, replace(keys, iv=bytes(16)))
    assert said == enveloped.statement(files.manifest, replace(keys, seal=None))


def test_content_keys_do_not_repeat_and_their_commitments_hide_them() -> None:
    (one, committed), (other, _) = sealing.new_key(os.urandom), sealing.new_key(os.urandom)
    assert one != other
    assert one.hex() not in committed
    assert len(one) == 32


def test_sealing_is_reproducible_from_its_entropy_alone(world: World, files: Files) -> None:
    """No hidden source of randomness: what the vectors rely on."""
    certificate = der(world.encryption["changning"])
    made = [enveloped.encrypt(files.content_key, [certificate], lambda size: b"\7" * size) for _ in range(2)]
    assert made[0] == made[1]


def test_what_two_front_ends_seal_of_the_same_rows_shares_no_segment(world: World) -> None:
    one, other = world.seal(bytes(5000)), world.seal(bytes(5000))
    assert one.payload[40:72] not in other.payload
    assert bytes(PayloadReader(io.BytesIO(one.payload), one.content_key).read(5000)) == bytes(5000)
    assert facts(world.verify(one).manifest.payload, "0" * 64).payload.size == len(one.payload)


def test_a_manifest_over_changed_content_is_refused_for_its_digest(world: World, files: Files) -> None:
    with pytest.raises(ManifestDigestWrong):
        verify_manifest(files.manifest.replace(b'"1234.05"', b'"9234.05"'), world.trust, NOW)
