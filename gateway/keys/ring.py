"""The key ring: everything cryptographic a site holds, read from its `keys/` directory.

    anchors/*.crt        trust anchors                         intermediates/*.crt  authorities between
    crls/*.crl           revocation lists                      recipients/ID.crt    each centre's encryption certificate
    sign.crt sign.key    this node's signature                 tls.crt tls.key      its connections (with the chain)
    encrypt.crt encrypt.key   a centre's decryption
    persons/ID.crt persons/ID.key   the signatures of people (release, nil declaration, order), or on a stick of theirs

Certificates and lists are PEM (several in a file are fine), private keys PKCS#8 PEM. Each part is read when it is asked
for, so a front-end needs no `encrypt.*` and an off-line check no private key at all.

This module must never decide about trust; that is `trust`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import IdentityMissing, KeyFileUnreadable, PersonMismatch
from gateway.keys.identity import Identity, Party, Purpose, identity_of, is_id, serial_of
from gateway.keys.private import Decryptor, Signer, check_pair, read_key
from gateway.keys.revocation import RevocationPolicy
from gateway.keys.trust import Stage, Trust

MAX_FILE = 64 * 1024 * 1024
"""Bytes of one certificate or list file; a province's revocation list runs to megabytes."""

_KEPT = ("sign.crt", "tls.crt", "encrypt.crt", "anchors/*.crt", "intermediates/*.crt", "recipients/*.crt")
_LONG_NUMBER = re.compile(r"\d{8}")
_LIST = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class KeyRing:
    """One site's keys. `passphrase` opens all the node's private keys, None if they are stored plain.

    People's keys have passphrases of their own: what opens the node's must not sign in a person's name.
    """

    directory: Path
    stage: Stage = Stage.PRODUCTION
    policy: RevocationPolicy = RevocationPolicy.REQUIRED
    passphrase: bytes | None = field(default=None, repr=False)

    def trust(self) -> Trust:
        """Anchors, intermediates and revocation lists as the files have them now.

        Cheap to call for every request: files are parsed again only when one has changed, so a new revocation list
        counts from the moment it is in place, without a restart.

        Raises:
            KeyFileUnreadable: a file cannot be parsed, or there is no anchor at all.
        """
        anchors = self._all("anchors", "*.crt", _certificates)
        if not anchors:
            raise _unreadable(self.directory / "anchors", "没有信任锚", "there is no trust anchor")
        return Trust(
            anchors=anchors,
            intermediates=self._all("intermediates", "*.crt", _certificates),
            lists=self._all("crls", "*.crl", _lists),
            policy=self.policy,
            stage=self.stage,
        )

    def signer(self) -> Signer:
        """This node's signature.

        Raises:
            KeyFileUnreadable, KeyFileExposed, KeyMismatch, KeyUnsuitable: see `private.read_key`.
        """
        return _signer(*_pair(self.directory, "sign", self.passphrase))

    def person(self, name: str, directory: Path | None = None, passphrase: bytes | None = None) -> Signer:
        """The signature of the person with this staff number, whom their certificate names.

        Whether that certificate is trusted, and of which department or centre, `Trust.verify` tells for PERSON.

        Args:
            directory: where `<name>.crt` and `<name>.key` are, a person's own stick for example; else `persons/`.
            passphrase: of this key; None if it is stored plain.

        Raises:
            PersonMismatch: the certificate names somebody else, or nobody.
            KeyFileUnreadable, KeyFileExposed, KeyMismatch, KeyUnsuitable: see `private.read_key`.
        """
        place = self.directory / "persons" if directory is None else directory
        if not is_id(name):
            raise _unreadable(place, "不是人员编号", "not a staff number")
        certificates, key = _pair(place, name, passphrase)
        try:
            named = identity_of(certificates[0]).person
        except IdentityMissing:
            named = None
        if named != name:
            raise PersonMismatch(path=place / f"{name}.crt", person=name)
        return _signer(certificates, key)

    def decryptor(self) -> Decryptor:
        """A centre's decryption. Raises as `signer`."""
        certificates, key = _pair(self.directory, "encrypt", self.passphrase)
        return Decryptor(certificate=certificates[0].public_bytes(Encoding.DER), _key=key)

    def recipient(self, centre: str, at: datetime) -> bytes:
        """The encryption certificate (DER) of `centre`, verified to be one at the instant `at`.

        Raises:
            KeyFileUnreadable: none is registered.
            IdentityMissing: the file holds another party's certificate.
            (and all that Trust.verify raises)
        """
        certificates = _certificates(_file(self.directory / "recipients" / f"{centre}.crt"))
        leaf, *chain = (certificate.public_bytes(Encoding.DER) for certificate in certificates)
        identity = self.trust().verify(leaf, chain, Purpose.ENCRYPT, at)
        if (identity.party, identity.id) != (Party.CENTRE, centre):
            raise IdentityMissing(serial=serial_of(certificates[0]))
        return leaf

    def tls_files(self) -> tuple[Path, Path]:
        """Certificate (with chain) and key file of this node's connections, both checked as `signer` checks its own."""
        _pair(self.directory, "tls", self.passphrase)
        return self.directory / "tls.crt", self.directory / "tls.key"

    def connection_certificate(self) -> bytes:
        """The certificate (DER) this node connects with. Raises KeyFileUnreadable."""
        return _certificates(_file(self.directory / "tls.crt"))[0].public_bytes(Encoding.DER)

    def named(self, path: Path) -> Identity:
        """Whom the first certificate of a PEM file names, trusted or not.

        Raises:
            KeyFileUnreadable, IdentityMissing
        """
        held = _certificates(_file(path))
        if not held:
            raise _unreadable(path, "不是 PEM 证书", "not PEM certificates")
        return identity_of(held[0])

    def expiries(self) -> tuple[tuple[str, datetime], ...]:
        """(name, last valid instant) of every certificate file but people's, by name; the earliest one's of several.

        A name is the file's stem, after its directory's (`recipients.changning`). A stem that is no id, or holds a long
        number, might say anything about anybody: the certificate's serial number takes its place.

        Raises:
            KeyFileUnreadable
        """
        ends: dict[str, datetime] = {}
        for path in (path for place in _KEPT for path in self.directory.glob(place)):
            held = _certificates(_file(path))
            if not held:
                raise _unreadable(path, "不是 PEM 证书", "not PEM certificates")
            last = min(certificate.not_valid_after_utc for certificate in held)
            name = _public_name(path, self.directory, held[0])
            ends[name] = min(last, ends.get(name, last))
        return tuple(sorted(ends.items()))

    def _all(self, directory: str, pattern: str, read: Callable[[_File], tuple[_T, ...]]) -> tuple[_T, ...]:
        paths = sorted((self.directory / directory).glob(pattern))
        return tuple(item for path in paths for item in read(_file(path)))


