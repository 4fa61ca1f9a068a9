"""A small Sigstore for tests of the verifier: an authority, two logs, a certificate log and a timestamp authority.

Every part can be made wrong on purpose.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from pycosign.codec.b64 import encode_b64
from pycosign.codec.pem import format_pem
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.keys import key_details
from pycosign.crypto.log_id import note_key_id, spki_log_id
from pycosign.crypto.merkle import inclusion_proof, leaf_hash, node_hash, tree_root
from pycosign.crypto.signers import LocalSigner, Signer, generate_signer
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.verify.trust import TrustRoot, compile_trust
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.checkpoint import Checkpoint, format_checkpoint
from pycosign.wire.dsse import Envelope, EnvelopeSignature, pae
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE
from pycosign.wire.log_entry import InclusionProof, LogEntry, set_payload
from pycosign.wire.note import Note, NoteSignature, format_note
from pycosign.wire.rekor_body import Verifier, format_dsse_v1, format_hashedrekord_v1, format_hashedrekord_v2
from pycosign.wire.sct import CertificateEntry, Sct, format_sct_list, sct_signed_bytes
from pycosign.wire.trusted_root import (
    Authority,
    LogKey,
    TrustedRoot,
    ValidFor,
    format_trusted_root,
    parse_trusted_root,
)
from pycosign.wire.tsp import TimestampRequest
from pycosign.wire.tsp_response import AuthorityCertificate, TokenTemplate, format_response
from tests.verify.issuing import (
    Issued,
    key_usage,
    make_authority,
    new_builder,
    p256_key,
    signer_of,
    with_key_identifiers,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SIGNED_AT = EPOCH + timedelta(days=100)
NOW = SIGNED_AT + timedelta(days=1)  # long after the certificate's ten minutes
IDENTITY = "dev@example.com"
ISSUER = "https://issuer.example.com"
ARTIFACT = b"a small artifact\n"
_FULCIO = "1.3.6.1.4.1.57264.1."
_SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


class Log:
    """A transparency log in memory. `origin` is "HOST - TREE" for v1, the host for v2."""

    def __init__(self, url: str, origin: str, name: str, signer: Signer, *, is_v2: bool) -> None:
        self.url, self.origin, self.name, self.signer, self.is_v2 = url, origin, name, signer, is_v2
        key = signer.public_key
        self.log_id = note_key_id(name, key) if is_v2 else spki_log_id(key.spki_der)
        self.leaves = [leaf_hash(b"an older entry %d" % number) for number in range(5)]

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves[index]
        return node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))

    def checkpoint(
        self, *, origin: str | None = None, name: str | None = None, signer: LocalSigner | None = None
    ) -> str:
        root = tree_root(len(self.leaves), self.node)
        text = format_checkpoint(Checkpoint(origin or self.origin, len(self.leaves), root))
        signature = (signer or self.signer).sign(text.encode())
        return format_note(Note(text, (NoteSignature(name or self.name, self.log_id[:4], signature),)))

    def append(self, kind: str, version: str, body: bytes, at: datetime | None) -> LogEntry:
        """Put a body into the tree; `at` is when, for a log that says so (v1)."""
        index = len(self.leaves)
        self.leaves.append(leaf_hash(body))
        proof = InclusionProof(
            index,
            tree_root(len(self.leaves), self.node),
            len(self.leaves),
            tuple(inclusion_proof(index, len(self.leaves), self.node)),
            self.checkpoint(),
        )
        # A v1 log's own index runs over all its shards.
        entry = LogEntry(
            index if self.is_v2 else index + 1000,
            self.log_id,
            kind,
            version,
            None if at is None else int(at.timestamp()),
            None,
            proof,
            body,
        )
        return entry if at is None else self.promise(entry)

    def promise(self, entry: LogEntry) -> LogEntry:
        return entry._replace(promise=self.signer.sign(set_payload(entry)))


class World:
    """One instance of everything. `trust()` is what a client would be given."""

    def __init__(self) -> None:
        end = EPOCH + timedelta(days=3650)
        self.root = make_authority("root", None, EPOCH, end)
        self.ca = make_authority("intermediate", self.root, EPOCH, end, ExtendedKeyUsageOID.CODE_SIGNING)
        self.tsa_root = make_authority("tsa root", None, EPOCH, end)
        self.tsa = self.timestamp_certificate(EPOCH, end)
        self.ct = generate_signer("ecdsa-p256")
        self.log_v1 = Log(
            "https://rekor.example.com",
            "rekor.example.com - 42",
            "rekor.example.com",
            generate_signer("ecdsa-p256"),
            is_v2=False,
        )
        self.log_v2 = Log(
            "https://log2.example.com:3003/x",
            "log2.example.com",
            "log2.example.com",
            generate_signer("ed25519"),
            is_v2=True,
        )
        self.window = ValidFor(EPOCH, None)

    # -- trust --
    def trusted_root(self) -> TrustedRoot:
        return TrustedRoot(
            tlogs=tuple(
                LogKey(
                    log.url,
                    log.signer.public_key.spki_der,
                    key_details(log.signer.public_key) or "",
                    log.log_id,
                    self.window,
                    operator=operator,
                )
                for log, operator in ((self.log_v1, "first"), (self.log_v2, "second"))
            ),
            ctlogs=(self.ct_key(),),
            certificate_authorities=(
                Authority("https://ca.example.com", "", "", (self.ca.der, self.root.der), self.window),
            ),
            timestamp_authorities=(
                Authority("https://tsa.example.com", "", "", (self.tsa.der, self.tsa_root.der), self.window),
            ),
        )

    def ct_key(self) -> LogKey:
        spki = self.ct.public_key.spki_der
        return LogKey("https://ct.example.com", spki, "PKIX_ECDSA_P256_SHA_256", spki_log_id(spki), self.window)

    def trust(self, **changes: object) -> TrustRoot:
        """The trust root, through its file's form; `changes` replace whole lists of it."""
        root = self.trusted_root()._replace(**changes)  # type: ignore[arg-type]
        return compile_trust(parse_trusted_root(format_trusted_root(root)))

    # -- certificates --
    def timestamp_certificate(self, start: datetime, end: datetime) -> Issued:
        key = p256_key()
        builder = new_builder("tsa", key.public_key(), start, end).issuer_name(self.tsa_root.certificate.subject)
        builder = builder.add_extension(key_usage("digital_signature"), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return Issued(self.tsa_root.sign(builder), signer_of(key))

    def certificate(
        self,
        signer: Signer | None = None,
        *,
        names: Sequence[x509.GeneralName] = (x509.RFC822Name(IDENTITY),),
        claims: dict[int, str] | None = None,
        start: datetime = SIGNED_AT - timedelta(minutes=1),
        ca: Issued | None = None,
        ct: LocalSigner | None = None,
        ct_log_id: bytes | None = None,
        sct_at: datetime | None = None,
        with_sct: bool = True,
        eku: ObjectIdentifier | None = ExtendedKeyUsageOID.CODE_SIGNING,
    ) -> Issued:
        """A ten-minute certificate as Fulcio makes them, with an SCT of the certificate log."""
        signer, ca, ct = signer or generate_signer("ecdsa-p256"), ca or self.ca, ct or self.ct
        public = serialization.load_der_public_key(signer.public_key.spki_der)
        builder = new_builder("", public, start, start + timedelta(minutes=10)).issuer_name(ca.certificate.subject)
        builder = builder.add_extension(key_usage("digital_signature"), critical=True)
        if eku is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([eku]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=True)
        builder = with_key_identifiers(builder, signer.public_key.spki_der, ca.signer.public_key.spki_der)
        for number, text in (claims if claims is not None else {1: ISSUER, 8: ISSUER}).items():
            value = text.encode() if number <= 6 else b"\x0c" + bytes((len(text.encode()),)) + text.encode()
            builder = builder.add_extension(
                x509.UnrecognizedExtension(ObjectIdentifier(f"{_FULCIO}{number}"), value), critical=False
            )
        if with_sct:
            value = self._sct_list(builder, ca, ct, ct_log_id, sct_at or start)
            builder = builder.add_extension(x509.UnrecognizedExtension(_SCT_LIST, value), critical=False)
        return Issued(ca.sign(builder), signer)

    def _sct_list(
        self, builder: x509.CertificateBuilder, ca: Issued, ct: LocalSigner, log_id: bytes | None, at: datetime
    ) -> bytes:
        tbs = ca.sign(builder).tbs_certificate_bytes
        entry = CertificateEntry(hashlib.sha256(ca.signer.public_key.spki_der).digest(), tbs)
        at_ms = int(at.timestamp() * 1000)
        signature = ct.sign(sct_signed_bytes(at_ms, entry))
        log_id = log_id or spki_log_id(ct.public_key.spki_der)
        return format_sct_list((Sct(log_id, at_ms, b"", "sha256", "ecdsa", signature),))

    # -- timestamps --
    def stamp(
        self,
        signature: bytes,
        at: datetime = SIGNED_AT,
        *,
        tsa: Issued | None = None,
        signer: LocalSigner | None = None,
        certificates: bool = False,
    ) -> bytes:
        """A TimeStampResp over the raw signature; `signer` signs in place of the authority's own key."""
        issued = tsa or self.tsa
        certificate = parse_certificate(issued.der)
        named = AuthorityCertificate(
            certificate.der, certificate.issuer_der, certificate.subject_der, certificate.serial
        )
        request = TimestampRequest(hashlib.sha256(signature).digest(), certificates=certificates)
        return format_response(request, TokenTemplate(named), serial=7, at=at, sign=(signer or issued.signer).sign)

    # -- evidence --
    def requirements(self) -> Requirements:
        return Requirements(SignerIdentity(TextRule(IDENTITY), TextRule(ISSUER)))

    def blob(
        self,
        issued: Issued | Signer | None = None,
        *,
        artifact: bytes = ARTIFACT,
        log: str | None = "v1",
        logged_at: datetime = SIGNED_AT,
        stamped_at: datetime | None = None,
        hash_name: str | None = None,
    ) -> Evidence:
        """A signed file: by a certificate, or by a bare key; logged in "v1", "v2" or nowhere."""
        issued = issued or self.certificate()
        signer = issued.signer if isinstance(issued, Issued) else issued
        name = hash_name or signer.public_key.default_hash
        digest = hashlib.new(name, artifact).digest()
        signs_digests = signer.public_key.signs_digests
        signature = signer.sign_digest(digest, name) if signs_digests else signer.sign(artifact)
        content = MessageSignature(name, digest, signature)
        entry = None if log is None else self._log_digest(log, name, digest, signature, issued, logged_at)
        return self._evidence(content, signature, issued, entry, stamped_at)

    def attestation(
        self,
        payload: bytes,
        issued: Issued | Signer | None = None,
        *,
        payload_type: str = IN_TOTO_PAYLOAD_TYPE,
        log: str | None = "v1",
        logged_at: datetime = SIGNED_AT,
        stamped_at: datetime | None = None,
    ) -> Evidence:
        """A signed envelope; Rekor v1 takes it as such, v2 as the digest of its PAE."""
        issued = issued or self.certificate()
        signer = issued.signer if isinstance(issued, Issued) else issued
        message = pae(payload_type, payload)
        signature = signer.sign(message)
        content = Envelope(payload, payload_type, (EnvelopeSignature(signature),))
        entry = None
        if log == "v1":
            digests = hashlib.sha256(b"the envelope's text").digest(), hashlib.sha256(payload).digest()
            body = format_dsse_v1(*digests, [(signature, self._pem(issued))])
            entry = self.log_v1.append("dsse", "0.0.1", body, logged_at)
        elif log == "v2":
            name = signer.public_key.default_hash
            digest = hashlib.new(name, message).digest()
            entry = self._log_digest(log, name, digest, signature, issued, logged_at)
        return self._evidence(content, signature, issued, entry, stamped_at)

    def _log_digest(
        self, log: str, name: str, digest: bytes, signature: bytes, issued: Issued | Signer, at: datetime
    ) -> LogEntry:
        if log == "v1":
            body = format_hashedrekord_v1(name, digest, signature, self._pem(issued))
            return self.log_v1.append("hashedrekord", "0.0.1", body, at)
        signer = issued.signer if isinstance(issued, Issued) else issued
        key = signer.public_key
        details = "PKIX_ED25519_PH" if key.kind == "ed25519" else key_details(key) or ""
        details = getattr(signer, "details", details)
        kind = "certificate-der" if isinstance(issued, Issued) else "key-der"
        der = issued.der if isinstance(issued, Issued) else key.spki_der
        body = format_hashedrekord_v2(name, digest, signature, Verifier(kind, der, details))
        return self.log_v2.append("hashedrekord", "0.0.2", body, None)

    @staticmethod
    def _pem(issued: Issued | Signer) -> bytes:
        return format_pem("CERTIFICATE", issued.der) if isinstance(issued, Issued) else issued.public_key.pem()

    def _evidence(
        self,
        content: MessageSignature | Envelope,
        signature: bytes,
        issued: Issued | Signer,
        entry: LogEntry | None,
        stamped_at: datetime | None,
    ) -> Evidence:
        key = issued.signer.public_key if isinstance(issued, Issued) else issued.public_key
        return Evidence(
            source="bundle v0.3",
            signature=signature,
            content=content,
            chain_der=(issued.der,) if isinstance(issued, Issued) else (),
            key_hint=None if isinstance(issued, Issued) else encode_b64(spki_log_id(key.spki_der)),
            entries=() if entry is None else (entry,),
            timestamps=() if stamped_at is None else (self.stamp(signature, stamped_at),),
            proof_required=True,
        )
