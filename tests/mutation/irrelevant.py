"""Fields whose change may be accepted, each with the proof that nobody relies on it. Everything else is a hole.

A row says as well how much of the original must be left. No row allows `Likeness.OTHER`: whatever is accepted has the
original's signer, payload and artifact.
"""

import binascii
import json
import re
from collections.abc import Callable
from enum import IntEnum
from functools import cache
from typing import NamedTuple

from tests.corpus.load import corpus
from tests.mutation.document import Family
from tests.mutation.values import Element, parse_elements


class Likeness(IntEnum):
    """How much of the original an accepted mutant still is; a higher one is more alike."""

    OTHER = 0  # it proves something else about signer or artifact
    RESIGNED = 1  # the same signer, payload and artifact, by another signature of this signer
    SIGNER = 2  # the same signer, signature, payload and artifact, with other moments or log entries
    LESS = 3  # the same, with some of the moments or log proofs
    PROOF = 4  # it proves exactly the same
    EVIDENCE = 5  # it is parsed to equal evidence: another spelling


# a registry's list around the bundle or attestation object
_FRAME = re.compile(r"attestations\[\]\.bundle\.|attestation_bundles\[\]\.attestations\[\]\.")

Region = Callable[[bytes, bytes], bool]  # the field's bytes, the changed ones -> whether only this region was changed


class Irrelevance(NamedTuple):
    """Changes that may be accepted: patterns for the whole path, kind and entry, what must be left, and where."""

    reason: str
    path: str
    kind: str = ".*"
    at_least: Likeness = Likeness.PROOF
    region: Region | None = None
    entry: str = ".*"

    def covers(self, name: str, family: Family, number: int, likeness: Likeness) -> bool:
        return (
            likeness >= self.at_least > Likeness.OTHER
            and re.fullmatch(self.path, _FRAME.sub("", family.path)) is not None
            and re.fullmatch(self.kind, family.kind) is not None
            and re.fullmatch(self.entry, name) is not None
            and (self.region is None or _is_inside(self.region, family, number))
        )


def row_of(name: str, family: Family, number: int, likeness: Likeness) -> Irrelevance | None:
    """The row that allows this mutant of the entry `name` to be accepted."""
    return next((row for row in TABLE if row.covers(name, family, number, likeness)), None)


# ---- regions -------------------------------------------------------------------------------------------------------
def _is_inside(region: Region, family: Family, number: int) -> bool:
    return family.alter is not None and region(family.raw, family.alter(number))


def went_on(raw: bytes, changed: bytes) -> bool:
    """All of it is still there, in the same place."""
    return changed.startswith(raw)


def unsigned_cms(raw: bytes, changed: bytes) -> bool:
    """Only what no signature of a timestamp covers and no check reads was changed.

    Certificates, CRLs and the list of digest algorithms (RFC 5652, 5.1: each signer names its own, which is checked).
    """
    rest = _without_unsigned(raw)
    return rest is not None and rest == _without_unsigned(changed)


def _without_unsigned(raw: bytes) -> list[bytes] | None:
    """The parts of TimeStampResp -> ContentInfo -> SignedData, without the unsigned ones."""
    top = parse_elements(raw, 0, len(raw))
    signed_data = _descend(top, (0, 1, 1, 0))
    if signed_data is None or top is None or len(top) != 1:
        return None
    parts = [raw[: signed_data.start].hex().encode()[:4]]
    parts += [raw[e.start : e.end] for e in top[0].inner[:1]]
    for position, element in enumerate(signed_data.inner):
        if position != 1 and raw[element.start] not in (0xA0, 0xA1):
            parts.append(raw[element.start : element.end])
    return parts


def _descend(elements: tuple[Element, ...] | None, path: tuple[int, ...]) -> Element | None:
    found = None
    for position in path:
        if elements is None or position >= len(elements):
            return None
        found = elements[position]
        elements = found.inner
    return found


def unsigned_cms_in_json(raw: bytes, changed: bytes) -> bool:
    """The same, where the timestamp stands in Cosign's JSON."""
    try:
        stamps = [
            binascii.a2b_base64(json.loads(text)["SignedRFC3161Timestamp"], strict_mode=True) for text in (raw, changed)
        ]
    except (ValueError, KeyError):
        return False
    return unsigned_cms(*stamps)


