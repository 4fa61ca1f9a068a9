"""What is in a bundle, as data. Nothing is checked: everything here is what the bundle, or who wrote it, claims."""

from datetime import UTC, datetime

from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.codec.strict_json import Fields, load_json
from pycosign.crypto.algorithms import HASH_OIDS
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.names import format_name
from pycosign.errors import MalformedError
from pycosign.flows.service_names import ServiceNames
from pycosign.limits import PAYLOAD_BYTES, SUBJECTS
from pycosign.verify.fulcio_claims import CLAIM_NUMBERS
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.loose_bundle import LooseBundle, LooseEntry, LooseEnvelope, LooseMaterial, LooseMessage
from pycosign.wire.sct import parse_sct_list
from pycosign.wire.tsp import parse_response

__all__ = ["UNCHECKED", "describe_bundle"]

UNCHECKED = "nothing was checked: this is what the bundle says of itself, and anybody can write one that says it"
_NAMES = {number: name for name, number in CLAIM_NUMBERS.items()}


def describe_bundle(bundle: LooseBundle, names: ServiceNames) -> JsonObject:
    """The bundle's parts; null for a part that is not there, `problem` where one cannot be read."""
    material = bundle.material
    return {
        "notice": UNCHECKED,
        "media_type": bundle.media_type,
        "signer": None if material is None else _signer(material, names),
        "log_entries": [] if material is None else [_entry(entry, names) for entry in material.entries],
        "timestamps": [] if material is None else [_timestamp(stamp) for stamp in material.timestamps or ()],
        "content": _content(bundle),
    }


def _signer(material: LooseMaterial, names: ServiceNames) -> "JsonObject | None":
    if material.kind == "publicKey":
        return {"kind": "key", "hint": material.hint}
    if not material.certificates_der:
        return None
    described: JsonObject = {"kind": "certificate", "chain_length": len(material.certificates_der)}
    try:
        described |= _certificate(parse_certificate(material.certificates_der[0]), names)
    except MalformedError as exc:
        described["problem"] = str(exc)
    return described


def _certificate(certificate: Certificate, names: ServiceNames) -> JsonObject:
    claims = certificate.fulcio_extensions
    authority = certificate.authority_key_id
    scts = () if certificate.sct_list_der is None else parse_sct_list(certificate.sct_list_der)
    named: JsonObject = {_NAMES[number]: claims[number] for number in sorted(claims) if number in _NAMES}
    listed: list[JsonValue] = [
        {
            "log_id": sct.log_id.hex(),
            "log_url": names.certificate_logs.get(sct.log_id),
            "time": _moment(sct.timestamp_ms // 1000),
        }
        for sct in scts
    ]
    return {
        "identities": [{"kind": item.kind, "value": item.value} for item in certificate.san],
        "issuer": claims.get(8) or claims.get(1),
        "claims": named,
        "valid_from": format_rfc3339(certificate.not_before),
        "valid_until": format_rfc3339(certificate.not_after),
        "key": certificate.public_key.kind,
        "serial": f"{certificate.serial:x}",
        "issued_by": format_name(certificate.issuer_der),
        "authority_url": None if authority is None else names.authorities.get(authority),
        "certificate_timestamps": listed,
    }


def _moment(seconds: int) -> str | None:
    try:
        return format_rfc3339(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _entry(entry: LooseEntry, names: ServiceNames) -> JsonObject:
    kind, version = entry.kind_version or (None, None)
    return {
        "index": entry.log_index,
        "log_id": None if entry.log_id is None else entry.log_id.hex(),
        "log_url": names.transparency_logs.get(entry.log_id or b""),
        "kind": kind,
        "version": version,
        "integrated_time": _moment(entry.integrated_at) if entry.integrated_at else None,
        "has_promise": entry.promise is not None,
        "proof": _proof(entry),
    }


def _proof(entry: LooseEntry) -> "JsonObject | None":
    proof = entry.proof
    if proof is None:
        return None
    described: JsonObject = {
        "index": proof.log_index,
        "tree_size": proof.tree_size,
        "root": proof.root.hex(),
        "hashes": len(proof.hashes),
        "checkpoint": None,
    }
    if proof.checkpoint:
        try:
            note, checkpoint = parse_signed_checkpoint(proof.checkpoint)
        except MalformedError as exc:
            described["checkpoint"] = {"problem": str(exc)}
        else:
            described["checkpoint"] = {
                "origin": checkpoint.origin,
                "tree_size": checkpoint.size,
                "signed_as": [item.name for item in note.signatures],
            }
    return described


def _timestamp(stamp: bytes) -> JsonObject:
    try:
        token = parse_response(stamp)
    except MalformedError as exc:
        return {"problem": str(exc)}
    return {
        "time": format_rfc3339(token.gen_time),
        "hash": HASH_OIDS.get(token.hash_oid, token.hash_oid),
        "imprint": token.imprint.hex(),
        "serial": str(token.serial),
        "policy": token.policy,
    }


def _content(bundle: LooseBundle) -> "JsonObject | None":
    content = bundle.content
    if content is None:
        return None
    if isinstance(content, LooseMessage):
        algorithm, digest = content.digest or (None, b"")
        return {
            "kind": "message",
            "digest_algorithm": algorithm,
            "digest": digest.hex() or None,
            "signature_bytes": len(content.signature),
        }
    return _envelope(content)


def _envelope(envelope: LooseEnvelope) -> JsonObject:
    described: JsonObject = {
        "kind": "envelope",
        "payload_type": envelope.payload_type,
        "payload_bytes": len(envelope.payload),
        "signatures": len(envelope.signatures),
        "statement": None,
    }
    if envelope.payload_type != "application/vnd.in-toto+json":
        return described
    try:
        described["statement"] = _statement(envelope.payload)
    except MalformedError as exc:
        described["problem"] = str(exc)
    return described


def _statement(payload: bytes) -> JsonObject:
    fields = Fields(load_json(payload, what="statement", max_bytes=PAYLOAD_BYTES), "statement", protojson=False)
    subjects: list[JsonValue] = []
    for subject in fields.optional_objects("subject", limit=SUBJECTS) or ():
        digests: JsonObject = dict(subject.optional_text_map("digest") or {})
        subjects.append({"name": subject.optional_text("name"), "digests": digests})
    return {"predicate_type": fields.optional_text("predicateType"), "subjects": subjects}
