"""Bundles made one by one: a recipe says of what kind, a plan what goes into it, and a change makes it wrong.

What each is worth is known by construction: `Truth`. Keys, authorities and logs are made anew for each run, so the
bundles differ between runs and the cases do not.
"""

import hashlib
import json
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from ipaddress import ip_network
from itertools import product
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.codec.b64 import encode_b64
from pycosign.codec.json_value import JsonObject
from pycosign.codec.pem import format_pem
from pycosign.codec.strict_json import compact_json, sorted_json
from pycosign.crypto.keys import key_details
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.merkle import leaf_hash
from pycosign.crypto.signers import Signer, generate_signer
from pycosign.wire.bundle import Bundle, MessageSignature, format_bundle
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE, STATEMENT_V1
from pycosign.wire.log_entry import LogEntry
from pycosign.wire.rekor_body import (
    Verifier,
    format_dsse_v1,
    format_dsse_v2,
    format_hashedrekord_v1,
    format_hashedrekord_v2,
)
from pycosign.wire.trusted_root import TrustedRoot
from tests.verify.factory import ARTIFACT, EPOCH, IDENTITY, SIGNED_AT, Log, World
from tests.verify.issuing import Issued, make_authority
from tests.verify.pss import PssSigner

PSS = "rsa-pss-2048"
ML_DSA = "ml-dsa-65"
_HAS_ML_DSA = getattr(backend, "mldsa_supported", lambda: False)()  # older versions of the library have none
ALGORITHMS = (
    *("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-4096", "ed25519", PSS),
    *([ML_DSA] if _HAS_ML_DSA else []),
)
MEDIA_TYPES = {
    "0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
}
PREDICATE = "https://example.com/review/v1"


class Truth(Enum):
    """What a verifier has to say."""

    GOOD = "good"  # it proves what is demanded
    WRONG = "wrong"  # something in it is false, or missing: it has to be refused
    SPELLING = "spelling"  # it proves what is demanded, in a form that a strict reader may refuse


class Recipe(NamedTuple):
    """A kind of bundle."""

    signer: str  # "certificate", "key"
    algorithm: str  # of the signer's key
    content: str  # "message", "envelope"
    entry: str  # "hashedrekord 0.0.1", "dsse 0.0.2" ...; "none" for no log
    proved_by: str  # "promise", "inclusion", "both"; "" for no log
    stamps: int
    version: str  # of the bundle

    @property
    def is_v2(self) -> bool:
        return self.entry.endswith(" 0.0.2") and not self.entry.startswith("intoto")

    @property
    def has_log(self) -> bool:
        return self.entry != "none"

    @property
    def has_certificate(self) -> bool:
        return self.signer == "certificate"

    def __str__(self) -> str:
        return ", ".join(str(part) for part in self if part != "")


def recipes() -> list[Recipe]:
    """Every kind that can be good."""
    entries = {
        "message": ("hashedrekord 0.0.1", "hashedrekord 0.0.2", "none"),
        "envelope": ("dsse 0.0.1", "intoto 0.0.2", "hashedrekord 0.0.2", "dsse 0.0.2", "none"),
    }
    kinds = product(("certificate", "key"), ALGORITHMS, entries, (0, 1), MEDIA_TYPES)
    return [
        recipe
        for signer, algorithm, content, stamps, version in kinds
        for entry in entries[content]
        for proved_by in ("promise", "inclusion", "both", "")
        if _can_be_good(recipe := Recipe(signer, algorithm, content, entry, proved_by, stamps, version))
    ]


def _can_be_good(recipe: Recipe) -> bool:
    if recipe.algorithm == PSS and not recipe.is_v2:  # nothing but those entries tells it from PKCS #1 v1.5
        return False
    if recipe.algorithm == ML_DSA and recipe.entry.startswith("hashedrekord"):  # it signs no digests
        return False
    if not recipe.has_log:
        timed = recipe.stamps == 1 or not recipe.has_certificate
        return recipe.proved_by == "" and timed and recipe.version == "0.3"
    if recipe.is_v2 and (recipe.proved_by != "inclusion" or recipe.version == "0.1"):
        return False
    promised = recipe.proved_by in ("promise", "both")
    if recipe.proved_by == "" or (recipe.version == "0.1" and not promised):
        return False
    if recipe.version != "0.1" and recipe.proved_by == "promise":
        return False
    if recipe.entry == "dsse 0.0.2" and recipe.version != "0.3":
        return False
    return promised or recipe.stamps == 1 or not recipe.has_certificate