def other_signature_lines(raw: bytes, changed: bytes) -> bool:
    """Only lines of a checkpoint that other keys than the trusted logs' signed were changed."""
    return _own_lines(raw) == _own_lines(changed)


def _own_lines(checkpoint: bytes) -> list[bytes]:
    text, _, signatures = checkpoint.partition(b"\n\n")
    own = [line for line in signatures.split(b"\n") if _key_hint(line) in _log_hints()]
    return [text, *own]


def _key_hint(line: bytes) -> bytes:
    try:
        return binascii.a2b_base64(line.rpartition(b" ")[2])[:4]
    except binascii.Error:
        return b""


@cache
def _log_hints() -> frozenset[bytes]:
    trusts = [entry.trust for entry in corpus().values() if entry.trust is not None]
    return frozenset(log.key_hint for trust in trusts for logs in trust.logs.values() for log in logs)


def unread_envelope_members(raw: bytes, changed: bytes) -> bool:
    """The envelopes differ in the key id, in members that DSSE does not know, or in white space alone."""
    try:
        return _read_members(raw) == _read_members(changed)
    except (ValueError, KeyError, TypeError):
        return False


def _read_members(envelope: bytes) -> tuple[object, ...]:
    value = json.loads(envelope)
    return value["payload"], value["payloadType"], [item["sig"] for item in value["signatures"]]


# ---- the table -----------------------------------------------------------------------------------------------------
_ENTRY = r"(verificationMaterial\.tlogEntries|verification_material\.transparency_entries)"
_STAMP = (
    r"(verificationMaterial\.timestampVerificationData.*|timestamp\.SignedRFC3161Timestamp.*"
    r"|annotations\.dev\.sigstore\.cosign/rfc3161timestamp.*)"
)
_NEEDS_NO_STAMP = r"sigstore-python-tsa-bundle\.txt|sigstore-go-public-key-validity|self-ml-dsa-44-key"
_TWO_LOGS = "made-two-logs-two-timestamps"
_ENVELOPE = r"(payload>|base64Signature>)"

