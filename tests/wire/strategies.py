"""Hypothesis strategies for the values of `pycosign.wire`."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from pycosign.codec.json_value import JsonValue
from pycosign.codec.strict_json import canonical_json
from pycosign.wire.bundle import Bundle, MessageSignature
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from pycosign.wire.log_entry import InclusionProof, LogEntry

texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
some_bytes = st.binary(min_size=1, max_size=40)
hashes = st.binary(min_size=32, max_size=32)
int64 = st.integers(0, 2**63 - 1)
safe_integers = st.integers(0, 2**53 - 1)
hex_digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
digests = hex_digests.map("sha256:{}".format)
moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)
text_maps = st.dictionaries(texts, texts, max_size=4)
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
json_bytes = json_values.map(canonical_json)

envelope_signatures = st.builds(EnvelopeSignature, some_bytes, texts)
envelopes = st.builds(
    Envelope, st.binary(max_size=60), texts, st.lists(envelope_signatures, min_size=1, max_size=3).map(tuple)
)


@st.composite
def inclusion_proofs(draw: st.DrawFn) -> InclusionProof:
    size = draw(st.integers(1, 2**63 - 1))
    return InclusionProof(
        log_index=draw(st.integers(0, size - 1)),
        root=draw(hashes),
        size=size,
        hashes=tuple(draw(st.lists(hashes, max_size=5))),
        checkpoint=draw(names),
    )


kinds = st.sampled_from([("hashedrekord", "0.0.1"), ("dsse", "0.0.1"), ("intoto", "0.0.2"), ("hashedrekord", "0.0.2")])


@st.composite
def log_entries(draw: st.DrawFn, *, max_integer: int = 2**63 - 1) -> LogEntry:
    """Entries with a body that names their kind, which is all that the readers of entries look for in it."""
    kind, version = draw(kinds)
    body = {"apiVersion": version, "kind": kind, "spec": draw(json_values)}
    return LogEntry(
        log_index=draw(st.integers(0, max_integer)),
        log_id=draw(hashes),
        kind=kind,
        version=version,
        integrated_at=draw(st.none() | st.integers(1, max_integer)),
        promise=draw(st.none() | some_bytes),
        proof=draw(st.none() | inclusion_proofs()),
        body=canonical_json(body),
    )


_DIGEST_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}


@st.composite
def message_signatures(draw: st.DrawFn) -> MessageSignature:
    algorithm = draw(st.none() | st.sampled_from(sorted(_DIGEST_SIZES)))
    size = 0 if algorithm is None else _DIGEST_SIZES[algorithm]
    digest = None if algorithm is None else draw(st.binary(min_size=size, max_size=size))
    return MessageSignature(algorithm, digest, draw(some_bytes))


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    """Bundles of version 0.3: one certificate or a hint, and an inclusion proof in every entry."""
    with_certificate = draw(st.booleans())
    entries = draw(st.lists(log_entries(), max_size=2))
    proved = [entry._replace(proof=entry.proof or draw(inclusion_proofs())) for entry in entries]
    return Bundle(
        version="0.3",
        chain_der=(draw(some_bytes),) if with_certificate else (),
        key_hint=None if with_certificate else draw(texts),
        entries=tuple(proved),
        timestamps=tuple(draw(st.lists(some_bytes, max_size=2))),
        content=draw(st.one_of(message_signatures(), envelopes)),
    )