class Plan:
    """Everything that goes into one bundle; a change may set any of it before anything is signed."""

    def __init__(self, world: World, recipe: Recipe) -> None:
        self.world, self.recipe = world, recipe
        self.signer = signer(recipe.algorithm)
        self.certificate: dict[str, Any] = {}  # arguments of World.certificate
        self.reissue: Any = None  # changes the certificate that was made
        self.chain: tuple[bytes, ...] = ()  # beside the leaf
        self.artifact = ARTIFACT  # what is signed
        self.stated: tuple[str, bytes] | None = (
            None  # the digest beside a message's signature, in place of the right one
        )
        self.statement: dict[str, Any] = _statement()
        self.payload_type = IN_TOTO_PAYLOAD_TYPE
        self.logged: Plan | None = None  # whose log has it, in place of this plan's
        self.logged_at = SIGNED_AT
        self.stamped_at: datetime = SIGNED_AT + timedelta(seconds=1)
        self.stamp: dict[str, Any] = {}  # arguments of World.stamp
        self.older_leaves = 5

    def make(self) -> tuple[Bundle, Signer]:
        """Sign, log and stamp it."""
        issued = self._issued()
        content = self._content()
        raw = content.signatures[0].signature if isinstance(content, Envelope) else content.signature
        entries: tuple[LogEntry, ...] = ()
        if self.recipe.has_log:
            entries = ((self.logged or self)._entry(content, issued),)
        stamps = tuple(self.world.stamp(raw, self.stamped_at, **self.stamp) for _ in range(self.recipe.stamps))
        has_certificate = isinstance(issued, Issued)
        hint = None if has_certificate else encode_b64(spki_log_id(self.signer.public_key.spki_der))
        chain = (issued.der, *self.chain) if isinstance(issued, Issued) else ()
        return Bundle(self.recipe.version, chain, hint, entries, stamps, content), self.signer

    def _issued(self) -> Issued | Signer:
        if not self.recipe.has_certificate:
            return self.signer
        issued = self.world.certificate(self.signer, **self.certificate)
        return issued if self.reissue is None else self.reissue(issued)

    @property
    def hash_name(self) -> str:
        return self.signer.public_key.default_hash

    def _content(self) -> MessageSignature | Envelope:
        if self.recipe.content == "message":
            digest = hashlib.new(self.hash_name, self.artifact).digest()
            pure = self.recipe.algorithm == ML_DSA
            signature = self.signer.sign(self.artifact) if pure else self.signer.sign_digest(digest, self.hash_name)
            return MessageSignature(*(self.stated or (self.hash_name, digest)), signature)
        payload = compact_json(self.statement)
        message = pae(self.payload_type, payload)
        if self.recipe.entry == "hashedrekord 0.0.2":  # the log takes the envelope as a digest
            signature = self.signer.sign_digest(hashlib.new(self.hash_name, message).digest(), self.hash_name)
        else:
            signature = self.signer.sign(message)
        return Envelope(payload, self.payload_type, (EnvelopeSignature(signature),))

    def _entry(self, content: MessageSignature | Envelope, issued: Issued | Signer) -> LogEntry:
        recipe = self.recipe
        kind, _, version = recipe.entry.partition(" ")
        body = self.body(content, issued)
        log = self.world.log_v2 if recipe.is_v2 else self.world.log_v1
        log.leaves = [leaf_hash(b"an older entry %d" % number) for number in range(self.older_leaves)]
        entry = log.append(kind, version, body, None if recipe.is_v2 else self.logged_at)
        if recipe.proved_by == "promise":
            return entry._replace(proof=None)
        if recipe.proved_by == "inclusion":
            return entry._replace(promise=None, integrated_at=None)
        return entry

    def body(self, content: MessageSignature | Envelope, issued: Issued | Signer) -> bytes:
        """What the log stores."""
        pem = format_pem("CERTIFICATE", issued.der) if isinstance(issued, Issued) else issued.public_key.pem()
        entry = self.recipe.entry
        if isinstance(content, MessageSignature):
            digest = hashlib.new(self.hash_name, self.artifact).digest()
            if entry == "hashedrekord 0.0.1":
                return format_hashedrekord_v1(self.hash_name, digest, content.signature, pem)
            return format_hashedrekord_v2(self.hash_name, digest, content.signature, self._verifier(issued))
        signature = content.signatures[0].signature
        envelope_digest = hashlib.sha256(format_envelope(content)).digest()
        payload_digest = hashlib.sha256(content.payload).digest()
        if entry == "dsse 0.0.1":
            return format_dsse_v1(envelope_digest, payload_digest, [(signature, pem)])
        if entry == "intoto 0.0.2":
            return _intoto_v002(content, envelope_digest, payload_digest, pem)
        if entry == "dsse 0.0.2":
            return format_dsse_v2("sha256", payload_digest, [(signature, self._verifier(issued))])
        digest = hashlib.new(self.hash_name, pae(content.payload_type, content.payload)).digest()
        return format_hashedrekord_v2(self.hash_name, digest, signature, self._verifier(issued))

    def _verifier(self, issued: Issued | Signer) -> Verifier:
        key = self.signer.public_key
        details = getattr(self.signer, "details", None) or key_details(key) or ""
        if key.kind == "ed25519" and self.recipe.entry == "hashedrekord 0.0.2":
            details = "PKIX_ED25519_PH"
        if isinstance(issued, Issued):
            return Verifier("certificate-der", issued.der, details)
        return Verifier("key-der", key.spki_der, details)


