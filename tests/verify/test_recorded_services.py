"""What the real services answered, one by one: log entries and timestamps verify with the trust root of their run."""

import base64
import json
from datetime import timedelta

import pytest

from pycosign.codec.pem import parse_pem
from pycosign.crypto.keys import load_public_key
from pycosign.errors import InvalidTimestampError
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence, evidence_from_signature
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.verify.timestamps import check_timestamps
from pycosign.wire.log_entry import LogEntry, parse_tlog_entry, parse_v1_response, parse_v1_responses
from pycosign.wire.rekor_body import LogBody, parse_rekor_body
from pycosign.wire.tsp import parse_response
from tests.verify.vectors import NOW, RECORDED, RECORDED_REQUIREMENTS, RECORDINGS, read_evidence, recorded_trust

TRUST = recorded_trust()
V1 = ("post-hashedrekord-cosign3", "post-hashedrekord-key", "get-entry-index", "get-entry-leaf-hash", "get-entry-uuid")
TIMESTAMPS = ("json-request", "no-certreq", "nonce-certreq", "sha512", "timestamp-cosign3")


def response(name: str) -> bytes:
    answer = json.loads((RECORDINGS / f"{name}.json").read_bytes())["response"]
    return base64.b64decode(answer["body_base64"]) if "body_base64" in answer else answer["body"].encode()


def recorded(name: str) -> Evidence:
    return read_evidence(RECORDED[name].read_bytes())


def entries() -> dict[str, LogEntry]:
    found = {f"rekor-v1-{name}": parse_v1_response(response(f"rekor-v1-{name}"))[1] for name in V1}
    for name in ("retrieve-by-entry", "retrieve-by-uuid"):
        for position, (_, entry) in enumerate(parse_v1_responses(response(f"rekor-v1-{name}"))):
            found[f"rekor-v1-{name} {position}"] = entry
    for name in ("rekor-v2-post-hashedrekord-cosign3", "rekor-v2-post-hashedrekord-key"):
        found[name] = parse_tlog_entry(response(name))
    return {name: entry for name, entry in found.items() if entry.kind == "hashedrekord"}


ENTRIES = entries()


def signer_of(body: LogBody) -> tuple[tuple[bytes, ...], Requirements]:
    """The certificate chain and the requirements that fit an entry's own words."""
    (verifier,) = body.verifiers
    if body.verifier_kind == "pem":
        (block,) = parse_pem(verifier, what="verifier")
        if block.label == "CERTIFICATE":
            return (block.der,), RECORDED_REQUIREMENTS
    if body.verifier_kind == "certificate-der":
        return (verifier,), RECORDED_REQUIREMENTS
    return (), Requirements(SignerKey(load_public_key(verifier)))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_recorded_log_entry_proves_what_it_says(name: str) -> None:
    entry = ENTRIES[name]
    body = parse_rekor_body(entry.body)
    chain, requirements = signer_of(body)
    evidence = evidence_from_signature(body.signatures[0], chain_der=chain, entries=(entry,))
    if chain and "v2" in name:  # the log does not say when: the authority does, and Cosign put that into its bundle
        evidence = evidence._replace(timestamps=recorded("bundle-cosign3-blob-rekor-v2").timestamps)
    artifact = Artifact({body.digest_algorithm: body.digest})
    verified = verify(evidence, artifact, trust=TRUST, requirements=requirements, now=NOW)
    (logged,) = verified.log_entries
    assert logged.log_index == entry.log_index
    assert logged.proved_by == (("inclusion",) if "v2" in name else ("promise", "inclusion"))


@pytest.mark.parametrize("name", TIMESTAMPS)
def test_a_recorded_timestamp_is_of_the_known_authority(name: str) -> None:
    der = response(f"tsa-{name}")
    token = parse_response(der)
    evidence = Evidence("recording", stamped_by(name), evidence_from_signature(b"").content, timestamps=(der,))
    checked = check_timestamps(evidence, TRUST)
    assert checked.ignored == ()
    (valid,) = checked.valid
    assert valid.at == token.gen_time
    assert NOW - timedelta(days=1) < valid.at < NOW
    with pytest.raises(InvalidTimestampError):
        check_timestamps(evidence._replace(signature=b"something else"), TRUST)


def stamped_by(name: str) -> bytes:
    """The bytes that the request had stamped."""
    return recorded("bundle-cosign3-attest-blob-rekor-v2").signature if "cosign3" in name else b"hello\n"
