"""The corpus: every kind of accepted evidence, each with the trust and the demands that accept it.

`table.toml` has one row for each. Every entry has one JSON document that holds all of its evidence, so that whoever
changes documents (tests/mutation) need not know the formats:

| form | document |
| --- | --- |
| bundle | the Sigstore bundle |
| legacy-bundle | Cosign's own JSON bundle; with a file beside it {"bundle", "timestamp"} or {"bundle", "sct"} |
| legacy-attestation-bundle | the same, with an envelope where the signature belongs |
| legacy-layer | {"payload": base64 of the layer, "annotations": those of its descriptor} |
| legacy-attestation-layer | the same; the layer is an envelope |
| pep740 | PyPI's attestation object, or a provenance object with one |
| list | what npm's registry or GitHub's API answers, with one element: `element` picks it of several |
"""

import json
import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import Fields, load_json
from pycosign.crypto.keys import load_public_key
from pycosign.errors import MalformedError, SigningError
from pycosign.flows.candidates import Candidate, read_candidates
from pycosign.limits import BUNDLE_BYTES
from pycosign.verify.artifact import Artifact, artifact_from_bytes, artifact_from_digest, image_artifact
from pycosign.verify.evidence import (
    Evidence,
    evidence_from_bundle,
    evidence_from_legacy_attestation,
    evidence_from_legacy_bundle,
    evidence_from_legacy_layer,
    with_envelope_as_content,
)
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.legacy import parse_legacy_bundle, parse_rfc3161
from pycosign.wire.sct_response import parse_sct_response
from tests.verify.vectors import DATA, NOW, read_trust

TABLE = Path(__file__).parent / "table.toml"


@cache
def _trust(path: str) -> TrustRoot:
    return read_trust(DATA / path)


class Options(NamedTuple):
    """What a verifier's command line is given for an entry. Paths are absolute; artifact may be ALG:HEX."""

    artifact: str
    trust: str | None
    key: str | None
    identity: str
    issuer: str
    waive: tuple[str, ...]