def document(bundle: Bundle) -> dict[str, Any]:
    """The bundle as JSON, in the form of its version: 0.1 and 0.2 have a chain of certificates."""
    value: dict[str, Any] = json.loads(format_bundle(bundle))
    value["mediaType"] = MEDIA_TYPES[bundle.version]
    if bundle.chain_der and (bundle.version != "0.3" or len(bundle.chain_der) > 1):
        chain = [{"rawBytes": encode_b64(der)} for der in bundle.chain_der]
        material = value["verificationMaterial"]
        del material["certificate"]
        material["x509CertificateChain"] = {"certificates": chain}
    return value


@cache
def signer(algorithm: str, number: int = 0) -> Signer:
    """A key of the algorithm; another number is another key."""
    if algorithm == PSS:
        return PssSigner(2048)
    if algorithm == ML_DSA:
        from tests.crypto.ml_dsa import generate_ml_dsa  # its import skips a test where the library has none

        return generate_ml_dsa(algorithm)
    return generate_signer(algorithm)


@cache
def the_world() -> World:
    return World()


@cache
def another_world() -> World:
    """Another Sigstore, that nobody here trusts."""
    return World()


_MAIL = x509.RFC822Name
_CORPORATION = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example")]))
_HOST = IDENTITY.partition("@")[2]
CONSTRAINTS = {
    "to the identity's host": x509.NameConstraints([_MAIL(_HOST), _MAIL("other.example")], None),
    "to another host": x509.NameConstraints([_MAIL("other.example")], None),
    "to hosts below the identity's": x509.NameConstraints([_MAIL(f".{_HOST}")], None),
    "to URIs of another host": x509.NameConstraints([x509.UniformResourceIdentifier("other.example")], None),
    "from the identity": x509.NameConstraints(None, [_MAIL(IDENTITY)]),
    "from the identity's host": x509.NameConstraints([_MAIL(IDENTITY)], [_MAIL(_HOST)]),
    "from addresses and hosts": x509.NameConstraints(
        None,
        [x509.IPAddress(ip_network("0.0.0.0/0")), x509.IPAddress(ip_network("::/0")), x509.DNSName(_HOST)],
    ),
    "by directory names": x509.NameConstraints([_CORPORATION], None),
}


@cache
def constrained(how: str) -> Issued:
    """An authority that may certify some names only, below the root that is trusted."""
    end = EPOCH + timedelta(days=3650)
    purpose = ExtendedKeyUsageOID.CODE_SIGNING
    return make_authority(how, the_world().root, EPOCH, end, purpose, constraints=CONSTRAINTS[how])


def trusted_root() -> TrustedRoot:
    """The world's, and every constrained authority."""
    root = the_world().trusted_root()
    (plain,) = root.certificate_authorities
    chains = [(constrained(how).der, the_world().root.der) for how in CONSTRAINTS]
    authorities = (plain, *(plain._replace(chain_der=chain) for chain in chains))
    return root._replace(certificate_authorities=authorities)


def _statement() -> dict[str, Any]:
    return {
        "_type": STATEMENT_V1,
        "subject": [{"name": "artifact", "digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {"ok": True},
    }


def _intoto_v002(content: Envelope, envelope_digest: bytes, payload_digest: bytes, pem: bytes) -> bytes:
    """As Rekor v1 stores it: the signature's base64 text is encoded once more."""
    signature: JsonObject = {
        "publicKey": encode_b64(pem),
        "sig": encode_b64(encode_b64(content.signatures[0].signature).encode()),
    }
    spec: JsonObject = {
        "content": {
            "envelope": {"payloadType": content.payload_type, "signatures": [signature]},
            "hash": {"algorithm": "sha256", "value": envelope_digest.hex()},
            "payloadHash": {"algorithm": "sha256", "value": payload_digest.hex()},
        }
    }
    return sorted_json({"apiVersion": "0.0.2", "kind": "intoto", "spec": spec})


def log_of(world: World, recipe: Recipe) -> Log:
    return world.log_v2 if recipe.is_v2 else world.log_v1