def _public_name(path: Path, root: Path, certificate: x509.Certificate) -> str:
    speaks = is_id(path.stem) and not _LONG_NUMBER.search(path.stem)
    stem = path.stem if speaks else f"serial-{serial_of(certificate)}"
    return stem if path.parent == root else f"{path.parent.name}.{stem}"


def _pair(
    directory: Path, stem: str, passphrase: bytes | None
) -> tuple[Sequence[x509.Certificate], ec.EllipticCurvePrivateKey]:
    path = directory / f"{stem}.key"
    certificates = _certificates(_file(directory / f"{stem}.crt"))
    key = read_key(path, passphrase)
    check_pair(certificates[0], key, path)
    return certificates, key


def _signer(certificates: Sequence[x509.Certificate], key: ec.EllipticCurvePrivateKey) -> Signer:
    leaf, *chain = (certificate.public_bytes(Encoding.DER) for certificate in certificates)
    return Signer(certificate=leaf, intermediates=tuple(chain), _key=key)


@dataclass(frozen=True, kw_only=True)
class _File:
    """A file as it is now; equal as long as nobody has written or replaced it."""

    path: Path
    inode: int
    size: int
    changed_ns: int


def _file(path: Path) -> _File:
    try:
        facts = path.stat()
    except OSError:
        raise _unreadable(path, "文件不存在或不可读", "the file is missing or cannot be read") from None
    return _File(path=path, inode=facts.st_ino, size=facts.st_size, changed_ns=facts.st_ctime_ns)


@lru_cache(maxsize=256)
def _certificates(file: _File) -> tuple[x509.Certificate, ...]:
    data = _read(file.path)
    try:
        return tuple(x509.load_pem_x509_certificates(data))
    except ValueError:
        raise _unreadable(file.path, "不是 PEM 证书", "not PEM certificates") from None


@lru_cache(maxsize=64)
def _lists(file: _File) -> tuple[x509.CertificateRevocationList, ...]:
    found = _LIST.findall(_read(file.path))
    try:
        lists = tuple(x509.load_pem_x509_crl(text) for text in found)
    except ValueError:
        lists = ()
    if not lists:
        raise _unreadable(file.path, "不是 PEM 吊销列表", "not a PEM revocation list")
    return lists


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError:
        raise _unreadable(path, "文件不存在或不可读", "the file is missing or cannot be read") from None
    if len(data) > MAX_FILE:
        raise _unreadable(path, "文件过大", "the file is too large")
    return data


def _unreadable(path: Path, zh: str, en: str) -> KeyFileUnreadable:
    return KeyFileUnreadable(path=path, reason_zh=zh, reason_en=en)
