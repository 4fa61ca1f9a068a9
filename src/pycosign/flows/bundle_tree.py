"""A bundle as `cosign bundle inspect` prints it: a tree of what is in it. Nothing is checked.

Source: the output of cosign 3.1.2, which a test compares over all bundles of the corpus.
"""

import json
from datetime import UTC, datetime
from typing import Final

from pycosign.codec.b64 import decode_b64
from pycosign.errors import MalformedError
from pycosign.flows.certificate_tree import add_certificate, go_seconds
from pycosign.flows.service_names import ServiceNames
from pycosign.flows.tree_lines import Node, present
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.loose_bundle import LooseBundle, LooseEntry, LooseEnvelope, LooseMaterial, LooseMessage
from pycosign.wire.tsp import parse_response

__all__ = ["bundle_tree"]

_VERSIONS: Final = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": 1,
    "application/vnd.dev.sigstore.bundle+json;version=0.2": 2,
    "application/vnd.dev.sigstore.bundle+json;version=0.3": 3,
    "application/vnd.dev.sigstore.bundle.v0.3+json": 3,
}
_HASHES: Final = {20: "SHA-1", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512"}
_WARNING: Final = "[!] WARNING"
_IN_TOTO: Final = "application/vnd.in-toto+json"


def bundle_tree(bundle: LooseBundle, names: ServiceNames) -> Node:
    """The tree; names: where URLs for ids come from."""
    root = Node("")
    root.add("Bundle Media Type", bundle.media_type)
    version = _VERSIONS.get(bundle.media_type, 0)
    if not bundle.media_type:
        root.add(_WARNING, "Missing Bundle Media Type")
    elif not version:
        root.add(_WARNING, "Unrecognized Media Type")
    if bundle.material is None:
        root.add(_WARNING, "Missing Verification Material")
    else:
        _add_material(root.add("Verification Material"), bundle.material, version, names)
    if bundle.content is None:
        root.add(_WARNING, "Missing Content")
    elif isinstance(bundle.content, LooseEnvelope):
        hint = bundle.material.hint if bundle.material is not None and bundle.material.kind == "publicKey" else None
        _add_envelope(root.add("Content"), bundle.content, hint)
    else:
        _add_message(root.add("Content"), bundle.content)
    return root


def _add_material(node: Node, material: LooseMaterial, version: int, names: ServiceNames) -> None:
    if material.kind == "certificate":
        below = node.add("Content", "X.509 Certificate")
        if material.certificates_der[0]:
            add_certificate(below, material.certificates_der[0], names)
        else:
            below.add(_WARNING, "Certificate raw_bytes is empty")
        if 0 < version < 3:
            below.add(_WARNING, "v0.1/v0.2 bundle should use certificate chain, not single certificate")
    elif material.kind == "x509CertificateChain":
        _add_chain(node.add("Content", "X.509 Certificate Chain"), material.certificates_der, version, names)
    elif material.kind == "publicKey":
        below = node.add("Content", "Public Key Identifier")
        if material.hint:
            below.add("Hint", _hint(material.hint))
        else:
            below.add(_WARNING, "Public key hint is empty")
    else:
        node.add(_WARNING, "Missing Verification Material Content (must be certificate, chain, or public key)")
    if material.entries:
        below = node.add("Transparency Log Entries", str(len(material.entries)))
        for at, entry in enumerate(material.entries):
            _add_entry(below.add(f"Entry [{at}]"), entry, version, names)
    if material.timestamps is not None:
        below = node.add("Timestamp Verification Data")
        below.add("RFC3161 Timestamps", str(len(material.timestamps)))
        for at, stamp in enumerate(material.timestamps):
            _add_timestamp(below.add(f"Timestamp [{at}]"), stamp)


def _add_chain(node: Node, chain_der: tuple[bytes, ...], version: int, names: ServiceNames) -> None:
    if chain_der:
        node.add("Certificates", str(len(chain_der)))
        for at, der in enumerate(chain_der):
            add_certificate(node.add(f"Certificate [{at}]"), der, names)
    else:
        node.add(_WARNING, "Certificate chain is empty")
    if version >= 3:
        node.add(_WARNING, "v0.3 bundle should use single certificate, not chain")


def _hint(text: str) -> str:
    """In hex what is base64; anything else as it is."""
    try:
        return decode_b64(text, what="hint").hex()
    except MalformedError:
        return text


def _add_entry(node: Node, entry: LooseEntry, version: int, names: ServiceNames) -> None:
    node.add("Log Index", str(entry.log_index))
    if entry.log_id is not None:
        url = names.transparency_logs.get(entry.log_id)
        node.add("Log URL" if url else "Log ID", url or entry.log_id.hex())
    if entry.kind_version is not None:
        node.add("Kind", entry.kind_version[0])
        node.add("Version", entry.kind_version[1])
    node.add("Integrated Time", _seconds(entry.integrated_at))
    if entry.promise is not None:
        node.add("Inclusion Promise").add("Signed Entry Timestamp", present(entry.promise))
    if entry.proof is not None:
        below = node.add("Inclusion Proof")
        below.add("Log Index", str(entry.proof.log_index))
        below.add("Tree Size", str(entry.proof.tree_size))
        below.add("Hashes", str(len(entry.proof.hashes)))
        if entry.proof.checkpoint is not None:
            _add_checkpoint(below.add("Checkpoint"), entry.proof.checkpoint)
    if entry.body:
        node.add("Canonicalized Body", present(entry.body))
    if version == 1 and entry.promise is None:
        node.add(_WARNING, "v0.1 bundle tlog entry MUST contain an inclusion promise")
    if version >= 2 and entry.proof is None:
        node.add(_WARNING, f"v0.{version} bundle tlog entry MUST contain an inclusion proof")


def _seconds(seconds: int) -> str:
    if not seconds:
        return "0 (Not set)"
    try:
        return go_seconds(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _add_checkpoint(node: Node, source: str) -> None:
    try:
        note, checkpoint = parse_signed_checkpoint(source)
    except MalformedError:
        node.add("Envelope", present(source.encode()))
        return
    node.add("Origin", checkpoint.origin)
    node.add("Tree Size", str(checkpoint.size))
    if checkpoint.extensions:
        below = node.add("Other Content", f"{len(checkpoint.extensions)} lines")
        for at, line in enumerate(checkpoint.extensions):
            below.add(f"[{at}]", line)
    below = node.add("Witnesses", str(len(note.signatures)))
    for item in note.signatures:
        below.add(item.name, f"Signature {present(item.signature)}")


def _add_timestamp(node: Node, stamp: bytes) -> None:
    try:
        token = parse_response(stamp)
    except MalformedError:
        return
    node.add("Time", go_seconds(token.gen_time))
    node.add("Hash Algorithm", _HASHES.get(len(token.imprint), token.hash_oid))
    node.add("Message Imprint", present(token.imprint))
    node.add("Serial Number", str(token.serial))
    node.add("Policy", token.policy)


def _add_envelope(node: Node, envelope: LooseEnvelope, hint: str | None) -> None:
    node.add("Type", "DSSE Envelope")
    node.add("Payload Type", envelope.payload_type)
    node.add("Payload", present(envelope.payload))
    if envelope.payload_type == _IN_TOTO:
        _add_statement(node, envelope.payload)
    below = node.add("Signatures", str(len(envelope.signatures)))
    if len(envelope.signatures) != 1:
        node.add(_WARNING, "DSSE envelope MUST contain only one signature")
    for at, (signature, keyid) in enumerate(envelope.signatures):
        item = below.add(f"Signature [{at}]")
        item.add("Signature", present(signature))
        if keyid:
            item.add("Key Hint", _hint(keyid))
            if hint is not None and hint != keyid:
                item.add(_WARNING, "Key hint mismatch with Verification Material")


def _add_statement(node: Node, payload: bytes) -> None:
    """What a statement is about; read as loosely as Cosign does, for nothing depends on it."""
    try:
        statement = json.loads(payload)
    except (ValueError, RecursionError):
        return
    if not isinstance(statement, dict):
        return
    below = node.add("Payload Content (in-toto)")
    if isinstance(statement.get("predicateType"), str):
        below.add("Predicate Type", statement["predicateType"])
    subjects = statement.get("subject")
    if isinstance(subjects, list):
        listed = below.add("Subjects", str(len(subjects)))
        for subject in subjects:
            if isinstance(subject, dict) and isinstance(subject.get("name"), str):
                listed.add("Name", subject["name"])


def _add_message(node: Node, message: LooseMessage) -> None:
    node.add("Type", "Message Signature")
    if message.digest is not None:
        below = node.add("Message Digest")
        below.add("Algorithm", message.digest[0])
        below.add("Digest", present(message.digest[1]))
    node.add("Signature", present(message.signature))
