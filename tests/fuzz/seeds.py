"""Samples for the targets, taken out of tests/data: whole files, and what is inside them."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from pycosign.codec.b64 import decode_b64
from pycosign.codec.pem import parse_pem
from pycosign.errors import SigningError
from pycosign.wire.tsp import parse_response
from tests.corpus.load import corpus
from tests.recordings import exchange
from tests.verify.vectors import CONFORMANCE, DATA, RECORDINGS

__all__ = [
    "bodies", "bundles", "certificates", "checkpoints", "corpus_documents", "entries", "envelopes", "exchanged",
    "keys", "members", "payloads", "pems", "recorded", "stamps", "trusted_roots",
]  # fmt: skip

Seeds = Callable[[], list[bytes]]
_SEED_BYTES = 64 << 10
_MOST = 250


def _distinct(found: Iterable[bytes]) -> list[bytes]:
    """Without repetitions, the shorter first."""
    return sorted({item for item in found if 0 < len(item) <= _SEED_BYTES}, key=lambda item: (len(item), item))[:_MOST]


def corpus_documents(*forms: str) -> list[bytes]:
    """The corpus's documents of these forms."""
    return _distinct(entry.document() for entry in corpus().values() if entry.form in forms)


@cache
def bundles() -> list[bytes]:
    """Every bundle that is there, good or bad, without white space where that is possible."""
    found = corpus_documents("bundle")
    for path in (*CONFORMANCE.glob("*/bundle.sigstore.json"), *CONFORMANCE.glob("*/*.sigstore.json")):
        try:
            found.append(json.dumps(json.loads(path.read_bytes()), separators=(",", ":")).encode())
        except ValueError:
            found.append(path.read_bytes())
    return _distinct(found)


def members(name: str) -> Iterator[Any]:
    """Every value that some document calls so, at any depth."""
    stack: list[Any] = []
    for document in (*bundles(), *(entry.document() for entry in corpus().values())):
        try:
            stack.append(json.loads(document))
        except ValueError:
            continue
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if value.get(name) is not None:
                yield value[name]
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _decoded(values: Iterable[Any]) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, str):
            try:
                yield decode_b64(value, what="sample")
            except SigningError:
                continue


def _json(values: Iterable[Any]) -> Iterator[bytes]:
    return (json.dumps(value, separators=(",", ":")).encode() for value in values)


@cache
def envelopes() -> list[bytes]:
    """DSSE envelopes."""
    return _distinct(_json(members("dsseEnvelope")))


@cache
def payloads() -> list[bytes]:
    """What is inside envelopes: statements; and inside the layers of legacy signatures."""
    return _distinct(_decoded(members("payload")))


@cache
def entries() -> list[bytes]:
    """Log entries as bundles have them."""
    return _distinct(_json(item for found in members("tlogEntries") if isinstance(found, list) for item in found))


@cache
def bodies() -> list[bytes]:
    """Canonical bodies of log entries."""
    return _distinct(_decoded((*members("canonicalizedBody"), *members("body"))))


@cache
def checkpoints() -> list[bytes]:
    """Signed checkpoints."""
    found = [item.get("envelope") for item in members("checkpoint") if isinstance(item, dict)]
    return _distinct(text.encode() for text in found if isinstance(text, str))


@cache
def stamps() -> list[bytes]:
    """Timestamp responses, DER."""
    found = [*_decoded(members("signedTimestamp")), *_decoded(members("SignedRFC3161Timestamp"))]
    return _distinct((*found, *(exchange(path.stem)[1].body for path in RECORDINGS.glob("tsa-*.json"))))


@cache
def certificates() -> list[bytes]:
    """Certificates, DER: leaves, and those of authorities."""
    found = list(_decoded(members("rawBytes")))
    for path in (DATA / "public-good" / "trusted_root.json", RECORDINGS / "file-trusted_root.json"):
        root = json.loads(path.read_bytes())
        for name in ("certificateAuthorities", "timestampAuthorities"):
            for authority in root[name]:
                found += _decoded(item["rawBytes"] for item in authority["certChain"]["certificates"])
    for stamp in stamps():
        try:
            found += parse_response(stamp).certificates_der
        except SigningError:
            continue
    return _distinct(item for item in found if item[:1] == b"\x30")


@cache
def trusted_roots() -> list[bytes]:
    """Trust roots, without white space."""
    paths = (*CONFORMANCE.glob("*/trusted_root.json"), *(DATA / "corpus" / "trust").glob("*.json"))
    paths += (DATA / "public-good" / "trusted_root.json", RECORDINGS / "file-trusted_root.json")
    return _distinct(json.dumps(json.loads(path.read_bytes()), separators=(",", ":")).encode() for path in paths)


@cache
def pems() -> list[bytes]:
    """PEM files: public keys, certificates, and Cosign's encrypted private key."""
    paths = (*DATA.rglob("*.pub"), *DATA.rglob("*.pem"), *DATA.rglob("*.key"), *DATA.rglob("*.crt"))
    return _distinct(path.read_bytes() for path in paths)


@cache
def keys() -> list[bytes]:
    """Public keys, DER: of files and of trust roots."""
    found = []
    for pem in pems():
        try:
            found += [block.der for block in parse_pem(pem, what="sample") if block.label == "PUBLIC KEY"]
        except SigningError:  # the conformance suite has such a file, too
            continue
    for document in trusted_roots():
        root = json.loads(document)
        for name in ("tlogs", "ctlogs"):
            found += _decoded(log["publicKey"]["rawBytes"] for log in root.get(name, ()))
    return _distinct(found)


def recorded(*patterns: str) -> list[bytes]:
    """Whole recorded files whose names match."""
    return _distinct(path.read_bytes() for pattern in patterns for path in DATA.glob(pattern))


def exchanged(*patterns: str, answers: bool) -> list[bytes]:
    """The bodies of recorded requests, or of answers."""
    names = [path.stem for pattern in patterns for path in RECORDINGS.glob(f"{pattern}.json")]
    return _distinct(exchange(name)[int(answers)].body for name in names)