class Entry:
    """One row of the table."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.name: str = row["name"]
        self.form: str = row["form"]
        self.origin: str = row["origin"]
        self._row = row
        self.trust: TrustRoot | None = _trust(row["trust"]) if "trust" in row else None
        self.requirements = _requirements(row)
        self.artifact = _artifact(row)

    def document(self) -> bytes:
        """The evidence as one JSON document, without spaces."""
        value: Any = json.loads(self._file("file"))
        if "layer" in self._row:
            annotations = value["layers"][-1]["annotations"]
            value = {"payload": encode_b64(self._file("layer")), "annotations": annotations}
        elif self.form == "list":
            value = _listed(value, self._row)
        for member in ("timestamp", "sct"):
            if member in self._row:
                value = {"bundle": value, member: json.loads(self._file(member))}
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def evidence(self, document: bytes) -> Evidence:
        """Read a document of this entry's form.

        Raises: SigningError alone.
        """
        if self.form == "bundle":
            return evidence_from_bundle(parse_bundle(document))
        if self.form in ("pep740", "list"):
            return self._decisive(read_candidates(document, is_attestation=True))
        if self.form.startswith("legacy-bundle") or self.form == "legacy-attestation-bundle":
            return self._legacy_bundle(document)
        fields = Fields(load_json(document, what="layer", max_bytes=BUNDLE_BYTES), "layer", protojson=False)
        payload = fields.b64("payload")
        annotations = fields.optional_text_map("annotations") or {}
        fields.refuse_unknown()
        if self.form == "legacy-layer":
            return evidence_from_legacy_layer(payload, annotations)
        return evidence_from_legacy_attestation(payload, annotations)

    def verify(self, document: bytes) -> Verified:
        """Judge a document as the table demands.

        Raises: SigningError alone.
        """
        return self.verify_evidence(self.evidence(document))

    def verify_evidence(self, evidence: Evidence) -> Verified:
        return verify(evidence, self.artifact, trust=self.trust, requirements=self.requirements, now=NOW)

    def _decisive(self, candidates: tuple[Candidate, ...]) -> Evidence:
        """The one that decides: the first that is accepted, as for the command; else the first that can be read."""
        evidences = [item.evidence for item in candidates if isinstance(item.evidence, Evidence)]
        if not evidences:
            assert isinstance(candidates[0].evidence, MalformedError)
            raise candidates[0].evidence
        for evidence in evidences if len(evidences) > 1 else ():
            with suppress(SigningError):
                self.verify_evidence(evidence)
                return evidence
        return evidences[0]

    def options(self) -> Options:
        row = self._row
        paths = {name: str(DATA / row[name]) if name in row else None for name in ("artifact", "trust", "key")}
        artifact = paths["artifact"] or row.get("digest") or row["image"]
        waive = tuple(row.get("waive", ()))
        return Options(artifact, paths["trust"], paths["key"], row.get("identity", ""), row.get("issuer", ""), waive)

    def _legacy_bundle(self, document: bytes) -> Evidence:
        if "sct" in self._row:
            fields = Fields(load_json(document, what="pair", max_bytes=BUNDLE_BYTES), "pair", protojson=False)
            bundle, sct = fields.value("bundle"), fields.value("sct")
            fields.refuse_unknown()
            evidence = evidence_from_legacy_bundle(parse_legacy_bundle(json.dumps(bundle).encode()))
            return evidence._replace(detached_sct=parse_sct_response(json.dumps(sct).encode()))
        if "timestamp" in self._row:
            fields = Fields(load_json(document, what="pair", max_bytes=BUNDLE_BYTES), "pair", protojson=False)
            bundle, stamp = fields.value("bundle"), fields.value("timestamp")
            fields.refuse_unknown()
            timestamps = (parse_rfc3161(json.dumps(stamp).encode()),)
            return evidence_from_legacy_bundle(parse_legacy_bundle(json.dumps(bundle).encode()), timestamps=timestamps)
        evidence = evidence_from_legacy_bundle(parse_legacy_bundle(document))
        return with_envelope_as_content(evidence) if self.form == "legacy-attestation-bundle" else evidence

    def _file(self, member: str) -> bytes:
        path: str = self._row[member]
        return (DATA / path).read_bytes()


def _listed(value: Any, row: dict[str, Any]) -> Any:
    """A list with one element; `wrap = "github"` puts a bundle into an answer of GitHub's API ("List attestations")."""
    if row.get("wrap") == "github":
        url = "https://example.com/attestation.json.sn"
        return {"attestations": [{"bundle": value, "repository_id": 1, "bundle_url": url, "initiator": "user"}]}
    return {"attestations": [value["attestations"][row["element"]]]}


def _requirements(row: dict[str, Any]) -> Requirements:
    waivers = frozenset(Waiver(name) for name in row.get("waive", ()))
    if "key" in row:
        return Requirements(
            SignerKey(load_public_key((DATA / row["key"]).read_bytes())), waivers, allow_any_predicate=True
        )
    identity = SignerIdentity(TextRule(row["identity"]), TextRule(row["issuer"]))
    return Requirements(identity, waivers, allow_any_predicate=True)


def _artifact(row: dict[str, Any]) -> Artifact:
    if "image" in row:
        return image_artifact(row["image"])
    if "digest" in row:
        return artifact_from_digest(row["digest"])
    return artifact_from_bytes((DATA / row["artifact"]).read_bytes())


@cache
def _rows() -> dict[str, dict[str, Any]]:
    rows = tomllib.loads(TABLE.read_text())["entry"]
    found = {row["name"]: row for row in rows}
    assert len(found) == len(rows), "a name is used twice"
    return found


def kind_in_table(name: str) -> str:
    """What the table says of an entry, for people."""
    return str(_rows()[name]["kind"])


@cache
def corpus() -> dict[str, Entry]:
    """Every entry, by name."""
    return {name: Entry(row) for name, row in _rows().items()}
