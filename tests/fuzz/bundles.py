"""Targets: the documents that hold signatures and attestations."""

import json

from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import Fields, load_json
from pycosign.flows.candidates import read_candidates
from pycosign.flows.verify_blob import is_legacy_bundle, read_bundle_evidence
from pycosign.limits import BUNDLE_BYTES
from pycosign.verify.evidence import (
    evidence_from_bundle,
    evidence_from_envelope,
    evidence_from_legacy_attestation,
    evidence_from_legacy_bundle,
    evidence_from_legacy_layer,
    evidence_from_pypi,
    with_envelope_as_content,
)
from pycosign.wire.attestation_list import listed_from_fields, read_listed
from pycosign.wire.bundle import bundle_from_fields, format_bundle, looks_like_bundle, parse_bundle
from pycosign.wire.bundle_file import parse_bundle_file
from pycosign.wire.dsse import envelope_from_fields, format_envelope, pae, parse_envelope
from pycosign.wire.intoto import parse_statement
from pycosign.wire.legacy import (
    format_legacy_bundle,
    format_rekor_bundle,
    format_rfc3161,
    parse_legacy_bundle,
    parse_rekor_bundle,
    parse_rfc3161,
)
from pycosign.wire.loose_bundle import parse_loose_bundle
from pycosign.wire.pep740 import attestation_from_fields, provenance_from_fields
from pycosign.wire.simplesigning import format_simple_signing, parse_simple_signing
from tests.corpus.load import Entry, corpus
from tests.fuzz import seeds
from tests.fuzz.target import Target, same_again, tolerating

_WHAT = "sample"


# ---- bundles ---------------------------------------------------------------------------------------------------------
def run_bundle(data: bytes) -> None:
    with tolerating():
        bundle = parse_bundle(data)
        if bundle.version == "0.3":
            same_again(data, parse_bundle, format_bundle)
        evidence_from_bundle(bundle)
    with tolerating():
        parse_bundle(data, allow_chain=True)
    with tolerating():
        parse_loose_bundle(data)
    with tolerating():
        looks_like_bundle(load_json(data, what=_WHAT, max_bytes=BUNDLE_BYTES))
        is_legacy_bundle(data)
        read_bundle_evidence(data)


def run_bundle_file(data: bytes) -> None:
    """Whatever may be in a file of attestations: bundles a line each, lists, PyPI's objects, bare envelopes."""
    for is_attestation in (False, True):
        with tolerating():
            read_candidates(data, is_attestation=is_attestation)


def bundle_files() -> list[bytes]:
    """Files of every form that may hold signatures or attestations."""
    lines = b"\n".join(seeds.bundles()[20:23]) + b"\n"
    names = ("corpus/pypi-attestations/*", "corpus/slsa-verifier/*", "corpus/github-cli/*", "corpus/*/*.jsonl")
    return [lines, *seeds.corpus_documents("pep740", "list"), *seeds.recorded(*names), *seeds.envelopes()[:5]]


def run_verification(data: bytes) -> None:
    """The whole pipeline on a changed bundle, as each of a few corpus entries demands it; acceptance is no crash:
    tests/mutation judges that."""
    for entry in _judges():
        with tolerating():
            entry.verify(data)


def _judges() -> list[Entry]:
    names = [name for name, entry in corpus().items() if entry.form == "bundle" and entry.origin == "made"]
    names = names or [name for name, entry in corpus().items() if entry.form == "bundle"]
    return [corpus()[name] for name in names[:: max(1, len(names) // 3)][:3]]


def run_envelope(data: bytes) -> None:
    envelope = same_again(data, parse_envelope, format_envelope)
    if envelope is not None:
        pae(envelope.payload_type, envelope.payload)
    with tolerating():
        evidence_from_legacy_attestation(data, {})
    with tolerating():
        fields = Fields(load_json(data, what=_WHAT, max_bytes=BUNDLE_BYTES), _WHAT)
        envelope_from_fields(fields, refuse_unknown=False)


def run_statement(data: bytes) -> None:
    with tolerating():
        parse_statement(data)


def run_legacy_bundle(data: bytes) -> None:
    legacy = same_again(data, parse_legacy_bundle, format_legacy_bundle)
    if legacy is not None:
        with tolerating():
            with_envelope_as_content(evidence_from_legacy_bundle(legacy))
    same_again(data, parse_rekor_bundle, format_rekor_bundle)
    same_again(data, parse_rfc3161, format_rfc3161)


def run_legacy_layer(data: bytes) -> None:
    """{"payload": B64, "annotations": {...}}: a layer of a legacy image and what its descriptor says."""
    with tolerating():
        fields = Fields(load_json(data, what=_WHAT, max_bytes=BUNDLE_BYTES), _WHAT, protojson=False)
        payload = fields.optional_b64("payload") or b""
        annotations = fields.optional_text_map("annotations") or {}
        with tolerating():
            evidence_from_legacy_layer(payload, annotations)
        evidence_from_legacy_attestation(payload, annotations)


def run_simple_signing(data: bytes) -> None:
    same_again(data, parse_simple_signing, format_simple_signing)


TARGETS = (
    Target(
        "bundle",
        run_bundle,
        seeds.bundles,
        (
            parse_bundle,
            format_bundle,
            evidence_from_bundle,
            looks_like_bundle,
            is_legacy_bundle,
            parse_loose_bundle,
            bundle_from_fields,
            read_bundle_evidence,
        ),
    ),
    Target(
        "bundle-file",
        run_bundle_file,
        bundle_files,
        (
            read_candidates,
            parse_bundle_file,
            listed_from_fields,
            read_listed,
            attestation_from_fields,
            provenance_from_fields,
            evidence_from_envelope,
            evidence_from_pypi,
        ),
    ),
    Target("envelope", run_envelope, seeds.envelopes, (parse_envelope, envelope_from_fields)),
    Target("statement", run_statement, seeds.payloads, (parse_statement,)),
    Target("verification", run_verification, seeds.bundles, (evidence_from_bundle,)),
    Target(
        "legacy-bundle",
        run_legacy_bundle,
        lambda: [
            *seeds.corpus_documents("legacy-bundle", "legacy-attestation-bundle"),
            *seeds.recorded("wire/bundle-cosign2*", "corpus/*/*rfc3161*", "corpus/*/*timestamp*.json"),
            *(json.dumps({"SignedRFC3161Timestamp": encode_b64(stamp)}).encode() for stamp in seeds.stamps()[:3]),
            *(json.dumps(item).encode() for item in [*seeds.members("rekorBundle")][:10]),
        ],
        (
            parse_legacy_bundle,
            parse_rekor_bundle,
            parse_rfc3161,
            evidence_from_legacy_bundle,
            with_envelope_as_content,
        ),
    ),
    Target(
        "legacy-layer",
        run_legacy_layer,
        lambda: seeds.corpus_documents("legacy-layer", "legacy-attestation-layer"),
        (evidence_from_legacy_layer, evidence_from_legacy_attestation),
    ),
    Target("simple-signing", run_simple_signing, seeds.payloads, (parse_simple_signing,)),
)
