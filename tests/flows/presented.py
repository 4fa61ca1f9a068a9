"""Files with several candidates: what tests make them of, and how they ask about them."""

import hashlib
import json
from typing import Any

from pycosign.codec.strict_json import compact_json
from pycosign.flows.blob_source import BlobSource, blob_from_bytes
from pycosign.flows.candidates import (
    JudgedCandidate,
    judge_candidates,
    read_candidates,
)
from pycosign.verify.requirements import Requirements
from pycosign.verify.trust import TrustRoot
from tests.flows.tools import Workshop
from tests.verify.vectors import DATA

ARTIFACT = b"hello\n"
DIGEST = hashlib.sha256(ARTIFACT).hexdigest()
REVIEW = "https://example.com/review/v1"
PUBLISH = "https://docs.pypi.org/attestations/publish/v1"
WHEEL = "sample-1.0-py3-none-any.whl"
CORPUS = DATA / "corpus"


def judged(
    workshop: Workshop,
    data: bytes,
    requirements: Requirements,
    *,
    source: BlobSource | None = None,
    predicate_type: str | None = None,
    trust: TrustRoot | None = None,
) -> list[JudgedCandidate]:
    return list(
        judge_candidates(
            source or blob_from_bytes(ARTIFACT, "artifact"),
            read_candidates(data),
            trust=trust or workshop.trust,
            requirements=requirements,
            now=workshop.now,
            predicate_type=predicate_type,
        )
    )


def errors_of(items: list[JudgedCandidate]) -> list[type]:
    return [type(item.outcome) for item in items]


def lines(*documents: bytes) -> bytes:
    return b"\n".join(documents) + b"\n"


def statement(predicate_type: str = REVIEW, name: str = "artifact", *more: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": DIGEST}}, *more],
            "predicateType": predicate_type,
            "predicate": {},
        }
    ).encode()


def as_pypi(bundle: bytes) -> dict[str, Any]:
    """The same attestation in PyPI's form."""
    value = json.loads(bundle)
    material = value["verificationMaterial"]
    envelope = value["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


def as_provenance(*attestations: dict[str, Any]) -> bytes:
    publisher = {"kind": "GitHub", "repository": "someone/else", "workflow": "release.yml"}
    return compact_json(
        {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": list(attestations)}]}
    )
