"""What certificate logs promise: SCTs beside a certificate, or several of them inside."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pycosign.crypto.extensions import SCT_LIST
from pycosign.crypto.keys import key_details
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.signers import LocalSigner
from pycosign.verify.evidence import Evidence
from pycosign.wire.sct import CertificateEntry, Sct, format_sct_list, sct_signed_bytes
from pycosign.wire.trusted_root import LogKey
from tests.verify.factory import SIGNED_AT, World
from tests.verify.forgery import Forged, extension, inside, reissued
from tests.verify.issuing import Issued


class Promise(NamedTuple):
    """How a certificate log is to promise something."""

    ct: LocalSigner | None = None  # None: the world's
    extensions: bytes = b""
    at: datetime = SIGNED_AT
    hash_name: str | None = None  # None: the key's own
    entry: CertificateEntry | None = None  # None: what is right in its place

    def make(self, world: World, entry: CertificateEntry) -> Sct:
        ct = self.ct or world.ct
        name = self.hash_name or ct.public_key.default_hash
        at_ms = int(self.at.timestamp() * 1000)
        signed = sct_signed_bytes(at_ms, self.entry or entry, self.extensions)
        signature = ct.sign_digest(hashlib.new(name, signed).digest(), name)
        family = ct.public_key.kind.partition("-")[0]
        return Sct(spki_log_id(ct.public_key.spki_der), at_ms, self.extensions, name, family, signature)


def precertificate_entry(world: World, bare: Issued) -> CertificateEntry:
    """What is promised inside a certificate that is otherwise `bare`."""
    return CertificateEntry(hashlib.sha256(world.ca.signer.public_key.spki_der).digest(), inside(bare.der)[0])


def beside(world: World, evidence: Evidence, promise: Promise = Promise()) -> Evidence:
    """The evidence with a detached SCT of its certificate."""
    sct = promise.make(world, CertificateEntry(None, evidence.chain_der[0]))
    return evidence._replace(detached_sct=sct)


def with_scts(world: World, promises: Sequence[Promise]) -> Forged:
    """A certificate with several SCTs."""
    bare = world.certificate(with_sct=False)
    scts = tuple(promise.make(world, precertificate_entry(world, bare)) for promise in promises)
    return reissued(bare, world.ca, extensions=lambda items: [*items, extension(SCT_LIST, format_sct_list(scts))])


def ct_log(world: World, signer: LocalSigner, url: str = "https://ct2.example.com") -> LogKey:
    """Another certificate log for a trust root."""
    spki = signer.public_key.spki_der
    return world.ct_key()._replace(
        base_url=url, key_der=spki, log_id=spki_log_id(spki), key_details=key_details(signer.public_key) or ""
    )