TABLE: tuple[Irrelevance, ...] = (
    Irrelevance(
        "another spelling: protobuf JSON takes camelCase and snake_case names, null or absence for zeros and empty "
        "lists, 64-bit integers as number or text",
        path=r".*",
        kind="member|other type|list|number|text|swap",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "white space in the JSON of an annotation, or beside the PEM of one",
        path=r"annotations\..*",
        kind="text bit",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "annotations that Cosign writes for people, or whose names nobody knows: not signed, and not looked at",
        path=r"annotations(\.predicateType)?",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "the signature's annotation of an attestation layer: Cosign leaves it empty, the signature is in the envelope",
        path=r"annotations\.dev\.cosignproject\.cosign/signature",
        entry="made-attest-.*",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "what npm's registry or GitHub says beside a bundle: shown, and nothing is decided by it",
        path=r"attestations\[\](\.(predicateType|repository_id|bundle_url|initiator).*)?",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "what the index says of a publisher: shown, and nothing is decided by it (the certificate says who it was)",
        path=r"attestation_bundles\[\]\.publisher(\..*)?",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "the bundle's version is not signed; it only says which members must be there, and they are",
        path="mediaType",
        kind="swap|text|text bit",
    ),
    Irrelevance(
        "the key hint helps to find a key; the key comes from the caller alone",
        path=r"verificationMaterial\.publicKey(\.hint.*)?",
    ),
    Irrelevance(
        "the key that Cosign writes beside the signature: with a key demanded it is compared with that and not used",
        path="cert>?",
        kind="member|text|size",
        entry="made-cosign3-legacy-key|made-intoto-001-key-legacy",
    ),
    Irrelevance(
        "the key id of an envelope's signature is not signed, and no key is chosen by it (DSSE, protocol.md)",
        path=rf"(dsseEnvelope\.|{_ENVELOPE}\.?)signatures(\[\](\.keyid.*)?)?",
    ),
    Irrelevance(
        "an envelope of an old attestation may have members that nobody knows: DSSE asks readers to ignore them",
        path=rf"{_ENVELOPE}.*",
        kind="member|unknown member",
    ),
    Irrelevance(
        "the same, changed in the JSON text of the envelope",
        path=_ENVELOPE,
        kind="bit|size",
        region=unread_envelope_members,
    ),
    Irrelevance(
        "white space after the PEM or JSON text that a base64 text holds",
        path=r"(bundle\.)?cert>|payload>|base64Signature>",
        kind="size|bit",
        at_least=Likeness.EVIDENCE,
    ),
    Irrelevance(
        "without a log (waived) any other signature of the same key over the same artifact is as good",
        path=r"messageSignature(\.signature)?",
        kind="swap",
        at_least=Likeness.RESIGNED,
        entry="made-cosign3-key-k-no-log",
    ),
    Irrelevance(
        "RSA signatures (PKCS #1 v1.5) come out the same each time, so both logs hold this very one: both count",
        path=_ENTRY,
        kind="list",
        at_least=Likeness.SIGNER,
        entry="made-cosign3-key-rsa-.*",
    ),
    Irrelevance(
        "the digest beside a signature is the signer's hint: the verifier hashes the artifact itself, and compares a "
        "digest that is there",
        path=r"messageSignature\.messageDigest",
    ),
    Irrelevance(
        "certificates after the leaf are suggestions for the path; every one that is used is checked, and here the "
        "trust root has them all",
        path=r"(verificationMaterial\.x509CertificateChain|annotations\.dev\.sigstore\.cosign/chain).*",
    ),
    Irrelevance(
        "so are certificates behind the signer's in its annotation: `attach signature` keeps a file that has both",
        path=r"annotations\.dev\.sigstore\.cosign/certificate",
        kind="text",
        region=went_on,
    ),
    Irrelevance(
        "an entry of an unknown log does not count and is reported, wherever it stands beside one that counts",
        path=_ENTRY,
        kind="list",
    ),
    Irrelevance(
        "each of two logs is enough: an entry that names a log nobody knows does not count and is reported, one that "
        "is left out is not there; whatever else is changed in an entry of a known log is refused",
        path=rf"{_ENTRY}(\[\](\.logId.*)?)?",
        at_least=Likeness.LESS,
        entry=_TWO_LOGS,
    ),
    Irrelevance(
        "version 0.1 asks for the log's promise alone: an inclusion proof or its checkpoint may be missing",
        path=rf"{_ENTRY}\[\]\.inclusionProof.*",
        at_least=Likeness.LESS,
    ),
    Irrelevance(
        "from version 0.2 on an inclusion proof is enough for the log, the promise only adds its time; something else "
        "must prove a time where a certificate signed",
        path=rf"{_ENTRY}\[\](\.inclusionPromise.*|\.integratedTime)",
        at_least=Likeness.LESS,
    ),
    Irrelevance(
        "other signers of a checkpoint (witnesses): nobody demands them yet",
        path=rf"{_ENTRY}\[\]\.inclusionProof\.checkpoint\.envelope",
        region=other_signature_lines,
    ),
    Irrelevance(
        "another bundle's proof of the very same signature: same signer, same artifact, proved as well",
        path=rf"verificationMaterial|{_ENTRY}.*",
        kind="swap",
        at_least=Likeness.SIGNER,
    ),
    Irrelevance(
        "parts of a timestamp that its authority does not sign and that the verifier does not read: the certificates "
        "that come along when the trust root has the authority's own, and the list of digest algorithms",
        path=rf"{_STAMP}>",
        region=unsigned_cms,
    ),
    Irrelevance(
        "the same, changed in the base64 of Cosign's annotation",
        path=_STAMP,
        region=unsigned_cms_in_json,
    ),
    Irrelevance(
        "a timestamp of no known authority does not count and is reported; what is left proves a time, or a demanded "
        "key needs none",
        path=_STAMP,
        at_least=Likeness.LESS,
    ),
    Irrelevance(
        "a timestamp that does not count is added to one that does: reported, no more",
        path=_STAMP,
        kind="list|member|other type|swap",
    ),
    Irrelevance(
        "the timestamps of these entries never count (unknown authority), or nothing needs a time (key, log waived)",
        path=_STAMP,
        at_least=Likeness.SIGNER,
        entry=_NEEDS_NO_STAMP,
    ),
    Irrelevance(
        "without a log (waived) a key's bundle is hint and signature; all material beside it is replaceable",
        path="verificationMaterial",
        kind="swap",
        at_least=Likeness.SIGNER,
    ),
)
